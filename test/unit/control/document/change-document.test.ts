// Proves what `apply` does over records in memory: it commits once, makes and grows volumes and
// deletes none, keeps identities, survives a rival, waits for every gateway, and says who is late.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { Failure } from '../../../../src/base/failure.ts';
import type { ClusterDocument, DocumentDraft } from '../../../../src/config/document.ts';
import { DISKS_MAX } from '../../../../src/config/limits.ts';
import { parseDocument } from '../../../../src/config/parse.ts';
import { DOCUMENT_CHANNEL, encodeMessage } from '../../../../src/control/channels.ts';
import { SWITCH_WAIT_MAX_MS } from '../../../../src/control/document/await-switch.ts';
import { changeDocument } from '../../../../src/control/document/change-document.ts';
import {
  CHANGES_KEPT_MAX,
  keepChanges,
  refuseStale,
  VERSIONS_KEPT_MAX,
} from '../../../../src/control/document/document-changes.ts';
import { readDocument } from '../../../../src/control/document/document-record.ts';
import { MembershipStore } from '../../../../src/membership/membership-store.ts';
import type { Records } from '../../../../src/records/records.ts';
import { MemoryRecordsWorld } from '../../../doubles/memory-records-world.ts';
import { MemoryStore } from '../../../doubles/memory-volumes.ts';
import { documentDraft } from '../../../support/cluster-document.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

async function cluster() {
  const clock = new VirtualClock();
  const random = new SeededRandom(5);
  const world = new MemoryRecordsWorld({ clock, random });
  const volumes = new MemoryStore();
  const records = await world.open('tool');
  const living = async () => [];
  const membership = new MembershipStore({ records, clock, random });
  const context = { records, volumes, membership, clock, random, living };
  return { clock, world, volumes, records, context };
}

/** A gateway that serves what the record says, or stays at a version. */
async function gateway(
  world: MemoryRecordsWorld,
  name: string,
  staysAt?: number,
): Promise<Records> {
  const records = await world.open(name);
  await records.watch(DOCUMENT_CHANNEL, {
    onNotify: async () => {
      const version = staysAt ?? (await readDocument(records))?.version ?? 0;
      return encodeMessage({ version });
    },
    onLost: () => {},
  });
  return records;
}

/** Lets time pass until the promise has settled. */
async function inTime<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  const mark = () => {
    settled = true;
  };
  promise.then(mark, mark);
  for (let spent = 0; !settled && spent < 60_000; spent += 100) await clock.advance(100);
  assert.ok(settled, 'it ends');
  return await promise;
}

const one = documentDraft({ disks: [{ name: 'a', size: '1M' }] });
const portal = (port: number) => ({ address: '192.0.2.1', port });

async function sizesOf(volumes: MemoryStore) {
  return (await volumes.list()).map(({ name, sizeBytes }) => [name, sizeBytes]);
}

async function codeOf(promise: Promise<unknown>): Promise<Failure> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  return assert.fail('it was not refused');
}

test('a document is committed, and its volumes are there before anybody can serve it', async () => {
  const { world, volumes, clock, records, context } = await cluster();
  const seen: number[] = [];
  const watching = await world.open('g');
  await watching.watch(DOCUMENT_CHANNEL, {
    onNotify: async () => {
      const current = (await readDocument(watching))!;
      seen.push((await volumes.open(current.document.disks[0]!.name)).sizeBytes);
      return encodeMessage({ version: current.version });
    },
    onLost: () => {},
  });
  const { version, gateways } = await inTime(
    clock,
    changeDocument(context, () => one),
  );
  assert.deepEqual(gateways, ['g']);
  assert.equal((await readDocument(records))?.version, version);
  const grown = documentDraft({ disks: [{ name: 'a', size: '2M' }] });
  await inTime(
    clock,
    changeDocument(context, () => grown),
  );
  assert.deepEqual(seen, [2 ** 20, 2 ** 21]);
});

