// Proves copies by tokens as Windows makes them: POPULATE TOKEN, RECEIVE ROD TOKEN INFORMATION and
// WRITE USING TOKEN, through one gateway and from one to another.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlockRun } from '../../../../src/scsi/block-range.ts';
import type { IdentifiedCopies } from '../../../../src/scsi/copy/identified-copies.ts';
import type { LogicalUnit } from '../../../../src/scsi/logical-unit.ts';
import { encodeLun } from '../../../../src/scsi/lun.ts';
import type { LunMap, Nexus } from '../../../../src/scsi/nexus.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { copyManagerOf } from '../../../support/copy-managers.ts';
import { type GatedVolume, stored } from '../../../support/gated-volume.ts';
import { identityOf } from '../../../support/nexus-names.ts';
import { ScsiBench, type TestTask } from '../../../support/scsi-bench.ts';
import {
  populateList,
  tokenCdb,
  tokenInformationCdb,
  writeTokenList,
  zeroToken,
} from '../../../support/token-lists.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const BLOCKS = 4 * 8192;
const POPULATE = 0x10;
const WRITE = 0x11;

/** Two gateways of one cluster over the same two disks. */
class TokenBench {
  readonly bench: ScsiBench;
  readonly source: LogicalUnit;
  readonly sourceVolume: GatedVolume;
  readonly destinationVolume: GatedVolume;
  readonly luns: LunMap;
  readonly nexus: Nexus;
  /** Through the other gateway. */
  readonly otherPath: Nexus;

  static async open(options: { readOnly?: boolean } = {}): Promise<TokenBench> {
    const clock = new VirtualClock();
    const gateways: IdentifiedCopies[] = [];
    const copyManager = copyManagerOf(clock, gateways);
    const bench = await ScsiBench.open({ clock, copyManager, blocks: BLOCKS });
    const other = await bench.openUnit(16, { blocks: BLOCKS, ...options });
    const second = await ScsiBench.open({ clock, copyManager: copyManagerOf(clock, gateways) });
    return new TokenBench(bench, other, second);
  }

  private constructor(
    bench: ScsiBench,
    other: { logicalUnit: LogicalUnit; volume: GatedVolume },
    second: ScsiBench,
  ) {
    this.bench = bench;
    this.source = bench.logicalUnit;
    this.sourceVolume = bench.volume;
    this.destinationVolume = other.volume;
    this.luns = new Map([
      [0, bench.logicalUnit],
      [1, other.logicalUnit],
    ]);
    this.nexus = bench.openNexus(this.luns);
    this.otherPath = second.openNexus(this.luns);
  }

  async populate(ranges: readonly BlockRun[], listId = 1, timeoutS = 0): Promise<TestTask> {
    const data = populateList(ranges, timeoutS);
    return await this.ended(
      this.bench.send(tokenCdb(POPULATE, listId, data.length), { data }, this.nexus),
    );
  }

  async information(listId: number, lun = 0, nexus = this.nexus): Promise<TestTask> {
    const options = { lun, dataInExpected: 1024 };
    return await this.bench.perform(tokenInformationCdb(listId), options, nexus);
  }

  /** The token of these ranges of LUN 0. */
  async token(ranges: readonly BlockRun[], timeoutS = 0): Promise<Uint8Array> {
    assert.equal((await this.populate(ranges, 1, timeoutS)).status, Status.good);
    const { dataIn } = await this.information(1);
    assert.equal(dataIn.length, 32 + 4 + 514);
    return dataIn.slice(38);
  }

  write(
    token: Uint8Array,
    ranges: readonly BlockRun[],
    { lun = 1, listId = 2, offset = 0, nexus = this.nexus } = {},
  ): TestTask {
    const data = writeTokenList(token, ranges, offset);
    return this.bench.send(tokenCdb(WRITE, listId, data.length), { lun, data }, nexus);
  }

  async ended(task: TestTask): Promise<TestTask> {
    while (task.ends.length === 0) await this.bench.clock.advance(1);
    return task;
  }
}

const pattern = (blocks: number) => new Uint8Array(blocks * 512).map((_, i) => (i % 509) % 251);
const u32 = (bytes: Uint8Array, at: number) => Buffer.from(bytes).readUInt32BE(at);

