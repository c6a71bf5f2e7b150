// Proves third-party copies: what is copied, and what stops a copy at either unit.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogicalUnit } from '../../../../src/scsi/logical-unit.ts';
import { encodeLun } from '../../../../src/scsi/lun.ts';
import type { LunMap, Nexus } from '../../../../src/scsi/nexus.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { copyList, extendedCopy, type TestCopyList } from '../../../support/copy-lists.ts';
import { type GatedVolume, stored } from '../../../support/gated-volume.ts';
import { identityOf } from '../../../support/nexus-names.ts';
import { ScsiBench, type TestTask } from '../../../support/scsi-bench.ts';
import { setModes } from '../../../support/set-modes.ts';

const BLOCKS = 4096;
const MORE_BLOCKS = 4 * 8192;

interface CopyBenchOptions {
  readonly readOnly?: boolean;
  readonly blocks?: number;
  /** The media copy by themselves. */
  readonly copies?: boolean;
}

class CopyBench {
  readonly bench: ScsiBench;
  readonly source: LogicalUnit;
  readonly destination: LogicalUnit;
  readonly sourceVolume: GatedVolume;
  readonly destinationVolume: GatedVolume;
  readonly luns: LunMap;
  readonly nexus: Nexus;

  static async open(options: CopyBenchOptions = {}): Promise<CopyBench> {
    const { blocks = BLOCKS, copies = false, readOnly = false } = options;
    const bench = await ScsiBench.open({ blocks });
    const other = await bench.openUnit(16, { blocks, readOnly });
    other.volume.copies = copies;
    bench.volume.copies = copies;
    return new CopyBench(bench, other);
  }

  private constructor(bench: ScsiBench, other: { logicalUnit: LogicalUnit; volume: GatedVolume }) {
    this.bench = bench;
    this.source = bench.logicalUnit;
    this.sourceVolume = bench.volume;
    this.destination = other.logicalUnit;
    this.destinationVolume = other.volume;
    this.luns = new Map([
      [0, this.source],
      [1, this.destination],
    ]);
    this.nexus = bench.openNexus(this.luns);
  }

  get units(): Uint8Array[] {
    return [this.source.identity.naa, this.destination.identity.naa];
  }

  copy(segments: TestCopyList['segments'], nexus = this.nexus): TestTask {
    const data = copyList({ units: this.units, segments });
    return this.bench.send(extendedCopy(data.length), { data }, nexus);
  }

  async ended(task: TestTask): Promise<TestTask> {
    while (task.ends.length === 0) await this.bench.clock.advance(1);
    return task;
  }
}

for (const isByStore of [false, true]) {
  const how = isByStore ? 'by the store' : 'by reading and writing';
  test(`segments are copied from unit to unit ${how}, holes as holes`, () => copiesAll(isByStore));
  test(`a reset of the destination of a copy ${how} waits for its steps`, () => resets(isByStore));
}

async function copiesAll(isByStore: boolean): Promise<void> {
  const copies = await CopyBench.open({ copies: isByStore });
  const { sourceVolume, destinationVolume } = copies;
  const data = new Uint8Array(1500 * 512).map((_, i) => i % 251);
  await sourceVolume.write(8 * 512, [data]);
  await destinationVolume.write(0, [new Uint8Array(BLOCKS * 512).fill(0xee)]);
  const task = copies.copy([
    { source: 0, destination: 1, sourceLba: 0, destinationLba: 100, blocks: 2000 },
    { source: 0, destination: 1, sourceLba: 8, destinationLba: 3000, blocks: 10 },
  ]);
  assert.equal((await copies.ended(task)).status, Status.good);
  assert.deepEqual(await stored(destinationVolume, 108, 1500), data);
  assert.deepEqual(await stored(destinationVolume, 100, 8), new Uint8Array(8 * 512));
  assert.deepEqual(await stored(destinationVolume, 1608, 492), new Uint8Array(492 * 512));
  assert.deepEqual(await stored(destinationVolume, 2100, 1), new Uint8Array(512).fill(0xee));
  assert.deepEqual(await stored(destinationVolume, 3000, 10), data.slice(0, 10 * 512));
  assert.ok(destinationVolume.log.some((line) => line.startsWith('unmap')));
  assert.equal(
    destinationVolume.log.some((line) => line.startsWith('copyFrom')),
    isByStore,
  );
}

test('ranges that overlap within a unit are copied correctly', async () => {
  for (const [from, to] of [
    [0, 700],
    [700, 0],
    [5, 6],
  ] as const) {
    const copies = await CopyBench.open();
    const { sourceVolume } = copies;
    const data = new Uint8Array(2000 * 512).map((_, i) => (i >> 9) % 249);
    await sourceVolume.write(from * 512, [data]);
    const task = copies.copy([{ sourceLba: from, destinationLba: to, blocks: 2000 }]);
    assert.equal((await copies.ended(task)).status, Status.good);
    assert.deepEqual(await stored(sourceVolume, to, 2000), data);
  }
});

