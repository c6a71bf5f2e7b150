import type { VolumeLimits, VolumeResult, WriteOptions } from '../../volume/volume.ts';
import { DONE } from '../../volume/volume.ts';
import type { Command, CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { contiguous, slice, totalLength } from '../data-buffers.ts';
import { conditions, invalidInCdb } from '../sense-table.ts';
import { OperationCode, Orwrite16 } from '../standard/sbc.ts';
import { mediumOf } from './medium.ts';
import { readModifyWrite } from './read-modify-write.ts';
import { inSteps } from './steps.ts';
import { planWrite } from './write.ts';

/**
 * ORWRITE (16): sets each bit on the medium that is one in the data-out. No bit that another
 * initiator sets at the same time is lost, because each piece is read, changed and written in one
 * atomic step.
 */
export const orwriteCommand: Command = {
  name: Orwrite16.$.name,
  operationCode: OperationCode.orwrite16,
  cdb: Orwrite16,
  access: 'writeMedium',
  reservations: 'write',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  worksInSteps: true,
  plan: (call) => {
    const { cdb } = call.task;
    const { volume, blockLengthBytes } = mediumOf(call);
    if (volume.limits.compareAndWriteMaxBytes < blockLengthBytes) {
      return conditions.invalidOperationCode;
    }
    if (Orwrite16.orprotect.get(cdb) !== 0) return invalidInCdb(Orwrite16.orprotect);
    const lba = Orwrite16.logicalBlockAddress.get(cdb);
    return planWrite(call, lba, Orwrite16.transferLength.get(cdb), Orwrite16.transferLength);
  },
  run: (call) => {
    const { task } = call;
    const { blockLengthBytes, writesThrough } = mediumOf(call);
    const offset = Orwrite16.logicalBlockAddress.get(task.cdb) * blockLengthBytes;
    const fua = Orwrite16.fua.get(task.cdb) === 1;
    const options = { fua: fua || writesThrough };
    return inSteps(call, [{ offset, length: task.transferLength }], (at, length) => {
      const from = at - offset;
      return setBits(call, at, slice(task.dataOut, from, from + length), options);
    });
  },
};

/** Sets the bits of `from` at `offset`, piece by piece. */
async function setBits(
  call: CommandCall,
  offset: number,
  from: readonly Uint8Array[],
  options: WriteOptions,
): Promise<VolumeResult | CommandResult> {
  const { limits } = mediumOf(call).volume;
  const length = totalLength(from);
  for (let done = 0; done < length; ) {
    const pieceBytes = Math.min(length - done, atomicBytes(limits, offset + done));
    const bits = contiguous(slice(from, done, done + pieceBytes));
    const set = (bytes: Uint8Array): void => {
      for (let i = 0; i < bytes.length; i++) bytes[i]! |= bits[i]!;
    };
    const result = await readModifyWrite(call, offset + done, pieceBytes, set, options);
    if (result.status !== 'done') return result;
    done += pieceBytes;
  }
  return DONE;
}

/** How many bytes from `offset` on the medium compares and writes in one step. */
function atomicBytes(limits: VolumeLimits, offset: number): number {
  const { atomicBoundaryBytes, compareAndWriteMaxBytes } = limits;
  return Math.min(compareAndWriteMaxBytes, atomicBoundaryBytes - (offset % atomicBoundaryBytes));
}
