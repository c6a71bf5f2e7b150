// Proves what an event of the reservations does at a gateway: which nexuses are notified, whose
// commands are aborted, that commands which it forbids are drained without an abort or end
// RESERVATION CONFLICT, and how long RESERVE lasts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DRAIN_MAX_MS } from '../../../src/scsi/limits.ts';
import { encodeLun } from '../../../src/scsi/lun.ts';
import type { Nexus, TaskManagementFunction } from '../../../src/scsi/nexus.ts';
import { Status } from '../../../src/scsi/status.ts';
import type { SharedState } from '../../../src/scsi/unit-state.ts';
import { LateUnitState } from '../../support/late-unit-state.ts';
import { identityOf } from '../../support/nexus-names.ts';
import {
  Action,
  type ReserveOutOptions,
  reserveOutCdb,
  reserveOutList,
} from '../../support/reserve-out.ts';
import { type BenchOptions, ScsiBench, type TestTask } from '../../support/scsi-bench.ts';
import { settle } from '../../support/virtual-clock.ts';

const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
const READ = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const UNMAP = [0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0];
const RESERVE = [0x16, 0, 0, 0, 0, 0];
const RELEASE = [0x17, 0, 0, 0, 0, 0];
const block = { data: new Uint8Array(512) };
const WRITE_EXCLUSIVE = 1;
const REGISTRANTS_ONLY = 5;

class World {
  readonly bench: ScsiBench;
  readonly a: Nexus;
  readonly b: Nexus;
  readonly c: Nexus;

  static async open(options: BenchOptions = {}): Promise<World> {
    return new World(await ScsiBench.open({ blocks: 1024 * 1024, ...options }));
  }

  private constructor(bench: ScsiBench) {
    this.bench = bench;
    [this.a, this.b, this.c] = ['a', 'b', 'c'].map((host) => this.login(host)) as [
      Nexus,
      Nexus,
      Nexus,
    ];
  }

  login(host: string): Nexus {
    return this.bench.openNexus(undefined, identityOf(host, 1));
  }

  out(nexus: Nexus, action: number, options: ReserveOutOptions): TestTask {
    const data = reserveOutList(options);
    return this.bench.send(reserveOutCdb(action, options.type ?? 0, data.length), { data }, nexus);
  }

  /** Registers hosts by keys of their own, and reserves for the first. */
  async reserve(type: number, ...hosts: readonly Nexus[]): Promise<void> {
    for (const [i, host] of hosts.entries()) {
      await this.good(this.out(host, Action.register, { actionKey: i + 1 }));
    }
    await this.good(this.out(hosts[0]!, Action.reserve, { key: 1, type }));
  }

  async good(task: TestTask): Promise<void> {
    await settle();
    assert.deepEqual(task.ends, [Status.good]);
  }

  /** What is pending at a nexus, in the order of its report. */
  told(nexus: Nexus): string[] {
    const told: string[] = [];
    for (;;) {
      const task = this.bench.send(TEST_UNIT_READY, {}, nexus);
      if (task.condition === undefined) return told;
      told.push(task.condition);
    }
  }

  async manage(nexus: Nexus, name: TaskManagementFunction): Promise<string> {
    const request = { function: name, lun: encodeLun(0), referencedTag: 0 };
    return (await nexus.manage(request)).response;
  }
}

/** The gateways agree on changes when the test says so. */
async function lateWorld() {
  let state: LateUnitState | undefined;
  const stateOf = (initial: SharedState) => {
    state = new LateUnitState(initial);
    return state;
  };
  const world = await World.open({ stateOf });
  return { world, state: state! };
}

test('an event notifies the nexuses that SPC names, once, and no others', async () => {
  const world = await World.open();
  const { a, b, c } = world;
  await world.reserve(REGISTRANTS_ONLY, a, b);
  assert.deepEqual(
    [a, b, c].map((each) => world.told(each)),
    [[], [], []],
  );
  await world.good(world.out(a, Action.release, { key: 1, type: REGISTRANTS_ONLY }));
  assert.deepEqual(
    [a, b, c].map((each) => world.told(each)),
    [[], ['6/2a04'], []],
  );
  await world.good(world.out(b, Action.preempt, { key: 2, actionKey: 1, type: 1 }));
  assert.deepEqual(
    [a, b, c].map((each) => world.told(each)),
    [['6/2a05'], [], []],
  );
  await world.good(world.out(a, Action.register, { actionKey: 1 }));
  await world.good(world.out(b, Action.clear, { key: 2 }));
  assert.deepEqual(
    [a, b, c].map((each) => world.told(each)),
    [['6/2a03'], [], []],
  );
});

