// Proves that logical units stay over documents, that a disk that does not open is alone left out,
// and that every volume that was opened is closed once nobody needs it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/base/failure.ts';
import { silentLog } from '../../../src/base/log.ts';
import {
  LogicalUnits,
  OPEN_WAIT_MAX_MS,
  SIZE_WAIT_MAX_MS,
} from '../../../src/gateway/logical-units.ts';
import type { OpenVolumeOptions } from '../../../src/gateway/store.ts';
import type { Volume } from '../../../src/volume/volume.ts';
import { MemoryStore } from '../../doubles/memory-volumes.ts';
import { clusterDocument } from '../../support/cluster-document.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

/** Opens volumes of memory and counts those that are open. */
class CountingStore {
  readonly volumes = new MemoryStore();
  readonly broken = new Set<string>();
  readonly silent = new Map<string, Promise<void>>();
  readonly opened: string[] = [];
  open = 0;

  async openVolume(name: string, { writethrough, ...known }: OpenVolumeOptions): Promise<Volume> {
    if (this.broken.has(name)) throw new Failure('volumeNotFound', `no volume ${name}`);
    await this.silent.get(name);
    const volume = await this.volumes.open(name, known);
    this.opened.push(writethrough ? `${name} through` : name);
    this.open++;
    const close = volume.close.bind(volume);
    volume.close = () => {
      this.open--;
      return close();
    };
    return volume;
  }
}

async function world(...names: readonly string[]) {
  const store = new CountingStore();
  for (const name of names) await store.volumes.create(name, 2 ** 20);
  const clock = new VirtualClock();
  return { store, clock, units: new LogicalUnits(store, silentLog, clock) };
}

const iqn = 'iqn.2026-11.com.example:t';

function mapping(disks: readonly object[], luns: Record<number, string>) {
  return clusterDocument({
    disks: disks.map((disk) => ({ size: '1M', ...disk })),
    targets: [{ iqn, luns, access: 'any' }],
  });
}

test("a disk of no LUN map is not opened; one of an initiator's map is", async () => {
  const { store, units } = await world('a', 'b', 'c');
  const document = clusterDocument({
    disks: ['a', 'b', 'c'].map((name) => ({ name, size: '1M' })),
    targets: [{ iqn, luns: { 0: 'a' }, access: [{ initiator: `${iqn}2`, luns: { 0: 'c' } }] }],
  });
  const prepared = await units.prepare(document);
  await prepared.release();
  assert.deepEqual(store.opened, ['a', 'c']);
  await units.close();
  assert.equal(store.open, 0);
});

test('what is not served is named with its reason, whether it does not open or cannot be used', async () => {
  const { store, units } = await world('a', 'b', 'c');
  store.broken.add('a');
  const names = ['a', 'b', 'c'];
  const document = mapping(
    names.map((name) => ({ name })),
    { 0: 'a', 1: 'b', 2: 'c' },
  );
  const { units: served, release } = await units.prepare(document);
  await release();
  const { volume } = served.get('b')!;
  Object.defineProperty(volume, 'unservable', { value: 'planted', configurable: true });
  assert.deepEqual(units.unserved, [
    { disk: 'a', reason: 'no volume a' },
    { disk: 'b', reason: 'planted' },
  ]);
  store.broken.clear();
  Object.defineProperty(volume, 'unservable', { value: undefined });
  await (await units.prepare(document)).release();
  assert.deepEqual(units.unserved, []);
  await units.close();
});

test('a volume that does not open is left out, and tried again with the next document', async () => {
  const { store, units } = await world('a', 'b');
  store.broken.add('a');
  const document = mapping([{ name: 'a' }, { name: 'b' }], { 0: 'a', 1: 'b' });
  const first = await units.prepare(document);
  await first.release();
  assert.deepEqual([[...first.units.keys()], first.whole], [['b'], false]);
  store.broken.clear();
  const second = await units.prepare(document);
  await second.release();
  assert.deepEqual([[...second.units.keys()], second.whole], [['a', 'b'], true]);
  assert.equal(second.units.get('b'), first.units.get('b'));
  await units.close();
  assert.equal(store.open, 0);
});

