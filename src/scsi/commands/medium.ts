import { assert } from '../../base/assert.ts';
import type { Pending } from '../../base/pending.ts';
import { DONE, type VolumeResult } from '../../volume/volume.ts';
import type { CommandCall } from '../command.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import { Read6 } from '../standard/sbc.ts';

/** The logical unit of a command that needs one: dispatch has checked that it exists. */
export function mediumOf(call: CommandCall): LogicalUnit {
  assert(call.logicalUnit !== undefined, 'a medium command has a logical unit');
  return call.logicalUnit;
}

/** Afterwards all acknowledged data is on the medium, not only in a volatile cache. */
export function writeCache({ volume }: LogicalUnit): Pending<VolumeResult> {
  return volume.limits.volatileCache ? volume.flush() : DONE;
}

/** LOGICAL BLOCK ADDRESS of the 6-byte CDBs: 21 bits in two pieces. */
export function lba6(cdb: Uint8Array): number {
  const high = Read6.logicalBlockAddressHigh.get(cdb);
  return high * 0x1_0000 + Read6.logicalBlockAddressLow.get(cdb);
}

/** TRANSFER LENGTH of the 6-byte CDBs, in which 0 means 256. */
export function transferLength6(cdb: Uint8Array): number {
  return Read6.transferLength.get(cdb) || 256;
}