test('PREEMPT AND ABORT aborts the commands of preempted nexuses, and no others', async () => {
  const world = await World.open();
  const { a, b, c, bench } = world;
  await world.reserve(REGISTRANTS_ONLY, a, b, c);
  bench.volume.shut = true;
  const [ofA, ofB, ofC] = [a, b, c].map((each) => bench.send(WRITE, block, each));
  const preempt = world.out(a, Action.preemptAndAbort, { key: 1, actionKey: 2, type: 5 });
  await settle();
  // The write of B is waited for, and those of the others are not.
  assert.deepEqual(preempt.ends, []);
  bench.volume.release();
  await settle();
  assert.deepEqual(preempt.ends, []);
  bench.volume.release();
  await world.good(preempt);
  assert.deepEqual([ofA?.ends, ofB?.ends, ofC?.ends], [[Status.good], ['discarded'], []]);
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual(ofC?.ends, [Status.good]);
  assert.deepEqual(world.told(b), ['6/2a05']);
});

test('a nexus that preempts its own key loses all its commands but that one', async () => {
  const world = await World.open();
  const { a, bench } = world;
  await world.reserve(WRITE_EXCLUSIVE, a);
  bench.volume.shut = true;
  const write = bench.send(WRITE, block, a);
  const preempt = world.out(a, Action.preemptAndAbort, { key: 1, actionKey: 1, type: 3 });
  bench.volume.releaseAll();
  await world.good(preempt);
  assert.deepEqual(write.ends, ['discarded']);
});

test('a write at the medium when it is forbidden is drained, and keeps its status', async () => {
  const world = await World.open();
  const { a, b, bench } = world;
  await world.good(world.out(a, Action.register, { actionKey: 1 }));
  bench.volume.shut = true;
  const [write, read] = [bench.send(WRITE, block, b), bench.send(READ, { dataInExpected: 512 }, b)];
  const reserve = world.out(a, Action.reserve, { key: 1, type: 3 });
  await settle();
  assert.deepEqual([reserve.ends, write.ends], [[], []]);
  bench.volume.release();
  await world.good(reserve);
  assert.deepEqual(write.ends, [Status.good]);
  // Of reads nothing can be seen later: they are not waited for.
  assert.deepEqual(read.ends, []);
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual(read.ends, [Status.good]);
});

test('a write that does not end in time is fenced, and ends by the result of the fence', async () => {
  const world = await World.open();
  const { a, b, bench } = world;
  await world.good(world.out(a, Action.register, { actionKey: 1 }));
  bench.volume.shut = true;
  bench.volume.holdFences = true;
  const write = bench.send(WRITE, block, b);
  const reserve = world.out(a, Action.reserve, { key: 1, type: 3 });
  await bench.clock.advance(DRAIN_MAX_MS);
  assert.deepEqual([bench.volume.fences, reserve.ends], [1, []]);
  bench.volume.endFence(true);
  await world.good(reserve);
  assert.deepEqual(write.ends, [Status.checkCondition]);
});

test('a write whose end the medium never reports stays in its task set after the fence', async () => {
  const world = await World.open();
  const { a, b, bench } = world;
  await world.good(world.out(a, Action.register, { actionKey: 1 }));
  bench.volume.shut = true;
  const write = bench.send(WRITE, block, b);
  const reserve = world.out(a, Action.reserve, { key: 1, type: 3 });
  await bench.clock.advance(2 * DRAIN_MAX_MS);
  assert.deepEqual([bench.volume.fences, reserve.ends, write.ends], [1, [Status.good], []]);
  bench.volume.releaseAll();
  await settle();
  assert.equal(write.ends.length, 1);
});