test('a volume that does not answer keeps no other back, and is served when it has', async () => {
  const { store, clock, units } = await world('a', 'b', 'c');
  const waits = Promise.withResolvers<void>();
  store.silent.set('a', waits.promise).set('c', waits.promise);
  const disks = ['a', 'b', 'c'].map((name) => ({ name }));
  const document = mapping(disks, { 0: 'a', 1: 'b', 2: 'c' });
  const preparing = units.prepare(document);
  await clock.advance(OPEN_WAIT_MAX_MS);
  const first = await preparing;
  await first.release();
  assert.deepEqual([[...first.units.keys()], first.whole], [['b'], false]);
  const again = await units.prepare(document);
  assert.deepEqual([...again.units.keys()], ['b'], 'it is not waited for again');
  const without = await units.prepare(mapping(disks, { 0: 'a', 1: 'b' }));
  await without.release();
  waits.resolve();
  await settle();
  const last = await units.prepare(mapping(disks, { 0: 'a', 1: 'b' }));
  await last.release();
  assert.deepEqual([[...last.units.keys()], last.whole], [['a', 'b'], true]);
  assert.deepEqual(store.opened.toSorted(), ['a', 'b', 'c'], 'each was opened once');
  assert.equal(store.open, 2, 'what nobody waited for any more was closed');
  await units.close();
  assert.equal(store.open, 0);
});

test('many volumes that do not answer delay the start hardly longer than one does', async () => {
  const names = Array.from({ length: 200 }, (_, i) => `disk${i}`);
  const { store, clock, units } = await world(...names);
  for (let i = 0; i < names.length; i += 2) store.silent.set(names[i]!, new Promise(() => {}));
  const document = mapping(
    names.map((name) => ({ name })),
    Object.fromEntries(names.map((name, lun) => [lun, name])),
  );
  let served: number | undefined;
  void units.prepare(document).then((prepared) => {
    served = prepared.units.size;
  });
  await clock.advance(OPEN_WAIT_MAX_MS / 2);
  assert.equal(store.open, names.length / 2);
  await clock.advance(OPEN_WAIT_MAX_MS);
  assert.equal(served, names.length / 2);
});

test('a unit stays when its size changes; another identity is another unit on its volume', async () => {
  const { store, units } = await world('a');
  const document = mapping([{ name: 'a' }], { 0: 'a' });
  const disk = document.disks[0]!;
  const serve = async (change: object) => {
    const next = { ...document, disks: [{ ...disk, ...change }] };
    const prepared = await units.prepare(next);
    await prepared.release();
    return prepared.units.get('a');
  };
  const first = await serve({});
  await store.volumes.resize('a', 2 ** 21);
  disk.size = 2 ** 21;
  assert.equal(await serve({}), first);
  const second = await serve({ readOnly: true });
  assert.notEqual(second, first);
  assert.equal(second?.readOnly, true);
  assert.equal(second?.volume, first?.volume);
  assert.equal((await serve({ serial: 'ANOTHER' }))?.identity.serial, 'ANOTHER');
  assert.deepEqual([store.opened, store.open], [['a'], 1]);
  const through = await serve({ writethrough: true });
  assert.notEqual(through?.volume, first?.volume);
  assert.deepEqual([store.opened, store.open], [['a', 'a through'], 1]);
  await units.close();
  assert.equal(store.open, 0);
});

test('disks that swap their names stay the units that they are, each on its volume', async () => {
  const { store, units } = await world('a', 'b');
  const document = mapping([{ name: 'a' }, { name: 'b' }], { 0: 'a', 1: 'b' });
  const [a, b] = document.disks;
  const first = await units.prepare(document);
  await first.release();
  const swapped = {
    ...document,
    disks: [
      { ...a!, name: 'b', volume: { name: 'a' } },
      { ...b!, name: 'a', volume: { name: 'b' } },
    ],
  };
  const second = await units.prepare(swapped);
  await second.release();
  assert.equal(second.units.get('a'), first.units.get('b'));
  assert.equal(second.units.get('b'), first.units.get('a'));
  assert.equal(second.units.get('b')?.identity.name, 'b');
  assert.deepEqual(store.opened, ['a', 'b'], 'nothing was opened again');
  await units.close();
  assert.equal(store.open, 0);
});

