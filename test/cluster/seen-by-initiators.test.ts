// Proves what an initiator sees of a disk on RBD, through both gateways: limits that are true, no
// volatile cache, large ranges unmapped and repeated, what is mapped, and a new size.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ByteWriter } from '../../src/base/bytes/byte-writer.ts';
import { storeWords } from '../../src/cli/store-options.ts';
import { BlockLimits, LogicalBlockProvisioning } from '../../src/scsi/standard/vpd.ts';
import {
  compareAndWrite,
  inquiry,
  read16,
  readCapacity16,
  testUnitReady,
  write16,
} from '../initiator/cdb.ts';
import { Initiator } from '../initiator/initiator.ts';
import type { ScsiRequest, ScsiResult } from '../initiator/scsi-exchange.ts';
import { type Demo, demoTargetName } from '../support/demo.ts';
import { demoAt, type PlacedDemo } from '../support/demo-place.ts';
import { mustRun, run } from '../support/run.ts';

const program = fileURLToPath(new URL('../../bin/allpath', import.meta.url));
const poolName = 'allpath';
const MIB = 2 ** 20;
const GRANULARITY_BYTES = 64 * 1024;
const OBJECT_BYTES = 4 * MIB;
/** The largest that the one-byte field of COMPARE AND WRITE can ask for. */
const COMPARE_AND_WRITE_BLOCKS = 255;
const powerOn = '29';
const invalidFieldInCdb = '2400';
const capacityDataHasChanged = '2a09';
const logicalBlockAddressOutOfRange = '2100';
const manualInterventionRequired = '0403';
const miscompareDuringVerify = '1d00';

/** Additional sense code and qualifier in hex; empty when GOOD. */
function condition({ status, sense }: ScsiResult): string {
  return status === 0 ? '' : sense.subarray(12, 14).toString('hex');
}

async function good(initiator: Initiator, request: ScsiRequest): Promise<Buffer> {
  const result = await initiator.execute(request);
  assert.equal(condition(result), '', Buffer.from(request.cdb).toString('hex'));
  return result.dataIn;
}

/** A session with each gateway that was told all that a new nexus is told. */
async function sessions(demo: Demo): Promise<readonly [Initiator, Initiator]> {
  const both = [0, 1].map(async (gateway) => {
    const initiator = await Initiator.connect({
      ...demo.address(gateway),
      targetName: demoTargetName,
    });
    const told = condition(await initiator.execute({ cdb: new Uint8Array(6) }));
    assert.ok(told === '' || told.startsWith(powerOn), told);
    return initiator;
  });
  return (await Promise.all(both)) as unknown as readonly [Initiator, Initiator];
}

function unmap(ranges: readonly (readonly [lba: number, blocks: number])[]): ScsiRequest {
  const list = new ByteWriter()
    .u16(6 + 16 * ranges.length)
    .u16(16 * ranges.length)
    .zeros(4);
  for (const [lba, blocks] of ranges) list.u64(lba).u32(blocks).zeros(4);
  const dataOut = Buffer.from(list.finish());
  return { cdb: new ByteWriter().u8(0x42).zeros(6).u16(dataOut.length).u8(0).finish(), dataOut };
}

function writeSame16(lba: number, blocks: number, dataOut: Buffer): ScsiRequest {
  return { cdb: new ByteWriter().u8(0x93).u8(0).u64(lba).u32(blocks).zeros(2).finish(), dataOut };
}

/** The extents that GET LBA STATUS tells: address, blocks, provisioning status. */
async function mapped(initiator: Initiator, lba: number): Promise<readonly number[][]> {
  const cdb = new ByteWriter().u8(0x9e).u8(0x12).u64(lba).u32(4096).zeros(2).finish();
  const data = await good(initiator, { cdb, dataInLength: 4096 });
  const extents: number[][] = [];
  for (let at = 8; at < data.readUInt32BE(0) + 4; at += 16) {
    extents.push([Number(data.readBigUInt64BE(at)), data.readUInt32BE(at + 8), data[at + 12]! & 7]);
  }
  return extents;
}

