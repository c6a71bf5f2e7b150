// Proves that a document that touches a disk leaves it one logical unit: its modes, task sets, unit
// attentions and commands in flight are those from before, and a reset reaches all of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogicalUnits } from '../../../src/gateway/logical-units.ts';
import { silentLog } from '../../../src/log/log.ts';
import { createDeviceServer } from '../../../src/scsi/device-server.ts';
import { DRAIN_MAX_MS } from '../../../src/scsi/limits.ts';
import { encodeLun } from '../../../src/scsi/lun.ts';
import type { LunMap, Nexus, TaskManagementFunction } from '../../../src/scsi/nexus.ts';
import { Status } from '../../../src/scsi/status.ts';
import type { SharedState, UnitState } from '../../../src/scsi/unit-state.ts';
import { LocalUnitStates } from '../../../src/units/local-unit-states.ts';
import { MemoryStore, type MemoryVolume } from '../../doubles/memory-volumes.ts';
import { clusterDocument } from '../../support/cluster-document.ts';
import { copyManagerOf } from '../../support/copy-managers.ts';
import { GatedVolume } from '../../support/gated-volume.ts';
import { benchNexus, noProbe, TestTask, type TestTaskOptions } from '../../support/scsi-bench.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const READ = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const FLUSH = [0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/** MODE SELECT (6) of the control page with D_SENSE. */
const MODE_SELECT = [0x15, 0x10, 0, 0, 16, 0];
const D_SENSE = Uint8Array.of(0, 0, 0, 0, 0x0a, 0x0a, 0x26, 0, 0, 0, 0, 0, 0, 0, 0, 0);

/** The states that are open. */
class WatchedStates extends LocalUnitStates {
  readonly #open = new Set<string>();

  override async open(initial: SharedState): Promise<UnitState> {
    const { uuid } = initial.identity;
    const state = await super.open(initial);
    const close = state.close.bind(state);
    state.close = () => {
      this.#open.delete(uuid);
      close();
    };
    this.#open.add(uuid);
    return state;
  }

  isOpen(uuid: string): boolean {
    return this.#open.has(uuid);
  }
}

/** A gateway's units over documents that say something else of one disk, and two nexuses. */
class World {
  readonly clock = new VirtualClock();
  readonly store = new MemoryStore();
  readonly volumes: GatedVolume[] = [];
  readonly nexuses: Nexus[] = [];
  luns: LunMap = new Map();
  readonly states = new WatchedStates();
  /** Runs when a document is prepared, and not served yet. */
  beforeServe = async (): Promise<void> => {};
  readonly #units = new LogicalUnits({
    store: { openVolume: (name) => this.#openVolume(name) },
    states: this.states,
    ...{ clock: this.clock, log: silentLog },
  });

  static async open(): Promise<World> {
    const world = new World();
    for (const name of ['a', 'b']) await world.store.create(name, 2 ** 20);
    await world.apply({});
    const server = createDeviceServer({
      ...{ clock: world.clock, log: silentLog, probe: noProbe, taskSetDepthMax: 64 },
      incarnation: 'world',
      copyManager: copyManagerOf(world.clock),
      portGroups: () => [],
    });
    for (let i = 0; i < 2; i++) world.nexuses.push(server.openNexus(benchNexus, world.luns));
    for (const nexus of world.nexuses) world.send(nexus, READ, { dataInExpected: 512 });
    return world;
  }

  get unit() {
    return this.luns.get(0)!;
  }

  /** Serves a document with these changes of its disk; without the disk if they are undefined. */
  async apply(changes: object | undefined): Promise<void> {
    const document = clusterDocument({
      disks: [{ name: 'a', size: '1M' }],
      targets: [{ iqn: 'iqn.2026-11.com.example:t', luns: { 0: 'a' }, access: 'any' }],
    });
    const disks = changes === undefined ? [] : document.disks.map((d) => ({ ...d, ...changes }));
    const targets = changes === undefined ? [] : document.targets;
    const prepared = await this.#units.prepare({ ...document, disks, targets });
    await this.beforeServe();
    const unit = prepared.units.get('a');
    const isChanged = unit !== this.luns.get(0);
    this.luns = new Map(unit === undefined ? [] : [[0, unit]]);
    prepared.serve();
    if (isChanged) for (const nexus of this.nexuses) nexus.updateLuns(this.luns);
    await prepared.release();
  }

  send(nexus: Nexus | undefined, cdb: readonly number[], options: TestTaskOptions = {}): TestTask {
    const task = new TestTask(cdb, options);
    nexus?.submit(task);
    return task;
  }

  manage(nexus: Nexus | undefined, name: TaskManagementFunction): { response?: string } {
    const answer: { response?: string } = {};
    const request = { function: name, lun: encodeLun(0), referencedTag: 0 };
    void Promise.resolve(nexus?.manage(request)).then((result) => {
      if (result !== undefined) answer.response = result.response;
    });
    return answer;
  }

  /** What is pending for a nexus, in order. */
  attentionsOf(nexus: Nexus | undefined): (string | undefined)[] {
    const told: (string | undefined)[] = [];
    for (;;) {
      const { condition } = this.send(nexus, FLUSH);
      if (condition?.startsWith('6/') !== true) return told;
      told.push(condition);
    }
  }

  async #openVolume(name: string): Promise<GatedVolume> {
    const volume = new GatedVolume((await this.store.open(name)) as MemoryVolume);
    this.volumes.push(volume);
    return volume;
  }
}