test('a name that went to another disk is another unit on another volume', async () => {
  const { store, units } = await world('a', 'b');
  const document = mapping([{ name: 'a' }], { 0: 'a' });
  const first = await units.prepare(document);
  await first.release();
  const uuid = '00000000-0000-4000-8000-000000000001';
  const [disk] = document.disks;
  const next = { ...document, disks: [{ ...disk!, uuid, volume: { name: 'b' } }] };
  const second = await units.prepare(next);
  await second.release();
  assert.notEqual(second.units.get('a')?.volume, first.units.get('a')?.volume);
  assert.deepEqual([store.opened, store.open], [['a', 'b'], 1]);
  await units.close();
});

test('a volume that is the data of another disk is not served', async () => {
  const { store, units } = await world();
  const other = { uuid: '00000000-0000-4000-8000-000000000001', wwn: 'naa.31', serial: '1' };
  await store.volumes.create('a', 2 ** 20, { disk: other });
  const { units: made, whole } = await units.prepare(mapping([{ name: 'a' }], { 0: 'a' }));
  assert.deepEqual([made.size, whole], [0, false]);
  const [unserved] = units.unserved;
  assert.equal(unserved?.disk, 'a');
  assert.match(unserved.reason, /the data of another disk, with the uuid 00000000/);
  await units.prepare(mapping([], {}));
  assert.deepEqual(units.unserved, [], 'nobody asks for it any longer');
  await units.close();
});

test('what was prepared for a document that was never served does not stay open', async () => {
  const { store, units } = await world('a', 'b');
  const first = await units.prepare(mapping([{ name: 'a' }], { 0: 'a' }));
  await first.release();
  const both = mapping([{ name: 'a' }, { name: 'b' }], { 0: 'a', 1: 'b' });
  // A portal of that version cannot be opened, say: it is tried again and again.
  for (let attempt = 0; attempt < 3; attempt++) await units.prepare(both);
  assert.equal(store.open, 2);
  const last = await units.prepare(mapping([{ name: 'a' }], { 0: 'a' }));
  assert.equal(store.open, 1);
  await last.release();
  await units.prepare(both);
  await units.close();
  assert.equal(store.open, 0);
});

test('a size that is on its way to the volume is waited for, in bounded time', async () => {
  const { store, clock, units } = await world('a');
  const served: number[] = [];
  const prepare = (size: string) =>
    units.prepare(mapping([{ name: 'a', size }], { 0: 'a' })).then(({ units: made }) => {
      served.push(made.get('a')?.volume.sizeBytes ?? 0);
    });
  const grown = prepare('2M');
  await settle();
  assert.deepEqual(served, []);
  await store.volumes.resize('a', 2 ** 21);
  await grown;
  assert.deepEqual(served, [2 ** 21]);
  const never = prepare('3M');
  await clock.advance(SIZE_WAIT_MAX_MS);
  await never;
  assert.deepEqual(served, [2 ** 21, 2 ** 21]);
  await units.close();
  assert.equal(store.open, 0);
});

test('a disk whose volume can neither be fenced nor opened again is told of, by its name', async () => {
  const { store, clock } = await world('a', 'b');
  const unfenced: string[] = [];
  const units = new LogicalUnits(store, silentLog, clock, (disk) => unfenced.push(disk));
  const prepared = await units.prepare(mapping([{ name: 'a' }, { name: 'b' }], { 0: 'a', 1: 'b' }));
  const [a, b] = ['a', 'b'].map((name) => prepared.units.get(name)!);
  assert.equal(await a!.fence(), true);
  await settle();
  assert.deepEqual([a!.fencing, unfenced], [false, []]);
  a!.volume.fence = async () => ({ status: 'unsupported' });
  b!.volume.reopen = async () => ({ status: 'fenced' });
  assert.deepEqual([await a!.fence(), await b!.fence()], [false, true]);
  await settle();
  assert.deepEqual(unfenced, ['a', 'b']);
  assert.deepEqual([a!.fencing, b!.fencing], [true, true], 'and nothing is done with it any more');
});
