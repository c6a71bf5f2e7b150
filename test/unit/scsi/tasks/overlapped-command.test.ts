// Proves what becomes of commands when one comes under a tag that another has (SAM: overlapped
// commands): one status goes out, and not before nothing of the aborted ones can land; and that a
// tag is free as soon as its command has ended or was aborted.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DRAIN_MAX_MS } from '../../../../src/scsi/limits.ts';
import { encodeLun } from '../../../../src/scsi/lun.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench, type TestTaskOptions } from '../../../support/scsi-bench.ts';
import { settle } from '../../../support/virtual-clock.ts';

const READ = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const COMPARE_AND_WRITE = [0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0];
const REPORT_LUNS = [0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0];
const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
const OVERLAPPED = 'b/4e00';

const TAG = 9;
const reading = (tag: number): TestTaskOptions => ({ dataInExpected: 512, tag });
const writing = (tag: number, immediate = true): TestTaskOptions => ({
  data: new Uint8Array(512).fill(tag),
  immediate,
  tag,
});

async function shutBench(): Promise<ScsiBench> {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  return bench;
}

test('a command under the tag of another aborts the task set, and ends when that is over', async () => {
  const bench = await shutBench();
  const { nexus, volume } = bench;
  const first = bench.send(WRITE, writing(TAG));
  const others = [
    bench.send(WRITE, writing(10)),
    bench.send(WRITE, writing(11, false)),
    bench.send(READ, { ...reading(12), attribute: 'ordered' }),
  ];
  const before = volume.log.length;
  const second = bench.send(WRITE, writing(TAG));
  await settle();
  assert.deepEqual(second.ends, [], 'what was aborted may still land');
  assert.deepEqual(
    others.map(({ ends }) => ends),
    [[], ['discarded'], ['discarded']],
  );
  volume.releaseAll();
  await settle();
  assert.deepEqual([second.condition, second.ends.length], [OVERLAPPED, 1]);
  assert.deepEqual([first.ends, others[0]!.ends], [['discarded'], ['discarded']]);
  assert.equal(volume.log.length, before, 'nothing of the second was done');
  assert.equal(nexus.outstanding, 0);
  assert.equal(bench.send(WRITE, writing(TAG)).status, Status.good, 'the tag is free');
});

test('only one status goes out under one tag, even if the first is a COMPARE AND WRITE', async () => {
  const bench = await shutBench();
  const data = new Uint8Array(1024).fill(1, 512);
  const first = bench.send(COMPARE_AND_WRITE, { data, tag: TAG });
  const other = bench.send(COMPARE_AND_WRITE, { data, tag: 10 });
  const second = bench.send(READ, reading(TAG));
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual([first.ends, second.condition], [['discarded'], OVERLAPPED]);
  assert.equal(other.ends.length, 1);
  assert.notEqual(other.status, 'discarded', 'under another tag the true status goes out');
});

test('a third command under the tag is overlapped, and the second is silent', async () => {
  const bench = await shutBench();
  const tasks = [1, 2, 3, 4].map(() => bench.send(READ, reading(TAG)));
  await bench.clock.advance(1);
  assert.ok(tasks.every(({ ends }) => ends.length === 0));
  bench.volume.releaseAll();
  await settle();
  const last = tasks.pop()!;
  assert.ok(tasks.every(({ ends }) => ends.length === 1 && ends[0] === 'discarded'));
  assert.deepEqual([last.condition, bench.nexus.outstanding], [OVERLAPPED, 0]);
});

test('a write that does not end is fenced before its overlapped command is answered', async () => {
  const bench = await shutBench();
  const { clock, volume } = bench;
  volume.holdFences = true;
  const first = bench.send(WRITE, writing(TAG));
  const second = bench.send(TEST_UNIT_READY, { tag: TAG });
  await clock.advance(DRAIN_MAX_MS - 1);
  assert.equal(volume.fences, 0);
  await clock.advance(1);
  assert.deepEqual([volume.fences, second.ends], [1, []]);
  volume.endFence(true);
  await settle();
  assert.deepEqual([first.ends, second.condition], [['discarded'], OVERLAPPED]);
});