test('a token that one gateway made is asked for and used through the other', async () => {
  const tokens = await TokenBench.open();
  await tokens.sourceVolume.write(8 * 512, [pattern(300)]);
  await tokens.destinationVolume.write(0, [new Uint8Array(1024 * 512).fill(0xee)]);
  const made = await tokens.populate([
    { lba: 200, blocks: 300 },
    { lba: 0, blocks: 200 },
  ]);
  assert.equal(made.status, Status.good);
  const { dataIn } = await tokens.information(1, 0, tokens.otherPath);
  const ranges = [
    { lba: 600, blocks: 100 },
    { lba: 10, blocks: 350 },
  ];
  const options = { nexus: tokens.otherPath, offset: 50 };
  const written = tokens.write(dataIn.slice(38), ranges, options);
  assert.equal((await tokens.ended(written)).status, Status.good);
  const source = await stored(tokens.sourceVolume, 0, 500);
  const row = Buffer.concat([source.subarray(200 * 512), source.subarray(0, 200 * 512)]);
  const expected = new Uint8Array(1024 * 512).fill(0xee);
  expected.set(row.subarray(50 * 512, 150 * 512), 600 * 512);
  expected.set(row.subarray(150 * 512, 500 * 512), 10 * 512);
  assert.deepEqual(await stored(tokens.destinationVolume, 0, 1024), expected);
  assert.ok(tokens.destinationVolume.log.some((line) => line.startsWith('unmap')));
});

test('the answer to RECEIVE ROD TOKEN INFORMATION is what Windows checks', async () => {
  const tokens = await TokenBench.open();
  await tokens.populate([{ lba: 5, blocks: 7 }]);
  const { dataIn } = await tokens.information(1);
  assert.equal(u32(dataIn, 0), dataIn.length - 4);
  assert.deepEqual([...dataIn.subarray(4, 6)], [POPULATE, 0x01]);
  // In units of logical blocks; no segments.
  assert.equal(dataIn[15], 0xf1);
  assert.deepEqual([...dataIn.subarray(16, 26)], [0, 0, 0, 0, 0, 0, 0, 7, 0, 0]);
  assert.equal(u32(dataIn, 32), 514);
  assert.deepEqual([...dataIn.subarray(36, 46)], [0, 0, 0, 1, 0, 0, 0, 0, 0x01, 0xf8]);
  await tokens.ended(tokens.write(dataIn.slice(38), [{ lba: 0, blocks: 6 }]));
  const after = (await tokens.information(2, 1)).dataIn;
  assert.deepEqual([...after.subarray(4, 6)], [WRITE, 0x01]);
  assert.deepEqual([...after.subarray(16, 26)], [0, 0, 0, 0, 0, 0, 0, 6, 0, 0]);
  assert.equal(u32(after, 32), 0);
  assert.equal(after.length, 36);
});

test('an unknown identifier, and that of another initiator, are refused', async () => {
  const tokens = await TokenBench.open();
  await tokens.token([{ lba: 0, blocks: 1 }]);
  assert.equal((await tokens.information(9)).condition, '5/2400');
  assert.equal((await tokens.information(1, 1)).condition, '5/2400');
  const other = tokens.bench.openNexus(tokens.luns, identityOf('other', 1));
  assert.equal((await tokens.information(1, 0, other)).condition, '5/2400');
});

test('a token tells nothing of a disk that its user does not reach', async () => {
  const tokens = await TokenBench.open();
  const token = await tokens.token([{ lba: 0, blocks: 8 }]);
  const alone = tokens.bench.openNexus(new Map([[1, tokens.luns.get(1)!]]), identityOf('other', 1));
  const written = await tokens.ended(
    tokens.write(token, [{ lba: 0, blocks: 8 }], { nexus: alone }),
  );
  assert.equal(written.condition, '5/2304');
});

test('a token that expired, or was changed, writes nothing', async () => {
  const tokens = await TokenBench.open();
  const token = await tokens.token([{ lba: 0, blocks: 8 }], 2);
  const forged = token.slice();
  forged[200]! ^= 1;
  const ranges = [{ lba: 0, blocks: 8 }];
  assert.equal((await tokens.ended(tokens.write(forged, ranges))).condition, '5/2305');
  await tokens.bench.clock.advance(2000);
  assert.equal((await tokens.ended(tokens.write(token, ranges))).condition, '5/2307');
  assert.deepEqual(tokens.destinationVolume.log, []);
});

test('a token refers to the data at its use: access upon reference', async () => {
  const tokens = await TokenBench.open();
  await tokens.sourceVolume.write(0, [new Uint8Array(512).fill(1)]);
  const token = await tokens.token([{ lba: 0, blocks: 1 }]);
  await tokens.sourceVolume.write(0, [new Uint8Array(512).fill(2)]);
  await tokens.ended(tokens.write(token, [{ lba: 0, blocks: 1 }]));
  assert.deepEqual(await stored(tokens.destinationVolume, 0, 1), new Uint8Array(512).fill(2));
});