function cephPlace(conf: string) {
  return { conf, pool: poolName, user: 'admin', namespace: '' };
}

async function answer({ ceph }: PlacedDemo, ...words: string[]): Promise<Record<string, unknown>> {
  assert.ok(ceph !== undefined);
  const place = storeWords({ ceph: cephPlace(ceph.conf) });
  const out = await mustRun(program, [...words, ...place, '--json']);
  return JSON.parse(out) as Record<string, unknown>;
}

for (const blocks of [512, 4096] as const) {
  test(`limits are told and kept, ${blocks} byte blocks`, async () => {
    await using place = await demoAt(1, { size: '64M', blocks }, 'memstore');
    const both = await sessions(place.demo);
    for (const initiator of both) {
      const capacity = await good(initiator, { cdb: readCapacity16(), dataInLength: 32 });
      assert.equal(Number(capacity.readBigUInt64BE(0)), (64 * MIB) / blocks - 1);
      assert.equal(capacity.readUInt32BE(8), blocks);
      assert.equal(capacity[14]! & 0xc0, 0xc0, 'LBPME and LBPRZ');
      const limits = await good(initiator, { cdb: inquiry(64, 0xb0), dataInLength: 64 });
      const granularity = GRANULARITY_BYTES / blocks;
      assert.equal(BlockLimits.maximumCompareAndWriteLength.get(limits), COMPARE_AND_WRITE_BLOCKS);
      assert.equal(BlockLimits.optimalTransferLengthGranularity.get(limits), granularity);
      assert.equal(BlockLimits.optimalUnmapGranularity.get(limits), granularity);
      const thin = await good(initiator, { cdb: inquiry(64, 0xb2), dataInLength: 64 });
      assert.equal(LogicalBlockProvisioning.lbpu.get(thin), 1);
      // MODE SENSE (6) without block descriptors: the caching page's third byte has WCE.
      const cdb = Uint8Array.of(0x1a, 0x08, 0x08, 0, 64, 0);
      const caching = await good(initiator, { cdb, dataInLength: 64 });
      assert.equal(caching[4]! & 0x3f, 0x08);
      assert.equal(caching[4 + 2]! & 0x04, 0, 'WCE');
    }
    await exchangeAtTheLimits(both, blocks);
  });
}

/** COMPARE AND WRITE as long as is told, up to the end of an object, and not beyond either. */
async function exchangeAtTheLimits(
  [one, other]: readonly [Initiator, Initiator],
  blocks: number,
): Promise<void> {
  const count = COMPARE_AND_WRITE_BLOCKS;
  const length = count * blocks;
  const lba = OBJECT_BYTES / blocks - count;
  const [zeros, ones] = [Buffer.alloc(length), Buffer.alloc(length, 1)];
  const cdb = compareAndWrite(lba, count);
  await good(one, { cdb, dataOut: Buffer.concat([zeros, ones]) });
  const late = await other.execute({ cdb, dataOut: Buffer.concat([zeros, ones]) });
  assert.equal(condition(late), miscompareDuringVerify);
  const across = { cdb: compareAndWrite(lba + 1, count), dataOut: Buffer.alloc(2 * length, 1) };
  assert.equal(condition(await other.execute(across)), invalidFieldInCdb);
  const found = await good(other, { cdb: read16(lba, count), dataInLength: length });
  assert.ok(found.equals(ones), 'not what was exchanged');
}

