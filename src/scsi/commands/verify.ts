import { firstDifference } from '../../base/bytes/first-difference.ts';
import type { Field, Layout } from '../../base/bytes/layout.ts';
import type { Pending } from '../../base/pending.ts';
import { map } from '../../base/pending.ts';
import type { VolumeResult } from '../../volume/volume.ts';
import { checkTransfer } from '../block-range.ts';
import type { Command, CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { contiguous, slice } from '../data-buffers.ts';
import { VERIFY_STEP_BYTES } from '../limits.ts';
import { transferBlocksMax } from '../limits-in-blocks.ts';
import { invalidInCdb } from '../sense-table.ts';
import { OperationCode, Verify10, Verify12, Verify16 } from '../standard/sbc.ts';
import { mediumOf } from './medium.ts';

type VerifyLayout = Layout<
  Record<'logicalBlockAddress' | 'transferLength' | 'vrprotect' | 'bytchk', Field>
>;

/** BYTE CHECK: the data that the medium is compared with. */
export const ByteCheck = {
  none: 0b00,
  /** With data-out, block by block. */
  data: 0b01,
  reserved: 0b10,
  /** With one block of data-out, again and again. */
  oneBlock: 0b11,
} as const;

/** VERIFY (10), (12) and (16). */
export const verifyCommands: readonly Command[] = [
  verify(OperationCode.verify10, Verify10),
  verify(OperationCode.verify12, Verify12),
  verify(OperationCode.verify16, Verify16),
];

function verify(operationCode: number, cdb: VerifyLayout): Command {
  return {
    name: cdb.$.name,
    operationCode,
    cdb,
    access: 'readMedium',
    reservations: 'read',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    worksInSteps: true,
    plan: (call) => {
      const bytes = call.task.cdb;
      const logicalUnit = mediumOf(call);
      if (cdb.vrprotect.get(bytes) !== 0) return invalidInCdb(cdb.vrprotect);
      const byteCheck = cdb.bytchk.get(bytes);
      if (byteCheck === ByteCheck.reserved) return invalidInCdb(cdb.bytchk);
      const lba = cdb.logicalBlockAddress.get(bytes);
      const blocks = cdb.transferLength.get(bytes);
      const blocksMax = transferBlocksMax(logicalUnit);
      const field = cdb.transferLength;
      const refusal = checkTransfer(logicalUnit, lba, blocks, blocksMax, field);
      if (refusal !== undefined) return refusal;
      const dataBlocks = byteCheck === ByteCheck.data ? blocks : Math.min(blocks, 1);
      const dataOut = byteCheck === ByteCheck.none ? 0 : dataBlocks * logicalUnit.blockLengthBytes;
      return { dataOut, dataIn: 0 };
    },
    run: (call) => {
      const bytes = call.task.cdb;
      const { blockLengthBytes } = mediumOf(call);
      const offset = cdb.logicalBlockAddress.get(bytes) * blockLengthBytes;
      const length = cdb.transferLength.get(bytes) * blockLengthBytes;
      return verifyMedium(call, offset, length, cdb.bytchk.get(bytes));
    },
  };
}

/**
 * Reads the blocks of `length` bytes, the last of which may be partial, and compares those bytes
 * with the data-out, as BYTCHK asks.
 */
export function verifyMedium(
  call: CommandCall,
  offset: number,
  length: number,
  byteCheck: number,
): Pending<VolumeResult | CommandResult> {
  const { task } = call;
  const { volume, blockLengthBytes } = mediumOf(call);
  const isOneBlock = byteCheck === ByteCheck.oneBlock;
  const pattern = isOneBlock ? contiguous(task.dataOut).subarray(0, blockLengthBytes) : undefined;
  const sent = (from: number, stepLength: number): readonly Uint8Array[] =>
    slice(task.dataOut, from, Math.min(from + stepLength, length));
  const { steps } = call.nexus;
  const step = (at: number, stepLength: number): Pending<VolumeResult> => {
    const slab = steps.buffers.take();
    const medium = slab.bytes.subarray(0, stepLength);
    return map(volume.read(at, [medium]), (result) => {
      const from = at - offset;
      const isCompared = result.status === 'done' && byteCheck !== ByteCheck.none;
      const difference = !isCompared
        ? -1
        : pattern !== undefined
          ? firstDifferenceFrom(medium, pattern)
          : firstDifference(medium.subarray(0, length - from), sent(from, stepLength));
      slab.release();
      return difference < 0 ? result : { status: 'miscompare', offset: from + difference };
    });
  };
  return steps.run(call, {
    ranges: [{ offset, length: Math.ceil(length / blockLengthBytes) * blockLengthBytes }],
    stepBytes: VERIFY_STEP_BYTES,
    atOnce: 1,
    step,
  });
}

/** Index of the first byte that differs from the repeated pattern; -1 when there is none. */
function firstDifferenceFrom(bytes: Uint8Array, pattern: Uint8Array): number {
  const rest = bytes.length - pattern.length;
  const first = firstDifference(bytes.subarray(0, pattern.length), [pattern]);
  if (first >= 0) return first;
  // Each later block must equal the one before it.
  const later = firstDifference(bytes.subarray(pattern.length), [bytes.subarray(0, rest)]);
  return later < 0 ? -1 : pattern.length + later;
}
