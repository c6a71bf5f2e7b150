import type { VolumeResult, WriteOptions } from '../../volume/volume.ts';
import type { CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { fill, slice } from '../data-buffers.ts';
import { conditions } from '../sense-table.ts';
import { mediumOf } from './medium.ts';

/** Bound on the attempts to write the last block while others change it. */
const PART_TRIES_MAX = 16;

/**
 * Writes data that ends inside a block: an initiator whose Expected Data Transfer Length is not a
 * whole number of blocks. The rest of the last block is kept, also when others write it meanwhile:
 * compareAndWrite merges the two.
 */
export async function writePart(
  call: CommandCall,
  offset: number,
  from: readonly Uint8Array[],
  length: number,
  options: WriteOptions,
): Promise<VolumeResult | CommandResult> {
  const { volume, blockLengthBytes } = mediumOf(call);
  const wholeLength = length - (length % blockLengthBytes);
  if (wholeLength > 0) {
    const result = await volume.write(offset, slice(from, 0, wholeLength), options);
    if (result.status !== 'done') return result;
  }
  const rest = slice(from, wholeLength, length);
  for (let tries = 0; tries < PART_TRIES_MAX; tries++) {
    // The fence of an aborted command may be over, so it must not write after it.
    if (call.isAborted) break;
    const before = new Uint8Array(blockLengthBytes);
    const read = await volume.read(offset + wholeLength, [before]);
    if (read.status !== 'done') return read;
    if (call.isAborted) break;
    const after = before.slice();
    let at = 0;
    for (const part of rest) at += fill([after.subarray(at)], part);
    const written = await volume.compareAndWrite(offset + wholeLength, [before], [after], options);
    if (written.status !== 'miscompare') return written;
  }
  return conditions.noAdditionalSenseInformation;
}
