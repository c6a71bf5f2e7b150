import { assert } from '../../base/assert.ts';
import { bits, layout, u8, u32, u64 } from '../../base/bytes/layout.ts';
import type { Pending } from '../../base/pending.ts';
import { map } from '../../base/pending.ts';
import type { Extent, Volume, VolumeResult } from '../../volume/volume.ts';
import { DONE } from '../../volume/volume.ts';
import { checkRange } from '../block-range.ts';
import type { Command, CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { ALLOCATION_STEP_BYTES } from '../limits.ts';
import { answer } from '../parameter-data.ts';
import { conditions } from '../sense-table.ts';
import { GET_LBA_STATUS, GetLbaStatus, OperationCode } from '../standard/sbc.ts';
import { mediumOf } from './medium.ts';

/** LBA status descriptor (SBC). */
const LbaStatusDescriptor = layout('LBA status descriptor', 16, {
  lbaStatusLogicalBlockAddress: u64(0),
  numberOfLogicalBlocks: u32(8),
  provisioningStatus: bits(12, 3, 0),
});

/** The head of the GET LBA STATUS parameter data. */
const LbaStatusHead = layout('GET LBA STATUS parameter data', 8, {
  parameterDataLength: u32(0),
  rtp: u8(7),
});

const ProvisioningStatus = { mapped: 0x0, deallocated: 0x1 } as const;

/** Descriptors in one answer; initiators continue from where it ends. */
const DESCRIPTORS_MAX = 256;

/** Bound on the range of one answer: the medium may have to search it. */
const SPAN_MAX_BYTES = 16 * ALLOCATION_STEP_BYTES;
assert(SPAN_MAX_BYTES / 512 <= 0xffff_ffff, 'one descriptor can have the whole span');

/** GET LBA STATUS: which blocks are mapped. */
export const getLbaStatusCommand: Command = {
  name: GetLbaStatus.$.name,
  operationCode: OperationCode.serviceActionIn16,
  serviceAction: GET_LBA_STATUS,
  cdb: GetLbaStatus,
  access: 'none',
  reservations: 'read',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  plan: (call) => {
    const lba = GetLbaStatus.startingLogicalBlockAddress.get(call.task.cdb);
    const refusal = checkRange(mediumOf(call), lba, 1);
    return refusal ?? { dataOut: 0, dataIn: GetLbaStatus.allocationLength.get(call.task.cdb) };
  },
  run,
};

function run(call: CommandCall): Pending<CommandResult | VolumeResult> {
  const { task } = call;
  const { volume, blockLengthBytes, blocks } = mediumOf(call);
  const lba = GetLbaStatus.startingLogicalBlockAddress.get(task.cdb);
  const room = Math.min(task.transferLength, task.dataInExpected);
  const fitting = Math.floor((room - LbaStatusHead.$.length) / LbaStatusDescriptor.$.length);
  const descriptors = Math.max(1, Math.min(fitting, DESCRIPTORS_MAX));
  const span = Math.min((blocks - lba) * blockLengthBytes, SPAN_MAX_BYTES);
  if (span <= 0) return conditions.lbaOutOfRange;
  const from = lba * blockLengthBytes;
  assert(descriptors <= DESCRIPTORS_MAX, 'an answer has a bounded number of descriptors');
  const extents: Extent[] = [];
  const found = call.nexus.steps.run(call, {
    ranges: [{ offset: from, length: span }],
    stepBytes: ALLOCATION_STEP_BYTES,
    atOnce: 1,
    step: (at, length) => describeAllocation(volume, extents, at, length, descriptors),
  });
  return map(found, (result) => {
    if (result.status !== 'done') return result;
    const data = parameterData(toBlocks(extents, from, blockLengthBytes));
    return answer(call, data, GetLbaStatus.allocationLength.get(task.cdb));
  });
}

/** Adds the extents of a range that follows those found so far, as many as are wanted in all. */
function describeAllocation(
  volume: Volume,
  extents: Extent[],
  at: number,
  length: number,
  extentsMax: number,
): Pending<VolumeResult> {
  const last = extents.at(-1);
  // The previous step did not reach its end, or only the last extent can still be extended.
  if (last !== undefined && last.offset + last.length !== at) return DONE;
  const wanted = extentsMax - extents.length + (last === undefined ? 0 : 1);
  return volume.allocation(at, length, wanted).then((allocation) => {
    for (const extent of allocation.extents) append(extents, extent, extentsMax);
    return allocation.result;
  });
}

function append(extents: Extent[], extent: Extent, extentsMax: number): void {
  const last = extents.at(-1);
  if (last?.allocated === extent.allocated) {
    extents[extents.length - 1] = { ...last, length: last.length + extent.length };
  } else if (extents.length < extentsMax) {
    extents.push(extent);
  }
}

/**
 * Extents in whole blocks from `from` (bytes) on: the first descriptor must begin there, wherever
 * its extent begins. A block is deallocated when all of it is.
 */
function toBlocks(extents: readonly Extent[], from: number, blockLengthBytes: number): Extent[] {
  const runs: Extent[] = [];
  let at = from;
  for (const { offset, length, allocated } of extents) {
    const end = offset + length;
    const round = allocated ? Math.ceil : Math.floor;
    const blockEnd = round(end / blockLengthBytes) * blockLengthBytes;
    if (blockEnd <= at) continue;
    runs.push({ offset: at, length: blockEnd - at, allocated });
    at = blockEnd;
  }
  return runs.map(({ offset, length, allocated }) => ({
    offset: offset / blockLengthBytes,
    length: length / blockLengthBytes,
    allocated,
  }));
}

function parameterData(runs: readonly Extent[]): Uint8Array {
  assert(runs.length <= DESCRIPTORS_MAX, 'an answer has a bounded number of descriptors');
  const head = LbaStatusHead.$.length;
  const size = LbaStatusDescriptor.$.length;
  const data = new Uint8Array(head + runs.length * size);
  // PARAMETER DATA LENGTH counts what follows it.
  LbaStatusHead.parameterDataLength.set(data, data.length - 4);
  runs.forEach(({ offset, length, allocated }, i) => {
    assert(length > 0, 'a descriptor is of some blocks');
    assert(length <= 0xffff_ffff, 'NUMBER OF LOGICAL BLOCKS is four bytes');
    const at = head + i * size;
    const status = allocated ? ProvisioningStatus.mapped : ProvisioningStatus.deallocated;
    LbaStatusDescriptor.lbaStatusLogicalBlockAddress.set(data, offset, at);
    LbaStatusDescriptor.numberOfLogicalBlocks.set(data, length, at);
    LbaStatusDescriptor.provisioningStatus.set(data, status, at);
  });
  return data;
}