test('large ranges are repeated, unmapped and told', async () => {
  await using place = await demoAt(1, { size: '640M' }, 'memstore');
  const [one, other] = await sessions(place.demo);
  const block = Buffer.alloc(512, 0x5a);
  const span = (16 * MIB) / 512;
  await good(one, writeSame16(span - 8, span, block));
  const tooLong = await one.execute(writeSame16(0, span + 1, block));
  assert.equal(condition(tooLong), invalidFieldInCdb);
  const ends = [span - 9, 2 * span - 9].map(async (lba) => {
    return await good(other, { cdb: read16(lba, 2), dataInLength: 1024 });
  });
  const [first, last] = await Promise.all(ends);
  assert.ok(first?.equals(Buffer.concat([Buffer.alloc(512), block])), 'the first block');
  assert.ok(last?.equals(Buffer.concat([block, Buffer.alloc(512)])), 'the last block');

  const object = OBJECT_BYTES / 512;
  assert.deepEqual((await mapped(other, 0))[0], [0, span - object, 1]);
  assert.equal((await mapped(other, span))[0]?.[2], 0);

  const whole = (512 * MIB) / 512;
  assert.equal(condition(await other.execute(unmap([[0, whole + 1]]))), '2600');
  await good(other, unmap([[0, whole]]));
  const after = await good(one, { cdb: read16(span, 8), dataInLength: 8 * 512 });
  assert.ok(after.equals(Buffer.alloc(8 * 512)), 'what was unmapped');
  assert.equal((await mapped(one, span))[0]?.[2], 1);
});

test('a disk grows and shrinks under both gateways, others come and go beside it', async () => {
  await using place = await demoAt(1, { size: '64M' }, 'memstore');
  const both = await sessions(place.demo);
  const read = { cdb: read16(0, 1), dataInLength: 512 };
  const last = (96 * MIB) / 512 - 1;
  assert.equal((await answer(place, 'disk', 'resize', 'demo', '96M'))['size'], 96 * MIB);
  for (const initiator of both) {
    assert.equal(condition(await initiator.execute(read)), capacityDataHasChanged);
    await good(initiator, read);
    const capacity = await good(initiator, { cdb: readCapacity16(), dataInLength: 32 });
    assert.equal(Number(capacity.readBigUInt64BE(0)), last);
  }
  const data = Buffer.alloc(512, 9);
  await good(both[0], { cdb: write16(last, 1), dataOut: data });
  const atTheEnd = { cdb: read16(last, 1), dataInLength: 512 };
  assert.deepEqual(await good(both[1], atTheEnd), data);

  await answer(place, 'disk', 'resize', 'demo', '64M', '--shrink');
  for (const initiator of both) {
    assert.equal(condition(await initiator.execute(read)), capacityDataHasChanged);
    assert.equal(condition(await initiator.execute(atTheEnd)), logicalBlockAddressOutOfRange);
  }

  await answer(place, 'disk', 'create', 'second', '32M');
  const names = async () => {
    const { disks } = await answer(place, 'disk', 'list');
    return (disks as { name: string }[]).map(({ name }) => name);
  };
  assert.deepEqual(await names(), ['demo', 'second']);
  await answer(place, 'disk', 'delete', 'second');
  assert.deepEqual(await names(), ['demo']);
  for (const initiator of both) await good(initiator, read);
});

test('a disk whose image was changed is not ready on any path until it is mended', async () => {
  await using place = await demoAt(1, { size: '64M' }, 'memstore');
  const both = await sessions(place.demo);
  const requests = [
    { cdb: testUnitReady() },
    { cdb: read16(0, 1), dataInLength: 512 },
    { cdb: write16(0, 1), dataOut: Buffer.alloc(512, 9) },
  ];
  const ceph = place.ceph!;
  const image = `${poolName}/demo`;
  await ceph.rbd('feature', 'enable', image, 'exclusive-lock');
  for (const initiator of both) {
    for (const request of requests) {
      assert.equal(condition(await initiator.execute(request)), manualInterventionRequired);
    }
    await good(initiator, { cdb: inquiry(36), dataInLength: 36 });
  }
  const told = await run(program, ['status', ...storeWords({ ceph: cephPlace(ceph.conf) })]);
  assert.equal(told.code, 1);
  const command = `rbd feature disable ${image} exclusive-lock`;
  assert.match(told.stdout, new RegExp(`disk demo: not served by .*, .*:\n.*\n *${command}\n`));
  const [, ...words] = command.split(' ');
  await ceph.rbd(...words);
  for (const initiator of both) for (const request of requests) await good(initiator, request);
  await answer(place, 'status');
});
