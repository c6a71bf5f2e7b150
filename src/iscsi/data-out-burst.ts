import type { TaskOwner, TransportFault } from '../scsi/task.ts';
import type { DataHold } from './data-hold.ts';
import type { DataOutBuffers } from './data-out-buffers.ts';
import { DataOut as DataOutPdu, RESERVED_TAG } from './standard/bhs.ts';
import type { Pdu } from './wire/pdu.ts';

/** A command as its data-out sees it. */
export interface DataOutCommand {
  readonly tag: number;
  readonly lun: Uint8Array;
  readonly owner: TaskOwner | undefined;
  readonly received: DataOutBuffers;
  readonly hold: DataHold;
  /** Its unsolicited burst, until that is over. */
  burst: DataOutBurst | undefined;
}

/**
 * A sequence of Data-Out PDUs that the initiator owes: unsolicited, or the answer to an R2T. It is
 * over when F is set, not when its bytes are complete: its last PDU may have no data.
 */
export interface DataOutBurst {
  /** Undefined: its command is over, and its data is dropped. */
  command: DataOutCommand | undefined;
  readonly tag: number;
  /** RESERVED_TAG for the unsolicited one. */
  readonly targetTransferTag: number;
  /** Where the next data begins, and where the burst ends, in the command's data. */
  offset: number;
  readonly end: number;
  dataSn: number;
  /** Put off by its data; while its command lives, by data of other commands too. */
  deadlineMs: number;
  /** The limit of its command; nothing that the initiator does can postpone it. */
  limitMs: number;
}

/** The fault of the next PDU of a burst; undefined if it has none. */
export function faultOf(
  pdu: Pdu,
  burst: DataOutBurst,
  intact: boolean,
): TransportFault | undefined {
  const { bytes, base } = pdu;
  if (!intact) return 'protocolServiceCrcError';
  const end = burst.offset + pdu.dataLength;
  const isUnsolicited = burst.targetTransferTag === RESERVED_TAG;
  if (end > burst.end) return isUnsolicited ? 'unexpectedUnsolicitedData' : 'dataPhaseError';
  const isAtOffset = DataOutPdu.bufferOffset.get(bytes, base) === burst.offset;
  // The offset of no data means nothing.
  if (pdu.dataLength > 0 && !isAtOffset) return 'dataPhaseError';
  if (burst.command?.received.length !== burst.offset) return 'dataPhaseError';
  if (DataOutPdu.dataSn.get(bytes, base) !== burst.dataSn) return 'dataPhaseError';
  // RFC 7143: an answer that is not as long as its R2T asked for is an incorrect amount of data.
  const isFinal = DataOutPdu.final.get(bytes, base) === 1;
  if (isFinal && !isUnsolicited && end !== burst.end) return 'notEnoughUnsolicitedData';
  return undefined;
}
