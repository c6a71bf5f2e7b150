// Proves that a gateway comes to serve the newest document whether it is told or not, one version
// at a time and in order, and that a switch that fails is tried again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DOCUMENT_CHANNEL,
  decodeMessage,
  encodeMessage,
  type SwitchAnswer,
} from '../../../src/control/channels.ts';
import { readDocument, writeDocument } from '../../../src/control/document/document-record.ts';
import { DocumentWatch } from '../../../src/gateway/document-watch.ts';
import { type Log, silentLog } from '../../../src/log/log.ts';
import { MemoryRecordsWorld } from '../../doubles/memory-records-world.ts';
import { clusterDocument } from '../../support/cluster-document.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const document = clusterDocument({});

async function world(
  serve?: (version: number) => Promise<void>,
  whole = () => true,
  log: Log = silentLog,
) {
  const clock = new VirtualClock();
  const records = new MemoryRecordsWorld({ clock, random: new SeededRandom(1) });
  const [own, tool] = [await records.open('g'), await records.open('tool')];
  const served: number[] = [];
  const watch = new DocumentWatch({
    records: own,
    clock,
    log,
    read: () => readDocument(own),
    unserved: () => ({ count: 0, disks: [] }),
    serve: async ({ version }) => {
      await serve?.(version);
      served.push(version);
      return whole();
    },
  });
  const commit = async (expected: number) => (await writeDocument(tool, expected, document)) ?? 0;
  const ask = async (version: number) => {
    const result = await tool.notify(DOCUMENT_CHANNEL, encodeMessage({ version }), 1000);
    return result.answers.map(({ payload }) => decodeMessage<SwitchAnswer>(payload)?.version);
  };
  return { clock, records, own, watch, served, commit, ask };
}

test('a notification is answered when its version is served', async () => {
  const { watch, served, commit, ask } = await world();
  const first = await commit(0);
  await watch.open();
  assert.deepEqual(served, [first]);
  const second = await commit(first);
  assert.deepEqual(await ask(second), [second]);
  assert.deepEqual(served, [first, second]);
  assert.deepEqual(await ask(first), [second], 'an old question changes nothing');
  await watch.close();
});

test('nothing is served before it is opened, whoever names a version', async () => {
  const { clock, watch, served, commit } = await world();
  const first = await commit(0);
  watch.follow(first);
  await clock.advance(10_000);
  assert.deepEqual(served, []);
  await watch.open();
  assert.deepEqual(served, [first]);
  await watch.close();
});

test('a change of which nobody told is found by reading', async () => {
  const { clock, watch, served, commit } = await world();
  const first = await commit(0);
  await watch.open();
  const second = await commit(first);
  assert.deepEqual(served, [first]);
  await clock.advance(5_000);
  assert.deepEqual(served, [first, second]);
  await watch.close();
  assert.equal(clock.pending, 0);
});

test('a watch that was lost is taken again, with a reading', async () => {
  const { clock, records, own, watch, served, commit, ask } = await world();
  const first = await commit(0);
  await watch.open();
  const second = await commit(first);
  records.loseWatches(own.self);
  await clock.advance(1_000);
  assert.deepEqual(served, [first, second]);
  const third = await commit(second);
  assert.deepEqual(await ask(third), [third]);
  await watch.close();
});

test('versions are served one at a time and in order, and those between may be passed over', async () => {
  let underWay = 0;
  const gates: (() => void)[] = [];
  const { watch, served, commit, ask } = await world(async (version) => {
    assert.equal(++underWay, 1);
    if (version > 1) await new Promise<void>((go) => gates.push(go));
    underWay--;
  });
  const first = await commit(0);
  await watch.open();
  const second = await commit(first);
  const asked = [ask(second)];
  await settle();
  const third = await commit(second);
  const fourth = await commit(third);
  asked.push(ask(third), ask(fourth));
  await settle();
  while (gates.length > 0) {
    gates.shift()?.();
    await settle();
  }
  assert.deepEqual(await Promise.all(asked), [[second], [fourth], [fourth]]);
  assert.deepEqual(served, [first, second, fourth]);
  await watch.close();
});

test('a switch that fails leaves the version served, and is tried again', async () => {
  let portalFree = false;
  const { clock, watch, served, commit, ask } = await world(async (version) => {
    if (version > 1 && !portalFree) throw new Error('a portal is in use');
  });
  const first = await commit(0);
  await watch.open();
  const second = await commit(first);
  const asked = ask(second);
  await clock.advance(1_000);
  assert.deepEqual(await asked, [first]);
  assert.equal(watch.version, first);
  portalFree = true;
  await clock.advance(5_000);
  assert.deepEqual(served, [first, second]);
  await watch.close();
});

test('a version of which a disk did not open is served again until all is there', async () => {
  let whole = false;
  const { clock, watch, served, commit } = await world(undefined, () => whole);
  const first = await commit(0);
  await watch.open();
  await clock.advance(5_000);
  assert.deepEqual(served, [first, first]);
  whole = true;
  await clock.advance(10_000);
  assert.deepEqual(served, [first, first, first], 'once more, and then it is whole');
  await watch.close();
});

test('a document that cannot be followed for an hour is two lines a minute at most', async () => {
  const lines: string[] = [];
  const log = { ...silentLog, write: (event: string) => void lines.push(event) };
  let isSilent = false;
  const serve = async () => {
    if (isSilent) throw new Error('no answer');
  };
  const { clock, watch, commit } = await world(serve, () => true, log);
  const first = await commit(0);
  await watch.open();
  isSilent = true;
  await commit(first);
  for (let minute = 0; minute < 60; minute += 1) await clock.advance(60_000);
  assert.ok(lines.length > 0 && lines.length <= 2 * 60, `${lines.length} lines`);
  await watch.close();
});