test('an aborted overlapped command gets no status, and its nexus closes in time', async () => {
  for (const end of ['abortTask', 'abortTaskSet', 'logicalUnitReset', 'close'] as const) {
    const bench = await shutBench();
    const { nexus } = bench;
    const first = bench.send(READ, reading(TAG));
    const second = bench.send(READ, reading(TAG));
    const over =
      end === 'close'
        ? nexus.close()
        : nexus.manage({ function: end, lun: encodeLun(0), referencedTag: TAG });
    await bench.clock.advance(DRAIN_MAX_MS);
    await over;
    bench.volume.releaseAll();
    await settle();
    assert.deepEqual([first.ends, second.ends], [['discarded'], ['discarded']], end);
    assert.equal(nexus.outstanding, 0, end);
  }
});

test('the overlapped command ages, and starts before anything that comes after it', async () => {
  const bench = await shutBench();
  bench.send(READ, { ...reading(10), attribute: 'ordered' });
  bench.send(READ, reading(TAG));
  const overlapped = bench.send(READ, { ...reading(TAG), attribute: 'ordered' });
  const later = bench.send(TEST_UNIT_READY, { tag: 11 });
  assert.equal(bench.nexus.age(500).runningMs, 500);
  assert.deepEqual([overlapped.ends, later.ends], [[], []]);
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual([overlapped.condition, later.status], [OVERLAPPED, Status.good]);
});

test('a tag is one of the session: the task sets of both logical units are aborted', async () => {
  const bench = await shutBench();
  const luns = new Map([
    [0, bench.logicalUnit],
    [1, bench.logicalUnit],
    [2, bench.logicalUnit],
  ]);
  bench.volume.shut = false;
  const nexus = bench.openNexus(luns);
  bench.volume.shut = true;
  const first = bench.send(WRITE, { ...writing(TAG, false), lun: 0 }, nexus);
  const beside = bench.send(WRITE, { ...writing(10, false), lun: 1 }, nexus);
  const elsewhere = bench.send(WRITE, { ...writing(11, false), lun: 2 }, nexus);
  const second = bench.send(READ, { ...reading(TAG), lun: 1 }, nexus);
  const overlapped = bench.send(REPORT_LUNS, { dataInExpected: 16, tag: 11, lun: 99 }, nexus);
  await settle();
  assert.deepEqual([first.ends, beside.ends], [['discarded'], ['discarded']]);
  assert.deepEqual([second.condition, overlapped.condition], [OVERLAPPED, OVERLAPPED]);
  assert.deepEqual([elsewhere.ends, nexus.outstanding], [['discarded'], 0]);
});

test('a tag is free when its command has ended, and when its abort is under way', async () => {
  const bench = await ScsiBench.open();
  for (let i = 0; i < 3; i++) assert.equal(bench.send(READ, reading(TAG)).status, Status.good);
  const again = bench.send(READ, reading(TAG));
  again.onEnd = () => assert.equal(bench.send(READ, reading(TAG)).status, Status.good);
  bench.volume.shut = true;
  const aborted = bench.send(READ, reading(TAG));
  const answer = bench.nexus.manage({
    function: 'abortTask',
    lun: encodeLun(0),
    referencedTag: TAG,
  });
  const next = bench.send(READ, reading(TAG));
  bench.volume.releaseAll();
  await answer;
  await settle();
  assert.deepEqual([aborted.ends, next.status], [['discarded'], Status.good]);
});

test('the tags of two nexuses have nothing to do with each other', async () => {
  const bench = await ScsiBench.open();
  const nexus = bench.openNexus();
  bench.volume.shut = true;
  const tasks = [bench.send(READ, reading(TAG)), bench.send(READ, reading(TAG), nexus)];
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual(
    tasks.map(({ status }) => status),
    [Status.good, Status.good],
  );
});