test('a command not yet submitted when it is forbidden ends RESERVATION CONFLICT', async () => {
  const world = await World.open();
  const { a, b, bench } = world;
  await world.good(world.out(a, Action.register, { actionKey: 1 }));
  const late = bench.send(WRITE, { ...block, immediate: false }, b);
  const ordered = bench.send(WRITE, { ...block, attribute: 'ordered' }, b);
  await world.good(world.out(a, Action.reserve, { key: 1, type: 3 }));
  assert.deepEqual([late.ends, ordered.ends], [[], []]);
  late.deliver();
  await settle();
  assert.deepEqual(late.ends, [Status.reservationConflict]);
  assert.deepEqual(ordered.ends, [Status.reservationConflict]);
  assert.ok(!bench.volume.log.some((each) => each.startsWith('write')));
});

test('a command in steps makes no further step when it is forbidden', async () => {
  const world = await World.open();
  const { a, b, bench } = world;
  await world.good(world.out(a, Action.register, { actionKey: 1 }));
  bench.volume.shut = true;
  const data = Buffer.alloc(24);
  data.writeUInt16BE(22, 0);
  data.writeUInt16BE(16, 2);
  data.writeUInt32BE(512 * 1024, 16);
  const unmap = bench.send(UNMAP, { data }, b);
  const submitted = bench.volume.held;
  const reserve = world.out(a, Action.reserve, { key: 1, type: 3 });
  bench.volume.releaseAll();
  await world.good(reserve);
  assert.deepEqual(unmap.ends, [Status.reservationConflict]);
  const steps = bench.volume.log.filter((each) => each.startsWith('unmap'));
  assert.equal(steps.length, submitted);
  assert.ok(submitted > 0 && submitted < 512 / 4);
});

test('a command in steps whose last step is submitted keeps its status', async () => {
  const world = await World.open();
  const { a, b, bench } = world;
  await world.good(world.out(a, Action.register, { actionKey: 1 }));
  bench.volume.shut = true;
  const data = Buffer.alloc(24);
  data.writeUInt16BE(22, 0);
  data.writeUInt16BE(16, 2);
  data.writeUInt32BE(8, 16);
  const unmap = bench.send(UNMAP, { data }, b);
  const reserve = world.out(a, Action.reserve, { key: 1, type: 3 });
  await settle();
  assert.deepEqual([reserve.ends, unmap.ends], [[], []]);
  bench.volume.releaseAll();
  await world.good(reserve);
  assert.deepEqual(unmap.ends, [Status.good]);
});

test('a MODE SELECT whose change comes after the reservation that forbids it changes nothing', async () => {
  const { world, state } = await lateWorld();
  const { a, b, bench } = world;
  await world.good(world.out(a, Action.register, { actionKey: 1 }));
  state.isLate = true;
  const swp = Uint8Array.of(0, 0, 0, 0, 0x0a, 0x0a, 0x22, 0, 0x08, 0, 0, 0, 0, 0, 0, 0);
  const select = bench.send([0x15, 0x10, 0, 0, 16, 0], { data: swp }, b);
  state.isLate = false;
  await world.good(world.out(a, Action.reserve, { key: 1, type: 1 }));
  state.settle();
  await settle();
  assert.deepEqual(select.ends, [Status.reservationConflict]);
  assert.equal(bench.logicalUnit.modes.swp, false);
});

test('START STOP UNIT passes a reservation if it starts', async () => {
  const world = await World.open();
  const { a, b, bench } = world;
  await world.reserve(WRITE_EXCLUSIVE, a);
  assert.equal(bench.send([0x1b, 0, 0, 0, 1, 0], {}, b).status, Status.good);
  assert.equal(bench.send([0x1b, 0, 0, 0, 0, 0], {}, b).status, Status.reservationConflict);
});

test('a nexus that logs in finds the reservation that is there', async () => {
  const world = await World.open();
  await world.reserve(WRITE_EXCLUSIVE, world.a);
  const late = world.login('d');
  world.told(late);
  assert.equal(world.bench.send(WRITE, block, late).status, Status.reservationConflict);
  const read = await world.bench.perform(READ, { dataInExpected: 512 }, late);
  assert.equal(read.status, Status.good);
});

test('unit attentions precede a conflict, and a conflict precedes other checks', async () => {
  const world = await World.open();
  const { a, b, bench } = world;
  await world.reserve(WRITE_EXCLUSIVE, a, b);
  await world.good(world.out(a, Action.preempt, { key: 1, actionKey: 1, type: 3 }));
  const beyond = [0x2a, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 1, 0];
  assert.equal(bench.send(beyond, block, b).condition, '6/2a04');
  assert.equal(bench.send(beyond, block, b).status, Status.reservationConflict);
});