/** What a document may say differently of a disk, and what its initiators then are told. */
const touches: readonly [object, string[]][] = [
  [{ serial: 'ANOTHER' }, ['6/3f03']],
  [{ product: 'ANOTHER' }, ['6/3f03']],
  [{ readOnly: true }, ['6/2a01']],
  [{ writethrough: true }, []],
  [{ writethrough: true, serial: 'ANOTHER' }, ['6/3f03']],
];

for (const [touch, told] of touches) {
  const what = Object.keys(touch).join(' and ');
  test(`a document that changes ${what} leaves one unit, which a reset reaches whole`, async () => {
    const world = await World.open();
    const { unit, nexuses, volumes } = world;
    const [one, other] = nexuses;
    world.send(one, MODE_SELECT, { data: D_SENSE });
    await settle();
    volumes[0]!.shut = true;
    const data = new Uint8Array(512).fill(7);
    const running = world.send(one, WRITE, { data });
    const dormant = world.send(one, WRITE, { data, attribute: 'ordered' });
    const unsent = world.send(one, WRITE, { data, immediate: false });
    const applied = world.apply(touch);
    await settle();
    assert.equal(world.unit, unit);
    assert.equal(one?.outstanding, 3);
    assert.deepEqual(world.attentionsOf(other), [...new Set(['6/2a01', ...told])]);
    assert.equal(world.send(other, [0xff]).sense?.[0], 0x72, 'D_SENSE is as it was selected');
    const reset = world.manage(other, 'logicalUnitReset');
    await settle();
    assert.deepEqual([dormant.ends, unsent.ends], [['discarded'], ['discarded']]);
    assert.deepEqual([running.ends, reset.response], [[], undefined]);
    volumes[0]!.releaseAll();
    await settle();
    assert.deepEqual([running.ends, reset.response], [['discarded'], 'functionComplete']);
    await applied;
    assert.deepEqual(world.attentionsOf(one), ['6/2903', ...told]);
  });
}

test('commands in flight end where they are, and those behind them on the new volume', async () => {
  const world = await World.open();
  const [nexus] = world.nexuses;
  world.volumes[0]!.shut = true;
  const data = (value: number) => ({ data: new Uint8Array(512).fill(value) });
  const running = world.send(nexus, WRITE, data(1));
  const behind = world.send(nexus, WRITE, { ...data(2), attribute: 'ordered' });
  const applied = world.apply({ writethrough: true });
  await settle();
  assert.equal(world.volumes.length, 2);
  world.volumes[0]!.releaseAll();
  await settle();
  await applied;
  assert.deepEqual([running.ends, behind.ends], [[Status.good], [Status.good]]);
  const writes = world.volumes.map(({ log }) => log.filter((line) => line.startsWith('write')));
  assert.deepEqual(writes, [['write 0'], ['write 0']]);
  const read = world.send(nexus, READ, { dataInExpected: 512 });
  assert.equal(read.dataIn[0], 2);
  await world.unit.fence();
  assert.deepEqual(
    world.volumes.map(({ fences }) => fences),
    [0, 1],
    'the old one is closed, and needs no fence',
  );
});