test('a segment with byte offsets copies whole blocks', async () => {
  const copies = await CopyBench.open();
  await copies.sourceVolume.write(512, [new Uint8Array(1024).fill(7)]);
  const task = copies.copy([
    { source: 0, destination: 0xffff, bytes: 1024, sourceByteOffset: 512, destinationLba: 50 },
  ]);
  assert.equal((await copies.ended(task)).status, Status.good);
  assert.deepEqual(await stored(copies.sourceVolume, 50, 2), new Uint8Array(1024).fill(7));
});

test('a unit outside the LUN map is unreachable, though the gateway serves it', async () => {
  const copies = await CopyBench.open();
  const alone = copies.bench.openNexus(new Map([[0, copies.source]]));
  const task = copies.copy([{ source: 1, destination: 0, blocks: 1 }], alone);
  assert.equal((await copies.ended(task)).condition, 'a/0804');
});

test('a destination that is read-only or reserved by others is not written to', async () => {
  const readOnly = await CopyBench.open({ readOnly: true });
  const segments = [{ source: 0, destination: 1, blocks: 4 }];
  assert.equal((await readOnly.ended(readOnly.copy(segments))).condition, 'a/0d01');

  const copies = await CopyBench.open();
  const { bench } = copies;
  const other = bench.openNexus(copies.luns, identityOf('other', 1));
  assert.equal((await bench.perform([0x16, 0, 0, 0, 0, 0], { lun: 1 }, other)).status, Status.good);
  const task = await copies.ended(copies.copy([{ blocks: 1 }, ...segments]));
  assert.equal(task.condition, 'a/0d01');
  assert.deepEqual([...task.sense!.subarray(8, 12)], [0, 0, 0, 1]);
  const writes = [...copies.destinationVolume.log, ...copies.sourceVolume.log];
  assert.deepEqual(
    writes.filter((line) => line.startsWith('write')),
    [],
  );
});

async function resets(isByStore: boolean): Promise<void> {
  const copies = await CopyBench.open({ copies: isByStore, blocks: 2 * MORE_BLOCKS });
  await copies.sourceVolume.write(0, [new Uint8Array(2 * MORE_BLOCKS * 512).fill(1)]);
  copies.destinationVolume.shut = true;
  const task = copies.copy([{ source: 0, destination: 1, bytes: 2 * MORE_BLOCKS * 512 }]);
  while (copies.destinationVolume.held < 4) await copies.bench.clock.advance(1);
  const reset = copies.bench.openNexus(copies.luns, identityOf('other', 1)).manage({
    function: 'logicalUnitReset',
    lun: encodeLun(1),
    referencedTag: 0,
  });
  let answered = false;
  void Promise.resolve(reset).then(() => {
    answered = true;
  });
  await copies.bench.clock.advance(5);
  assert.equal(answered, false);
  copies.destinationVolume.releaseAll();
  await reset;
  const { length } = copies.destinationVolume.log;
  assert.equal((await copies.ended(task)).condition, 'a/0d01');
  await copies.bench.clock.advance(100);
  assert.equal(copies.destinationVolume.log.length, length);
}

test('ABORT TASK of the copy waits for its steps, and none comes later', async () => {
  const copies = await CopyBench.open({ blocks: MORE_BLOCKS });
  await copies.sourceVolume.write(0, [new Uint8Array(MORE_BLOCKS * 512).fill(1)]);
  copies.destinationVolume.shut = true;
  const task = copies.copy([{ source: 0, destination: 1, blocks: MORE_BLOCKS }]);
  while (copies.destinationVolume.held < 4) await copies.bench.clock.advance(1);
  const abort = copies.nexus.manage({
    function: 'abortTask',
    lun: encodeLun(0),
    referencedTag: task.tag,
  });
  let answered = false;
  void Promise.resolve(abort).then(() => {
    answered = true;
  });
  await copies.bench.clock.advance(5);
  assert.equal(answered, false);
  copies.destinationVolume.releaseAll();
  assert.deepEqual(await abort, { response: 'functionComplete' });
  const { length } = copies.destinationVolume.log;
  await copies.bench.clock.advance(100);
  assert.equal(copies.destinationVolume.log.length, length);
  assert.equal(copies.nexus.outstanding, 0);
});

