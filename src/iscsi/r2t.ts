import type { DataOutBurst, DataOutCommand } from './data-out-burst.ts';
import { FINAL_FLAG, LUN_BYTE, Opcode, R2t } from './standard/bhs.ts';
import type { PduWriter } from './wire/pdu-writer.ts';

/** Asks for the data of a burst. */
export function sendR2t(
  writer: PduWriter,
  { tag, lun }: DataOutCommand,
  { targetTransferTag, offset, end }: DataOutBurst,
  r2tSn: number,
): void {
  const region = writer.reserve(0);
  const bytes = writer.header(region, Opcode.r2t, FINAL_FLAG, 0, tag);
  const base = region.start;
  bytes.set(lun, base + LUN_BYTE);
  R2t.targetTransferTag.set(bytes, targetTransferTag, base);
  R2t.r2tSn.set(bytes, r2tSn, base);
  R2t.bufferOffset.set(bytes, offset, base);
  R2t.desiredDataTransferLength.set(bytes, end - offset, base);
  writer.sequenceNumbers(region, false);
  writer.send(region, 0);
}