test('the token of zeros makes holes', async () => {
  const tokens = await TokenBench.open();
  await tokens.destinationVolume.write(0, [new Uint8Array(64 * 512).fill(9)]);
  const ranges = [
    { lba: 40, blocks: 10 },
    { lba: 3, blocks: 5 },
  ];
  const written = await tokens.ended(tokens.write(zeroToken(), ranges));
  assert.equal(written.status, Status.good);
  const expected = new Uint8Array(64 * 512).fill(9).fill(0, 40 * 512, 50 * 512);
  expected.fill(0, 3 * 512, 8 * 512);
  assert.deepEqual(await stored(tokens.destinationVolume, 0, 64), expected);
  assert.equal(u32((await tokens.information(2, 1)).dataIn, 20), 15);
});

test('a destination that is read-only is told like that of a WRITE', async () => {
  const tokens = await TokenBench.open({ readOnly: true });
  const token = await tokens.token([{ lba: 0, blocks: 1 }]);
  for (const each of [token, zeroToken()]) {
    const written = await tokens.ended(tokens.write(each, [{ lba: 0, blocks: 1 }]));
    assert.equal(written.condition, '7/2700');
  }
});

test('reservations of others forbid making a token, and reading the source of one', async () => {
  const tokens = await TokenBench.open();
  const { bench } = tokens;
  const token = await tokens.token([{ lba: 0, blocks: 1 }]);
  const other = bench.openNexus(tokens.luns, identityOf('other', 1));
  await bench.perform([0x16, 0, 0, 0, 0, 0], { lun: 0 }, other);
  assert.equal((await tokens.populate([{ lba: 0, blocks: 1 }], 5)).status, 0x18);
  const written = await tokens.ended(tokens.write(token, [{ lba: 0, blocks: 1 }]));
  assert.equal(written.condition, 'a/0d01');
  await bench.perform([0x16, 0, 0, 0, 0, 0], { lun: 1 }, other);
  const zeros = await tokens.ended(tokens.write(zeroToken(), [{ lba: 0, blocks: 1 }]));
  assert.equal(zeros.status, 0x18);
});

test('a failing source tells the blocks that were written', async () => {
  const tokens = await TokenBench.open();
  tokens.destinationVolume.copies = false;
  await tokens.sourceVolume.write(0, [pattern(100)]);
  const token = await tokens.token([
    { lba: 0, blocks: 10 },
    { lba: 50, blocks: 10 },
  ]);
  tokens.destinationVolume.shut = true;
  const write = tokens.write(token, [{ lba: 0, blocks: 20 }]);
  while (tokens.destinationVolume.held < 1) await tokens.bench.clock.advance(1);
  tokens.sourceVolume.fault = { status: 'readError' };
  tokens.destinationVolume.shut = false;
  tokens.destinationVolume.releaseAll();
  assert.equal((await tokens.ended(write)).condition, 'a/0d01');
  assert.equal(u32(write.sense!, 3), 10);
  const { dataIn } = await tokens.information(2, 1);
  assert.equal(dataIn[5], 0x02);
  assert.equal(u32(dataIn, 20), 10);
  assert.deepEqual(dataIn.subarray(32, 32 + dataIn[13]!), write.sense);
});

test('ABORT TASK of the write waits for its steps, and none comes later', async () => {
  const tokens = await TokenBench.open();
  const { destinationVolume, bench, nexus } = tokens;
  await tokens.sourceVolume.write(0, [pattern(BLOCKS)]);
  const token = await tokens.token([{ lba: 0, blocks: BLOCKS }]);
  destinationVolume.shut = true;
  const write = tokens.write(token, [{ lba: 0, blocks: BLOCKS }]);
  while (destinationVolume.held < 4) await bench.clock.advance(1);
  const abort = nexus.manage({
    function: 'abortTask',
    lun: encodeLun(1),
    referencedTag: write.tag,
  });
  let answered = false;
  void Promise.resolve(abort).then(() => {
    answered = true;
  });
  await bench.clock.advance(5);
  assert.equal(answered, false);
  destinationVolume.releaseAll();
  assert.deepEqual(await abort, { response: 'functionComplete' });
  const { length } = destinationVolume.log;
  await bench.clock.advance(100);
  assert.equal(destinationVolume.log.length, length);
  assert.equal(nexus.outstanding, 0);
  assert.equal((await tokens.information(2, 1)).dataIn[5], 0x60);
});

test('an identifier in use is refused', async () => {
  const tokens = await TokenBench.open();
  await tokens.sourceVolume.write(0, [pattern(1)]);
  const token = await tokens.token([{ lba: 0, blocks: 1 }]);
  tokens.destinationVolume.shut = true;
  const ranges = [{ lba: 0, blocks: 1 }];
  const first = tokens.write(token, ranges);
  while (tokens.destinationVolume.held < 1) await tokens.bench.clock.advance(1);
  assert.equal((await tokens.ended(tokens.write(token, ranges))).condition, 'b/0016');
  assert.equal((await tokens.information(2, 1)).dataIn[5], 0x11);
  tokens.destinationVolume.releaseAll();
  assert.equal((await tokens.ended(first)).status, Status.good);
});
