/**
 * TASK ATTRIBUTE (SAM-5). `participant` is none that an initiator can give: the device server's own
 * part in a copy, which starts at once and holds up only what is ORDERED.
 */
export type TaskAttribute = 'simple' | 'ordered' | 'headOfQueue' | 'aca' | 'participant';

/** Room for a CDB; longer ones (XDWRITE EXTENDED and such) are refused before a task is made. */
export const CDB_LENGTH_MAX = 32;

/** The reasons for which a transport abandons a command: each is an ABORTED COMMAND condition. */
export type TransportFault =
  | 'dataPhaseError'
  | 'protocolServiceCrcError'
  | 'unexpectedUnsolicitedData'
  | 'notEnoughUnsolicitedData'
  | 'initiatorDetectedErrorMessageReceived'
  | 'nexusLoss';

/** The device server's side of a command, as its transport calls it from `submit` to `end`. */
export interface TaskOwner {
  /** All data-out that the task asked for is in `task.dataOut`. */
  dataOutArrived(): void;

  /** There is memory for the data-in that the task asked for. */
  dataInGranted(): void;

  /**
   * The transport abandons the command (for example, its data-out never arrived): it ends with this
   * ABORTED COMMAND condition, unless the medium already has it.
   */
  fail(reason: TransportFault): void;
}

/**
 * One SCSI command on its way, from the transport's command to its status. The transport extends
 * it (buffers, sequence numbers), fills the first part, hands it to `Nexus.submit`, and reuses it
 * after `end`.
 *
 * Order of calls: `submit` → `retainDataOut`? → (`requestDataOut` → `owner.dataOutArrived`)? →
 * (`requestDataIn` → `owner.dataInGranted`)? → `allocateDataIn`? → `end`.
 * `end` is called exactly once for each submitted task, unless the task was aborted without a
 * response being due; then `discard` is. Both may come synchronously from within `submit`.
 */
export abstract class Task {
  // Filled by the transport.
  /** Names the command within its nexus. */
  tag = 0;
  /** The LUN field of the command, 8 bytes, as sent (SAM-5 single or multi-level). */
  readonly lun = new Uint8Array(8);
  attribute: TaskAttribute = 'simple';
  /** The CDB, copied out of the receive buffer, zero-padded. */
  readonly cdb = new Uint8Array(CDB_LENGTH_MAX);
  cdbLength = 0;
  /** When the gateway received the command, by its clock. */
  receivedMs = 0;
  /** Bytes that the initiator is ready to send. */
  dataOutExpected = 0;
  /** Bytes that the initiator is ready to take; it may be ready for both. */
  dataInExpected = 0;

  // Filled by the device server.
  /** Set while the command is in a task set. */
  owner: TaskOwner | undefined = undefined;
  /**
   * Bytes that the CDB asks to transfer (whatever the initiator expected): the transport derives
   * the residual count and the overflow or underflow flag from it. Set before `requestDataOut`,
   * `allocateDataIn` or `end`.
   */
  transferLength = 0;
  /** Those bytes are data-in. Tells the two residual counts of a bidirectional command apart. */
  returnsData = false;

  /** The command waits for others before it starts: its data-out must stay valid until then. */
  retainDataOut(): void {}

  /**
   * The data-out that has arrived: a gather list into receive buffers, in order, whole when
   * `owner.dataOutArrived` is called. Valid until `end` or `discard`.
   */
  abstract readonly dataOut: readonly Uint8Array[];

  /**
   * Asks for the first `length` bytes of data-out (at most `dataOutExpected`). Returns true if they
   * are all there already (immediate data); else the transport solicits them and calls
   * `owner.dataOutArrived` later. Called at most once.
   */
  abstract requestDataOut(length: number): boolean;

  /**
   * Asks for memory for `length` bytes of data-in. Returns true if it is there; else the transport
   * calls `owner.dataInGranted` once it is. Called at most once, before the command runs.
   */
  requestDataIn(_length: number): boolean {
    return true;
  }

  /**
   * Room for `length` bytes of data-in (at most `dataInExpected`), as a scatter list that the
   * volume may fill in place. Contents are undefined before. Called at most once.
   */
  abstract allocateDataIn(length: number): readonly Uint8Array[];

  /**
   * Ends the command. `dataInLength`: how many of the allocated bytes are sent (0 unless
   * `allocateDataIn` was called). `sense` goes with CHECK CONDITION; it is copied.
   */
  abstract end(status: number, dataInLength: number, sense: Uint8Array | undefined): void;

  /** Drops an aborted command: nothing is sent for it; its buffers are released. */
  abstract discard(): void;
}