test('what is generated stays the same over changes, and nothing changes without a reason', async () => {
  const { context } = await cluster();
  const first = await changeDocument(context, () => one);
  const again = await changeDocument(context, () => one);
  assert.equal(again.version, first.version);
  const next = documentDraft({
    disks: [
      { name: 'b', size: '1M' },
      { name: 'a', size: '1M', readOnly: true },
    ],
    gateways: [{ name: 'g', portals: [portal(1), portal(2)] }],
  });
  const second = await changeDocument(context, () => next);
  const [before] = first.document.disks;
  const after = second.document.disks.find(({ name }) => name === 'a');
  assert.deepEqual(after, { ...before, readOnly: true });
  const moved = {
    ...next,
    gateways: [{ name: 'g', portals: [...next.gateways[0]!.portals].reverse() }],
  };
  const third = await changeDocument(context, () => moved);
  const byPort = (document: typeof second.document) =>
    new Map(document.gateways[0]!.portals.map((each) => [each.port, each]));
  assert.deepEqual(byPort(third.document), byPort(second.document));
});

test('no volume is deleted, and one that is found is taken only at its size', async () => {
  const { volumes, context } = await cluster();
  await changeDocument(context, () => one);
  const { diff } = await changeDocument(context, () => documentDraft({}));
  assert.deepEqual(
    diff.releaseDisks.map(({ name }) => name),
    ['a'],
  );
  assert.deepEqual(await sizesOf(volumes), [['a', 2 ** 20]]);
  const other = documentDraft({
    disks: [
      { name: 'a', size: '3M' },
      { name: 'b', size: '1M' },
    ],
  });
  const refusal = await codeOf(changeDocument(context, () => other));
  assert.equal(refusal.code, 'applyRefused');
  assert.match(refusal.message, /the volume of disk a has 1M, not 3M/);
  // Refused whole: the other disk is not there either.
  assert.equal((await volumes.list()).length, 1);
  await changeDocument(context, () => one);
});

test('a disk shrinks only when that is allowed', async () => {
  const { volumes, context } = await cluster();
  await changeDocument(context, () => one);
  const small = documentDraft({ disks: [{ name: 'a', size: '512K' }] });
  assert.equal((await codeOf(changeDocument(context, () => small))).code, 'applyRefused');
  await changeDocument(context, () => small, { mayShrink: true });
  assert.deepEqual(await sizesOf(volumes), [['a', 2 ** 19]]);
});

test('a volume that is larger than the document says is not cut without permission', async () => {
  const { volumes, context } = await cluster();
  await changeDocument(context, () => one);
  // As an interrupted "disk resize" leaves it, or "rbd resize" makes it.
  await volumes.resize('a', 3 * 2 ** 20);
  const two = documentDraft({ disks: [{ name: 'a', size: '2M' }] });
  const refusal = await codeOf(changeDocument(context, () => two));
  assert.equal(refusal.message, 'disk a would shrink from 3M to 2M: use "disk resize --shrink"');
  // A document that leaves its size alone is not held up by it.
  const more = documentDraft({ disks: [{ name: 'a', size: '1M', readOnly: true }] });
  await changeDocument(context, () => more);
  assert.deepEqual(await sizesOf(volumes), [['a', 3 * 2 ** 20]]);
  await changeDocument(context, () => two, { mayShrink: true });
  assert.deepEqual(await sizesOf(volumes), [['a', 2 ** 21]]);
});

test('a size that is asked for is that of the volume, too, if the document has it already', async () => {
  const { volumes, context } = await cluster();
  const { document } = await changeDocument(context, () => one);
  const asked = { resized: document.disks[0]!.uuid };
  await volumes.resize('a', 2 ** 19, { mayShrink: true });
  const { diff } = await changeDocument(context, () => one, asked);
  assert.deepEqual(diff.changes, ['resize disk a from 512K to 1M']);
  assert.deepEqual(await sizesOf(volumes), [['a', 2 ** 20]]);
  await volumes.resize('a', 2 ** 21);
  const refusal = await codeOf(changeDocument(context, () => one, asked));
  assert.equal(refusal.message, 'disk a would shrink from 2M to 1M: use "disk resize --shrink"');
  await changeDocument(context, () => one, { ...asked, mayShrink: true });
  assert.deepEqual(await sizesOf(volumes), [['a', 2 ** 20]]);
});

