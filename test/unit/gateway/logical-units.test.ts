// Proves that logical units stay over documents, that a disk that does not open is alone left out,
// and that every volume that was opened is closed once nobody needs it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvariantBroken } from '../../../src/base/assert.ts';
import { Failure } from '../../../src/base/failure.ts';
import {
  LogicalUnits,
  type PreparedUnits,
  SIZE_WAIT_MAX_MS,
} from '../../../src/gateway/logical-units.ts';
import { OPEN_WAIT_MAX_MS } from '../../../src/gateway/pending-volumes.ts';
import type { OpenVolumeOptions } from '../../../src/gateway/store.ts';
import { silentLog } from '../../../src/log/log.ts';
import { LocalUnitStates } from '../../../src/units/local-unit-states.ts';
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
  return { store, clock, units: logicalUnits(store, clock) };
}

function logicalUnits(store: CountingStore, clock: VirtualClock, unfenced: string[] = []) {
  return new LogicalUnits({
    ...{ store, clock, log: silentLog, states: new LocalUnitStates() },
    onUnfenced: (disk) => unfenced.push(disk),
  });
}

/** Serves what was prepared, as a gateway does. */
async function serve(prepared: PreparedUnits): Promise<PreparedUnits> {
  await prepared.begin();
  prepared.serve();
  await prepared.release();
  return prepared;
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
  await serve(prepared);
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
  const { units: served } = await serve(await units.prepare(document));
  const { volume } = served.get('b')!;
  Object.defineProperty(volume, 'unservable', { value: 'planted', configurable: true });
  assert.deepEqual(units.unserved, [
    { disk: 'a', reason: 'no volume a' },
    { disk: 'b', reason: 'planted' },
  ]);
  store.broken.clear();
  Object.defineProperty(volume, 'unservable', { value: undefined });
  await serve(await units.prepare(document));
  assert.deepEqual(units.unserved, []);
  await units.close();
});

test('a volume that does not open is left out, and tried again with the next document', async () => {
  const { store, units } = await world('a', 'b');
  store.broken.add('a');
  const document = mapping([{ name: 'a' }, { name: 'b' }], { 0: 'a', 1: 'b' });
  const first = await units.prepare(document);
  await serve(first);
  assert.deepEqual([[...first.units.keys()], first.whole], [['b'], false]);
  store.broken.clear();
  const second = await units.prepare(document);
  await serve(second);
  assert.deepEqual([[...second.units.keys()], second.whole], [['a', 'b'], true]);
  assert.equal(second.units.get('b'), first.units.get('b'));
  await units.close();
  assert.equal(store.open, 0);
});

test('a broken invariant is not taken for a disk that does not open', async () => {
  const { store, units } = await world('a');
  const document = mapping([{ name: 'a' }], { 0: 'a' });
  store.openVolume = async () => {
    throw new InvariantBroken('planted');
  };
  await assert.rejects(units.prepare(document), InvariantBroken);
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
  await serve(first);
  assert.deepEqual([[...first.units.keys()], first.whole], [['b'], false]);
  const again = await units.prepare(document);
  assert.deepEqual([...again.units.keys()], ['b'], 'it is not waited for again');
  const without = await units.prepare(mapping(disks, { 0: 'a', 1: 'b' }));
  await serve(without);
  waits.resolve();
  await settle();
  const last = await units.prepare(mapping(disks, { 0: 'a', 1: 'b' }));
  await serve(last);
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

test('a disk stays one unit, whatever a document says of its size, identity and volume', async () => {
  const { store, units } = await world('a');
  const document = mapping([{ name: 'a' }], { 0: 'a' });
  const disk = document.disks[0]!;
  const change = async (changes: object) => {
    const next = { ...document, disks: [{ ...disk, ...changes }] };
    return (await serve(await units.prepare(next))).units.get('a');
  };
  const unit = await change({});
  const volume = unit?.volume;
  await store.volumes.resize('a', 2 ** 21);
  disk.size = 2 ** 21;
  assert.equal(await change({}), unit);
  assert.equal(await change({ readOnly: true }), unit);
  assert.equal(unit?.isWriteProtected, true);
  assert.equal(await change({ serial: 'ANOTHER' }), unit);
  assert.deepEqual([unit?.identity.serial, unit?.isWriteProtected], ['ANOTHER', false]);
  assert.equal(unit?.volume, volume);
  assert.deepEqual([store.opened, store.open], [['a'], 1]);
  assert.equal(await change({ writethrough: true }), unit);
  assert.notEqual(unit?.volume, volume);
  assert.deepEqual([store.opened, store.open], [['a', 'a through'], 1]);
  await units.close();
  assert.equal(store.open, 0);
});

test('disks that swap their names stay the units that they are, each on its volume', async () => {
  const { store, units } = await world('a', 'b');
  const document = mapping([{ name: 'a' }, { name: 'b' }], { 0: 'a', 1: 'b' });
  const [a, b] = document.disks;
  const first = await units.prepare(document);
  await serve(first);
  const swapped = {
    ...document,
    disks: [
      { ...a!, name: 'b', volume: { name: 'a' } },
      { ...b!, name: 'a', volume: { name: 'b' } },
    ],
  };
  const second = await units.prepare(swapped);
  await serve(second);
  assert.equal(second.units.get('a'), first.units.get('b'));
  assert.equal(second.units.get('b'), first.units.get('a'));
  assert.equal(second.units.get('b')?.name, 'b');
  assert.deepEqual(store.opened, ['a', 'b'], 'nothing was opened again');
  await units.close();
  assert.equal(store.open, 0);
});

test('a name that went to another disk is another unit on another volume', async () => {
  const { store, units } = await world('a', 'b');
  const document = mapping([{ name: 'a' }], { 0: 'a' });
  const first = await units.prepare(document);
  await serve(first);
  const uuid = '00000000-0000-4000-8000-000000000001';
  const [disk] = document.disks;
  const next = { ...document, disks: [{ ...disk!, uuid, volume: { name: 'b' } }] };
  const second = await units.prepare(next);
  await serve(second);
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
  await serve(first);
  const both = mapping([{ name: 'a' }, { name: 'b' }], { 0: 'a', 1: 'b' });
  // For example, a portal of that version cannot be opened: it is tried again and again.
  for (let attempt = 0; attempt < 3; attempt++) await units.prepare(both);
  assert.equal(store.open, 2);
  const last = await units.prepare(mapping([{ name: 'a' }], { 0: 'a' }));
  assert.equal(store.open, 1);
  await serve(last);
  await units.prepare(both);
  await units.close();
  assert.equal(store.open, 0);
});

test('a volume that a document asked for, and the next does not, is closed once it is open', async () => {
  const { store, clock, units } = await world('a');
  const served = mapping([{ name: 'a' }], { 0: 'a' });
  await serve(await units.prepare(served));
  const waits = Promise.withResolvers<void>();
  store.silent.set('a', waits.promise);
  const disks = served.disks.map((disk) => ({ ...disk, writethrough: true }));
  const never = units.prepare({ ...served, disks });
  await clock.advance(OPEN_WAIT_MAX_MS);
  assert.deepEqual((await never).whole, false);
  await serve(await units.prepare(served));
  waits.resolve();
  await settle();
  assert.deepEqual([store.opened, store.open], [['a', 'a through'], 1]);
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
  const units = logicalUnits(store, clock, unfenced);
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