test('a reset of the source, and a reservation on it, stop the copy at its next step', async () => {
  for (const isReserved of [false, true]) {
    const copies = await CopyBench.open({ blocks: MORE_BLOCKS });
    const { bench } = copies;
    await copies.sourceVolume.write(0, [new Uint8Array(MORE_BLOCKS * 512).fill(1)]);
    copies.destinationVolume.shut = true;
    const task = copies.copy([{ source: 0, destination: 1, blocks: MORE_BLOCKS }]);
    while (copies.destinationVolume.held < 4) await bench.clock.advance(1);
    const other = bench.openNexus(copies.luns, identityOf('other', 1));
    const change = isReserved
      ? bench.perform([0x16, 0, 0, 0, 0, 0], { lun: 0 }, other)
      : other.manage({ function: 'logicalUnitReset', lun: encodeLun(0), referencedTag: 0 });
    await bench.clock.advance(5);
    const { length } = copies.destinationVolume.log;
    copies.destinationVolume.releaseAll();
    await change;
    assert.equal((await copies.ended(task)).condition, isReserved ? 'a/0d01' : undefined);
    assert.equal(copies.destinationVolume.log.length, length);
  }
});

test('a failing medium ends the copy with the number of the segment', async () => {
  const copies = await CopyBench.open();
  await copies.sourceVolume.write(0, [new Uint8Array(512).fill(1)]);
  copies.destinationVolume.fault = { status: 'noSpace' };
  let full = 0;
  copies.destination.onNoSpace = () => full++;
  const task = copies.copy([{ blocks: 0 }, { source: 0, destination: 1, blocks: 1 }]);
  assert.equal((await copies.ended(task)).condition, 'a/0d01');
  assert.deepEqual([...task.sense!.subarray(8, 12)], [0, 0, 0, 1]);
  assert.equal(full, 1);
});

test('a copy does not hold up other commands at its units, but an ORDERED one waits', async () => {
  const copies = await CopyBench.open();
  const { bench } = copies;
  await copies.sourceVolume.write(0, [new Uint8Array(512).fill(1)]);
  copies.destinationVolume.shut = true;
  const task = copies.copy([{ source: 0, destination: 1, blocks: 1 }]);
  while (copies.destinationVolume.held < 1) await bench.clock.advance(1);
  const ready = [0, 0, 0, 0, 0, 0];
  assert.equal(bench.send(ready, { lun: 1 }, copies.nexus).status, Status.good);
  const ordered = bench.send(ready, { lun: 1, attribute: 'ordered' }, copies.nexus);
  assert.equal(ordered.status, undefined);
  copies.destinationVolume.releaseAll();
  assert.equal((await copies.ended(task)).status, Status.good);
  assert.equal((await copies.ended(ordered)).status, Status.good);
});

test('a destination that becomes write-protected stops the copy at its next step', async () => {
  const copies = await CopyBench.open({ blocks: MORE_BLOCKS });
  const { bench, destinationVolume } = copies;
  await copies.sourceVolume.write(0, [new Uint8Array(MORE_BLOCKS * 512).fill(1)]);
  destinationVolume.shut = true;
  const task = copies.copy([{ source: 0, destination: 1, blocks: MORE_BLOCKS }]);
  while (destinationVolume.held < 4) await bench.clock.advance(1);
  setModes(copies.destination, { swp: true });
  const { length } = destinationVolume.log;
  destinationVolume.releaseAll();
  assert.equal((await copies.ended(task)).condition, 'a/0d01');
  assert.equal(destinationVolume.log.length, length);
});

test('copies whose steps land, or wait for those of others, are not stuck', async () => {
  const copies = await CopyBench.open({ blocks: MORE_BLOCKS, copies: true });
  const { bench, destinationVolume, nexus } = copies;
  await copies.sourceVolume.write(0, [new Uint8Array(MORE_BLOCKS * 512).fill(1)]);
  destinationVolume.shut = true;
  const there = { source: 0, destination: 1, blocks: MORE_BLOCKS };
  const back = { source: 1, destination: 0, blocks: 8 };
  const data = [1, 2, 3].map((listId) =>
    copyList({ listId, units: copies.units, segments: [there, back] }),
  );
  const tasks = data.map((list) => bench.send(extendedCopy(list.length), { data: list }, nexus));
  while (destinationVolume.held < 8) await bench.clock.advance(1);
  while (tasks.some(({ ends }) => ends.length === 0)) {
    assert.ok(nexus.age(20_000).runningMs <= 20_000);
    // All four of a copy, and one of the next.
    for (let step = 0; step < 5; step++) destinationVolume.release();
    await bench.clock.advance(1);
  }
  assert.deepEqual(
    tasks.map(({ status }) => status),
    [Status.good, Status.good, Status.good],
  );
});

test('a copy whose step, or whose search for holes, the medium does not end is stuck', async () => {
  for (const searches of [false, true]) {
    const copies = await CopyBench.open({ copies: true });
    const { bench, destinationVolume, nexus, sourceVolume } = copies;
    await sourceVolume.write(0, [new Uint8Array(512).fill(1)]);
    destinationVolume.shut = true;
    if (searches) sourceVolume.allocation = () => new Promise(() => {});
    copies.copy([{ source: 0, destination: 1, blocks: 1 }]);
    await bench.clock.advance(5);
    assert.equal(destinationVolume.held, searches ? 0 : 1);
    nexus.age(20_000);
    assert.equal(nexus.age(20_000).runningMs, 40_000);
  }
});
