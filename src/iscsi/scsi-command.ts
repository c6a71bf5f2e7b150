import type { Nexus } from '../scsi/nexus.ts';
import { CDB_LENGTH_MAX, type TaskAttribute } from '../scsi/task.ts';
import type { DataOut } from './data-out.ts';
import type { IscsiTask } from './iscsi-task.ts';
import {
  AHS_HEAD_LENGTH,
  Ahs,
  AhsType,
  BHS_LENGTH,
  BidirectionalReadAhs,
  CDB_BYTE,
  CDB_FIELD_LENGTH,
  LUN_BYTE,
  ScsiCommand,
} from './standard/bhs.ts';
import type { Pdu } from './wire/pdu.ts';

/** The parameters for unsolicited data that the login negotiated. */
interface UnsolicitedDataParameters {
  readonly immediateData: boolean;
  readonly initialR2t: boolean;
  readonly firstBurstLength: number;
}

/** Why a command is refused before it reaches the nexus. */
export type CommandFault =
  /** An additional header segment is not what its type and length say. */
  | 'malformed'
  /** Data that was not asked for, against the negotiation. */
  | 'unsolicitedData';

/**
 * Makes a command of a SCSI Command PDU: checks it against the rules of iSCSI and hands it to the
 * nexus. After a fault the task is no longer in use.
 */
export function startScsiCommand(
  task: IscsiTask,
  dataOut: DataOut,
  parameters: UnsolicitedDataParameters,
  nexus: Nexus,
  pdu: Pdu,
): CommandFault | undefined {
  fill(task, pdu);
  if (pdu.ahsLength > 0 && !readAhs(task, pdu)) {
    task.discard();
    return 'malformed';
  }
  const { bytes, base } = pdu;
  const final = ScsiCommand.final.get(bytes, base) === 1;
  if (pdu.dataLength > 0) takeImmediateData(task, pdu, final);
  if (isDataOutWrong(parameters, task, pdu, final)) {
    task.discard();
    return 'unsolicitedData';
  }
  if (!final) {
    const end = Math.min(parameters.firstBurstLength, task.dataOutExpected);
    dataOut.expectUnsolicited(task, end);
  }
  nexus.submit(task);
  return undefined;
}

function takeImmediateData(task: IscsiTask, pdu: Pdu, final: boolean): void {
  const { received } = task;
  received.invitedLength = pdu.dataLength;
  const waits = !final || pdu.dataLength < task.dataOutExpected;
  if (waits) received.gather(pdu.data, pdu.slabs);
  else received.add(pdu.data, pdu.slabs);
}

/**
 * By ATTR (RFC 7143). An untagged task is a simple one. The device server refuses the reserved
 * codes 5 to 7 as it does ACA: no ACA condition exists.
 */
const ATTRIBUTES: readonly TaskAttribute[] = [
  'simple',
  'simple',
  'ordered',
  'headOfQueue',
  ...(['aca', 'aca', 'aca', 'aca'] as const),
];

function fill(task: IscsiTask, pdu: Pdu): void {
  const { bytes, base } = pdu;
  task.tag = ScsiCommand.initiatorTaskTag.get(bytes, base);
  const lun = task.lun;
  for (let i = 0; i < 8; i++) lun[i] = bytes[base + LUN_BYTE + i]!;
  const cdb = task.cdb;
  for (let i = 0; i < CDB_FIELD_LENGTH; i++) cdb[i] = bytes[base + CDB_BYTE + i]!;
  task.cdbLength = CDB_FIELD_LENGTH;
  task.attribute = ATTRIBUTES[ScsiCommand.attribute.get(bytes, base)]!;
  const expected = ScsiCommand.expectedDataTransferLength.get(bytes, base);
  const write = ScsiCommand.write.get(bytes, base) === 1;
  const read = ScsiCommand.read.get(bytes, base) === 1;
  task.dataOutExpected = write ? expected : 0;
  // An additional header of a bidirectional command gives its bound on data-in.
  task.dataInExpected = read && !write ? expected : 0;
  task.bidirectional = read && write;
}

/** Extended CDB and bidirectional read length. False: malformed. */
function readAhs(task: IscsiTask, pdu: Pdu): boolean {
  const { bytes } = pdu;
  let at = pdu.base + BHS_LENGTH;
  const end = at + pdu.ahsLength;
  if (at === pdu.base) return false;
  while (at + 4 <= end) {
    const length = Ahs.ahsLength.get(bytes, at);
    const type = Ahs.ahsType.get(bytes, at);
    if (at + AHS_HEAD_LENGTH + length > end) return false;
    if (type === AhsType.extendedCdb) {
      // One reserved byte, then the CDB from its byte 16 on.
      const extra = length - 1;
      if (extra < 1 || CDB_FIELD_LENGTH + extra > CDB_LENGTH_MAX) return false;
      task.cdb.set(bytes.subarray(at + 4, at + 4 + extra), CDB_FIELD_LENGTH);
      task.cdbLength = CDB_FIELD_LENGTH + extra;
    } else if (type === AhsType.bidirectionalReadExpectedDataTransferLength) {
      if (length !== BidirectionalReadAhs.$.length - AHS_HEAD_LENGTH) return false;
      if (task.bidirectional) task.dataInExpected = BidirectionalReadAhs.readLength.get(bytes, at);
    }
    at += (AHS_HEAD_LENGTH + length + 3) & ~3;
  }
  return true;
}

function isDataOutWrong(
  { immediateData, initialR2t, firstBurstLength }: UnsolicitedDataParameters,
  task: IscsiTask,
  pdu: Pdu,
  final: boolean,
): boolean {
  const immediate = pdu.dataLength;
  if (immediate > task.dataOutExpected) return true;
  if (immediate > 0 && (!immediateData || immediate > firstBurstLength)) return true;
  if (final) return false;
  // More is to come, if only the F bit of a PDU without data: a write, and where that is allowed.
  const write = ScsiCommand.write.get(pdu.bytes, pdu.base) === 1;
  return initialR2t || !write;
}