test('RESERVE keeps others out, and only RELEASE by its own nexus releases it', async () => {
  const world = await World.open();
  const { a, b, bench } = world;
  await world.good(bench.send(RESERVE, {}, a));
  await world.good(bench.send(RESERVE, {}, a));
  assert.equal(bench.send(TEST_UNIT_READY, {}, b).status, Status.reservationConflict);
  const again = bench.send(RESERVE, {}, b);
  await settle();
  assert.equal(again.status, Status.reservationConflict);
  // Persistent reservations are out of reach meanwhile, for the holder too.
  for (const each of [a, b]) {
    const register = world.out(each, Action.register, { actionKey: 1 });
    assert.equal(register.status, Status.reservationConflict);
  }
  await world.good(bench.send(RELEASE, {}, b));
  assert.equal(bench.send(TEST_UNIT_READY, {}, b).status, Status.reservationConflict);
  await world.good(bench.send(RELEASE, {}, a));
  assert.equal(bench.send(TEST_UNIT_READY, {}, b).status, Status.good);
});

test('beside a persistent reservation RESERVE is good for its holder, and changes nothing', async () => {
  const world = await World.open();
  const { a, b, c, bench } = world;
  await world.good(world.out(a, Action.register, { actionKey: 1 }));
  const early = bench.send(RESERVE, {}, a);
  await settle();
  assert.equal(early.status, Status.reservationConflict);
  await world.reserve(REGISTRANTS_ONLY, b);
  for (const each of [a, b]) await world.good(bench.send(RESERVE, {}, each));
  const other = bench.send(RELEASE, {}, c);
  await settle();
  assert.equal(other.status, Status.reservationConflict);
  assert.equal(bench.send(WRITE, block, a).status, Status.good);
});

test('RESERVE lasts no longer than its session, its LUN and the next reset', async () => {
  const world = await World.open();
  const { a, b, bench } = world;
  const ends: readonly (() => Promise<unknown>)[] = [
    () => world.manage(a, 'iTNexusReset'),
    () => world.manage(b, 'logicalUnitReset'),
    () => world.manage(b, 'targetColdReset'),
    async () => a.updateLuns(new Map()),
  ];
  for (const end of ends) {
    world.told(a);
    await world.good(bench.send(RESERVE, {}, a));
    await end();
    await settle();
    world.told(b);
    assert.equal(bench.send(TEST_UNIT_READY, {}, b).status, Status.good);
  }
  a.updateLuns(new Map([[0, bench.logicalUnit]]));
  world.told(a);
  await world.good(bench.send(RESERVE, {}, a));
  await a.close();
  assert.equal(bench.send(TEST_UNIT_READY, {}, b).status, Status.good);
});

test('a LUN that is back before RESERVE is released is notified as before', async () => {
  const { world, state } = await lateWorld();
  const { a, b, bench } = world;
  await world.good(bench.send(RESERVE, {}, a));
  state.isLate = true;
  a.updateLuns(new Map());
  a.updateLuns(new Map([[0, bench.logicalUnit]]));
  state.isLate = false;
  state.settle();
  await settle();
  world.told(a);
  await world.manage(b, 'logicalUnitReset');
  assert.deepEqual(world.told(a), ['6/2903']);
});

test('another session of the same ports does not inherit RESERVE', async () => {
  const world = await World.open();
  const { a, bench } = world;
  await world.good(bench.send(RESERVE, {}, a));
  const again = world.login('a');
  world.told(again);
  assert.equal(bench.send(WRITE, block, again).status, Status.reservationConflict);
  await world.good(bench.send(RELEASE, {}, again));
  assert.equal(bench.send(WRITE, block, again).status, Status.reservationConflict);
});

test('a persistent registration outlasts its session', async () => {
  const world = await World.open();
  const { a, b, bench } = world;
  await world.reserve(WRITE_EXCLUSIVE, a);
  await world.manage(b, 'logicalUnitReset');
  await a.close();
  world.told(b);
  assert.equal(bench.send(WRITE, block, b).status, Status.reservationConflict);
  const again = world.login('a');
  world.told(again);
  assert.equal((await bench.perform(WRITE, block, again)).status, Status.good);
});
