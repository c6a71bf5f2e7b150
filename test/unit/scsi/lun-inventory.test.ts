// Proves what becomes of commands in flight when LUNs leave the map of a nexus, return, or go to
// another logical unit: one task set at each logical unit, which aborts and resets reach whole.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeLun } from '../../../src/scsi/lun.ts';
import type { Nexus, TaskManagementFunction } from '../../../src/scsi/nexus.ts';
import { conditions } from '../../../src/scsi/sense-table.ts';
import { Status } from '../../../src/scsi/status.ts';
import { ScsiBench } from '../../support/scsi-bench.ts';
import { settle } from '../../support/virtual-clock.ts';

const FLUSH = [0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const block = { data: new Uint8Array(512) };

function manage(
  nexus: Nexus,
  name: TaskManagementFunction,
  { lun = 0, tag = 0 } = {},
): { response?: string } {
  const answer: { response?: string } = {};
  const request = { function: name, lun: encodeLun(lun), referencedTag: tag };
  void Promise.resolve(nexus.manage(request)).then(({ response }) => {
    answer.response = response;
  });
  return answer;
}

/** A bench with a write in flight whose LUN has left the map. */
async function left(): Promise<{ bench: ScsiBench; write: ReturnType<ScsiBench['send']> }> {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  const write = bench.send(WRITE, { ...block, tag: 7 });
  bench.nexus.updateLuns(new Map());
  return { bench, write };
}

async function expectWaits(bench: ScsiBench, answer: { response?: string }): Promise<void> {
  await settle();
  assert.equal(answer.response, undefined, 'the medium may do the write yet');
  bench.volume.releaseAll();
  await settle();
  assert.equal(answer.response, 'functionComplete');
}

for (const name of ['abortTask', 'abortTaskSet', 'clearTaskSet', 'logicalUnitReset'] as const) {
  for (const lun of [0, 3]) {
    test(`${name} reaches what was in flight before a unit came back, at LUN ${lun}`, async () => {
      const { bench, write } = await left();
      bench.nexus.updateLuns(new Map([[lun, bench.logicalUnit]]));
      await expectWaits(bench, manage(bench.nexus, name, { lun, tag: 7 }));
      assert.deepEqual(write.ends, ['discarded']);
    });
  }
}

for (const name of ['iTNexusReset', 'targetWarmReset', 'targetColdReset'] as const) {
  test(`${name} reaches what is in flight at a LUN that left the map`, async () => {
    const { bench, write } = await left();
    await expectWaits(bench, manage(bench.nexus, name));
    assert.deepEqual(write.ends, ['discarded']);
  });
}

test('a target reset aborts no commands of others at a LUN that left the map', async () => {
  const { bench } = await left();
  const other = bench.openNexus();
  const ofOther = bench.send(WRITE, block, other);
  await expectWaits(bench, manage(bench.nexus, 'targetWarmReset'));
  assert.deepEqual(ofOther.ends, [Status.good]);
});

test('a unit that moves to another LUN has one task set; commands not begun end', async () => {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  const running = bench.send(WRITE, block);
  const dormant = bench.send(WRITE, { ...block, attribute: 'ordered' });
  bench.nexus.updateLuns(new Map([[3, bench.logicalUnit]]));
  assert.deepEqual([running.ends, dormant.condition], [[], '5/2500']);
  assert.equal(bench.send(FLUSH, { lun: 3 }).condition, '6/2900');
  assert.equal(bench.send(FLUSH, { lun: 3 }).condition, '6/3f0e');
  const ordered = bench.send(WRITE, { ...block, lun: 3, attribute: 'ordered' });
  assert.equal(ordered.state, 'dormant', 'it waits for what was sent before');
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual([running.ends, ordered.ends], [[Status.good], [Status.good]]);
});

test('a unit keeps the nexus until its last command has ended, or longer if it is back', async () => {
  const gone = await left();
  assert.equal(gone.bench.logicalUnit.nexuses.size, 1);
  gone.bench.volume.releaseAll();
  await settle();
  assert.equal(gone.bench.logicalUnit.nexuses.size, 0);
  const { bench, write } = await left();
  bench.nexus.updateLuns(new Map([[0, bench.logicalUnit]]));
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual(write.ends, [Status.good]);
  bench.logicalUnit.establish(conditions.capacityDataHasChanged);
  const told = Array.from({ length: 3 }, () => bench.send(FLUSH).condition);
  assert.deepEqual(told, ['6/2900', '6/3f0e', '6/2a09']);
});

test('LUNs that are exchanged keep the commands of each logical unit apart', async () => {
  const [bench, second] = [await ScsiBench.open(), await ScsiBench.open()];
  const { logicalUnit: a } = bench;
  const { logicalUnit: b } = second;
  bench.nexus.updateLuns(
    new Map([
      [0, a],
      [1, b],
    ]),
  );
  for (const lun of [0, 1]) while (bench.send(FLUSH, { lun }).condition !== undefined);
  bench.volume.shut = true;
  second.volume.shut = true;
  const [ofA, ofB] = [0, 1].map((lun) => bench.send(WRITE, { ...block, lun }));
  bench.nexus.updateLuns(
    new Map([
      [0, b],
      [1, a],
    ]),
  );
  const answer = manage(bench.nexus, 'abortTaskSet', { lun: 0 });
  second.volume.releaseAll();
  await settle();
  assert.deepEqual([answer.response, ofB?.ends], ['functionComplete', ['discarded']]);
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual(ofA?.ends, [Status.good]);
});