test('of two who grow a disk, the one who comes late cuts nothing', async () => {
  const { volumes, context } = await cluster();
  await changeDocument(context, () => one);
  const sized = (size: string) => documentDraft({ disks: [{ name: 'a', size }] });
  const list = volumes.list.bind(volumes);
  volumes.list = async () => {
    const listed = await list();
    volumes.list = list;
    await changeDocument(context, () => sized('3M'));
    return listed;
  };
  const refusal = await codeOf(changeDocument(context, () => sized('2M')));
  assert.equal(refusal.code, 'volumeWouldShrink');
  assert.deepEqual(await sizesOf(volumes), [['a', 3 * 2 ** 20]]);
});

test('what can be kept can be printed and applied; what cannot is refused before a volume is made', async () => {
  const { volumes, context } = await cluster();
  const name = (i: number, length: number) => `d${i}`.padEnd(length, 'x');
  const disks = (length: number) =>
    Array.from({ length: DISKS_MAX }, (_, i) => ({ name: name(i, length), size: '1M' }));
  const refusal = await codeOf(changeDocument(context, () => documentDraft({ disks: disks(60) })));
  assert.match(refusal.message, /the document with its generated values has 1\d{6} bytes/);
  assert.equal((await volumes.list()).length, 0);
  // The longest as text: LUN maps below initiators.
  const few = disks(4).slice(0, 64);
  const luns = Object.fromEntries(few.map((disk, lun) => [lun, disk.name]));
  const access = Array.from({ length: 1024 }, (_, i) => ({
    initiator: `iqn.2000-01.a:${i}`,
    luns,
  }));
  const target = { iqn: 'iqn.2000-01.a:t', access };
  const draft = documentDraft({ disks: few, targets: [target] });
  const { document } = await changeDocument(context, () => draft);
  const text = stringify(document);
  assert.ok(text.length > 2 ** 20 && parseDocument(text).ok);
});

test("of rivals every change is made, each on the other's", async () => {
  const { world, volumes, clock } = await cluster();
  const empty = documentDraft({});
  const rivals = ['a', 'b', 'c', 'd'].map(async (name, i) => {
    const records = await world.open(`tool-${name}`);
    const random = new SeededRandom(i);
    const membership = new MembershipStore({ records, clock, random });
    const context = { records, volumes, membership, clock, random, living: async () => [] };
    return await changeDocument(context, (current) => ({
      ...(current ?? empty),
      disks: [...(current?.disks ?? []), ...documentDraft({ disks: [{ name, size: '1M' }] }).disks],
    }));
  });
  const results = await inTime(clock, Promise.all(rivals));
  const last = results.reduce((a, b) => (a.version > b.version ? a : b));
  assert.deepEqual(last.document.disks.map(({ name }) => name).sort(), ['a', 'b', 'c', 'd']);
});

test('a volume that was made before a rival was first is used, also where volumes have ids', async () => {
  const { context } = await cluster();
  const volumes = new MemoryStore({ withIds: true });
  const added = (name: string) => (current?: ClusterDocument) => {
    const draft = documentDraft({ disks: [{ name, size: '1M' }] });
    return { ...draft, disks: [...(current?.disks ?? []), ...draft.disks] };
  };
  const names = ['a', 'b', 'c', 'd'];
  await Promise.all(names.map((name) => changeDocument({ ...context, volumes }, added(name))));
  const { document } = (await readDocument(context.records))!;
  const ids = new Map((await volumes.list()).map(({ name, id }) => [name, id]));
  assert.deepEqual(document.disks.map(({ name }) => name).sort(), names);
  for (const { name, volume } of document.disks) assert.equal(volume?.id, ids.get(name));
});

test('it waits for every gateway; one that stays behind or is stopped is named, in bounded time', async () => {
  const { world, clock, records, context } = await cluster();
  await gateway(world, 'g0');
  await gateway(world, 'behind', 0);
  const stopped = await gateway(world, 'stopped');
  world.stop(stopped.self);
  const before = clock.now();
  const refusal = await codeOf(
    inTime(
      clock,
      changeDocument(context, () => one),
    ),
  );
  assert.equal(refusal.code, 'applyIncomplete');
  assert.deepEqual([...(refusal.data['gateways'] as string[])].sort(), ['behind', 'stopped']);
  assert.ok(clock.now() - before < SWITCH_WAIT_MAX_MS + 3000);
  assert.ok(await readDocument(records), 'it is committed all the same');
});

