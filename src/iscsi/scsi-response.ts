import {
  bidirectionalReadResidualOf,
  residualFlag,
  residualOf,
  type Transfer,
} from './residual.ts';
import { FINAL_FLAG, Opcode, ScsiResponse } from './standard/bhs.ts';
import type { PduWriter } from './wire/pdu-writer.ts';

/** The flags of the read residual are the same two, this many bits higher. */
const BIDIRECTIONAL_READ_SHIFT = 2;
/** The length field before the sense data. */
const SENSE_LENGTH_BYTES = 2;

interface RespondedCommand extends Transfer {
  readonly tag: number;
}

/** Queues the SCSI Response of a command; `dataInPdus` Data-In PDUs went before it. */
export function sendScsiResponse(
  writer: PduWriter,
  command: RespondedCommand,
  status: number,
  dataInLength: number,
  dataInPdus: number,
  sense: Uint8Array | undefined,
): void {
  const dataLength = sense === undefined ? 0 : sense.length + SENSE_LENGTH_BYTES;
  const region = writer.reserve(dataLength);
  const residual = residualOf(command, dataInLength);
  const readResidual = command.bidirectional
    ? bidirectionalReadResidualOf(command, dataInLength)
    : 0;
  const readFlag = residualFlag(readResidual) << BIDIRECTIONAL_READ_SHIFT;
  const flags = FINAL_FLAG | residualFlag(residual) | readFlag;
  const bytes = writer.header(region, Opcode.scsiResponse, flags, dataLength, command.tag);
  const base = region.start;
  ScsiResponse.status.set(bytes, status, base);
  ScsiResponse.expDataSn.set(bytes, dataInPdus, base);
  ScsiResponse.residualCount.set(bytes, Math.abs(residual), base);
  ScsiResponse.bidirectionalReadResidualCount.set(bytes, Math.abs(readResidual), base);
  if (sense !== undefined) {
    const at = base + writer.dataOffset;
    bytes[at] = sense.length >>> 8;
    bytes[at + 1] = sense.length;
    bytes.set(sense, at + SENSE_LENGTH_BYTES);
  }
  writer.sequenceNumbers(region, true);
  writer.send(region, dataLength, true);
}