test('what the old volume does not end is fenced there', async () => {
  const world = await World.open();
  const [nexus] = world.nexuses;
  world.volumes[0]!.shut = true;
  world.volumes[0]!.holdFences = true;
  const write = world.send(nexus, WRITE, { data: new Uint8Array(512) });
  const applied = world.apply({ writethrough: true });
  await settle();
  const reset = world.manage(nexus, 'logicalUnitReset');
  await world.clock.advance(DRAIN_MAX_MS);
  assert.deepEqual([world.volumes[0]?.fences, reset.response], [1, undefined]);
  world.volumes[0]!.endFence(true);
  await applied;
  await settle();
  assert.deepEqual([write.ends, reset.response], [['discarded'], 'functionComplete']);
});

test('a disk that returns with commands in flight is the unit that it was', async () => {
  const world = await World.open();
  const { unit, nexuses, volumes } = world;
  const [one, other] = nexuses;
  volumes[0]!.shut = true;
  volumes[0]!.closesInTime = false;
  const write = world.send(one, WRITE, { data: new Uint8Array(512) });
  await world.apply(undefined);
  assert.equal(world.send(one, READ, { dataInExpected: 512 }).condition, '5/2500');
  await world.apply({});
  assert.equal(world.unit, unit);
  const reset = world.manage(other, 'logicalUnitReset');
  await settle();
  assert.deepEqual([write.ends, reset.response], [[], undefined]);
  volumes[0]!.holdFences = true;
  await world.clock.advance(DRAIN_MAX_MS);
  assert.deepEqual([volumes[0]?.fences, volumes[1]?.fences], [1, 1], 'its close did not wait');
  volumes[0]!.endFence(true);
  await settle();
  assert.deepEqual([write.ends, reset.response], [['discarded'], 'functionComplete']);
  await world.apply(undefined);
  await world.apply({});
  assert.notEqual(world.unit, unit, 'without any it begins again');
});

test('a unit that no document names is closed when its last command has ended', async () => {
  const world = await World.open();
  const { unit, nexuses, volumes } = world;
  volumes[0]!.shut = true;
  volumes[0]!.closesInTime = false;
  const write = world.send(nexuses[0], WRITE, { data: new Uint8Array(512) });
  await world.apply(undefined);
  assert.equal(world.states.isOpen(unit.identity.uuid), true);
  volumes[0]!.releaseAll();
  await settle();
  assert.equal(write.ends.length, 1);
  assert.equal(world.states.isOpen(unit.identity.uuid), false);
});

test('a unit that comes back is not closed by the end of a command before it is served', async () => {
  const world = await World.open();
  const { unit, nexuses, volumes } = world;
  volumes[0]!.shut = true;
  volumes[0]!.closesInTime = false;
  world.send(nexuses[0], WRITE, { data: new Uint8Array(512) });
  await world.apply(undefined);
  world.beforeServe = async () => {
    volumes[0]!.releaseAll();
    await settle();
    assert.equal(unit.nexuses.size, 0);
  };
  await world.apply({});
  assert.equal(world.unit, unit);
  assert.equal(world.states.isOpen(unit.identity.uuid), true);
  assert.deepEqual(world.attentionsOf(nexuses[0]), ['6/2900', '6/3f0e']);
});

test('other data under a unit are told as a reset, and its initiators find them', async () => {
  const world = await World.open();
  const { unit, nexuses } = world;
  const [nexus] = nexuses;
  world.send(nexus, WRITE, { data: new Uint8Array(512).fill(1) });
  await world.apply({ volume: { name: 'b' } });
  assert.equal(world.unit, unit);
  assert.deepEqual(world.attentionsOf(nexus), ['6/2900']);
  assert.equal(world.send(nexus, READ, { dataInExpected: 512 }).dataIn[0], 0);
});
