import type { VolumeResult, WriteOptions } from '../../volume/volume.ts';
import type { CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { conditions } from '../sense-table.ts';
import { mediumOf } from './medium.ts';

/** Bound on the attempts to change a range while others write to it. */
const TRIES_MAX = 16;

/**
 * Changes `length` bytes at `offset` in one atomic step, also against writes of other gateways:
 * `change` gets what the medium holds and overwrites it, and is called again when another write
 * came between. The range is one that the medium compares and writes. Ends ABORTED COMMAND when
 * others write to it again and again.
 */
export async function readModifyWrite(
  call: CommandCall,
  offset: number,
  length: number,
  change: (bytes: Uint8Array) => void,
  options: WriteOptions,
): Promise<VolumeResult | CommandResult> {
  const { volume } = mediumOf(call);
  const before = new Uint8Array(length);
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    // The fence of an aborted command may be over, so it must not write after it.
    if (call.isAborted) break;
    const read = await volume.read(offset, [before]);
    if (read.status !== 'done') return read;
    if (call.isAborted) break;
    const after = before.slice();
    change(after);
    const written = await volume.compareAndWrite(offset, [before], [after], options);
    if (written.status !== 'miscompare') return written;
  }
  return conditions.noAdditionalSenseInformation;
}