test('a gateway that goes on within the time is waited for', async () => {
  const { world, clock, context } = await cluster();
  const slow = await gateway(world, 'slow');
  world.stop(slow.self);
  clock.after(5000, () => world.resume(slow.self));
  const { gateways } = await inTime(
    clock,
    changeDocument(context, () => one),
  );
  assert.deepEqual(gateways, ['slow']);
});

const disk = (name: string, size = '1M') => ({ name, size });

test('a document that is based on an older version is refused, with what changed since', async () => {
  const { clock, records, context } = await cluster();
  const apply = (draft: DocumentDraft) =>
    inTime(
      clock,
      changeDocument(context, () => draft),
    );
  const { version: base } = await apply(one);
  const mine = documentDraft({ basedOn: base, disks: [disk('a'), disk('mine')] });
  await apply(documentDraft({ disks: [disk('a', '2M')] }));
  const { version } = await apply(documentDraft({ disks: [disk('a', '2M'), disk('b')] }));
  const before = await readDocument(records);
  const { code, message, data } = await codeOf(apply(mine));
  assert.equal(code, 'documentStale');
  assert.match(
    message,
    /is based on version 1, but the cluster is at version 3; since then changed:/,
  );
  assert.deepEqual(data['since'], [
    { version: base + 1, changes: ['resize disk a from 1M to 2M'] },
    { version, changes: ['create disk b (1M)'] },
  ]);
  assert.deepEqual(await readDocument(records), before);
  assert.deepEqual(
    (await context.volumes.list()).map(({ name }) => name),
    ['a', 'b'],
    'no volume was made',
  );
});

test('a document that is based on the version it replaces, or on none, is applied', async () => {
  const { clock, records, context } = await cluster();
  const apply = (draft: DocumentDraft) =>
    inTime(
      clock,
      changeDocument(context, () => draft),
    );
  const backup = documentDraft({ basedOn: 40, disks: [disk('a')] });
  const { version: first, document } = await apply(backup);
  assert.ok(!('basedOn' in document), 'it is no part of what is kept');
  const next = documentDraft({ basedOn: first, disks: [disk('a'), disk('b')] });
  const { version: second } = await apply(next);
  assert.equal(
    (await apply(next)).version,
    second,
    'again: it changes nothing, so it loses nothing',
  );
  const { version: third } = await apply(documentDraft({ disks: [disk('a')] }));
  assert.equal((await readDocument(records))?.version, third);
  const ahead = documentDraft({ basedOn: third + 1, disks: [disk('c')] });
  assert.match((await codeOf(apply(ahead))).message, /made from another store/);
});

test('of two who change one version, the second is refused, however close they come', async () => {
  const { clock, world, context } = await cluster();
  const { version: basedOn } = await inTime(
    clock,
    changeDocument(context, () => one),
  );
  const others = { ...context, records: await world.open('other') };
  const drafts = ['x', 'y'].map((name) =>
    documentDraft({ basedOn, disks: [disk('a'), disk(name)] }),
  );
  const both = [context, others].map((each, i) => changeDocument(each, () => drafts[i]!));
  const results = await inTime(clock, Promise.allSettled(both));
  const codes = results.map((result) => {
    return result.status === 'fulfilled' ? 'done' : (result.reason as Failure).code;
  });
  assert.deepEqual(codes.sort(), ['documentStale', 'done']);
});

test('what many versions changed is kept within bounds, and what is not kept is said', async () => {
  const { records } = await cluster();
  const many = Array.from({ length: 4 * CHANGES_KEPT_MAX }, (_, i) => `change ${i}`);
  for (let version = 2; version <= 2 * VERSIONS_KEPT_MAX; version++) {
    if (version !== 100) await keepChanges(records, version, many);
  }
  const { data, message } = await codeOf(refuseStale(records, 1, 2 * VERSIONS_KEPT_MAX));
  const since = data['since'] as { version: number; changes?: string[] }[];
  assert.equal(since.length, VERSIONS_KEPT_MAX);
  assert.equal(since[0]!.changes?.length, CHANGES_KEPT_MAX + 1);
  assert.equal(since.find(({ version }) => version === 100)?.changes, undefined);
  assert.match(message, /earlier versions are not listed/);
  assert.match(message, /version 100: it is not known what changed/);
});
