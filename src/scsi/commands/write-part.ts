import type { VolumeResult, WriteOptions } from '../../volume/volume.ts';
import type { CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { fill, slice } from '../data-buffers.ts';
import { mediumOf } from './medium.ts';
import { readModifyWrite } from './read-modify-write.ts';

/**
 * Writes data that ends inside a block: an initiator whose Expected Data Transfer Length is not a
 * whole number of blocks. The rest of the last block is kept, also when others write it meanwhile:
 * the medium merges the two in one step.
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
  const merge = (block: Uint8Array): void => {
    let at = 0;
    for (const part of rest) at += fill([block.subarray(at)], part);
  };
  return await readModifyWrite(call, offset + wholeLength, blockLengthBytes, merge, options);
}
