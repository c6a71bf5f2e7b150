// A gateway that loses the members object alone is fenced, and does not know it. It shows that an
// initiator there hears nothing that an event has made untrue since, and that it has its session
// for as long as the gateway does not know, or an answer by the new state.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../../src/log/log.ts';
import { createDeviceServer } from '../../../src/scsi/device-server.ts';
import { LogicalUnit } from '../../../src/scsi/logical-unit.ts';
import type { Nexus } from '../../../src/scsi/nexus.ts';
import { modesSelected } from '../../../src/scsi/unit-changes.ts';
import { COMMITTED, NOT_COMMITTED, type SharedState } from '../../../src/scsi/unit-state.ts';
import { MemoryStore } from '../../doubles/memory-volumes.ts';
import { copyManagerOf } from '../../support/copy-managers.ts';
import { benchNexus, noProbe, TestTask } from '../../support/scsi-bench.ts';
import { command, stateOf, type UnitsGateway, UnitsWorld } from '../../support/units-world.ts';

const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
const MODE_SENSE = [0x1a, 0, 0x0a, 0, 255, 0];
const D_SENSE_BYTE = 4 + 8 + 2;
/** Longer than a suspicion and its fence, shorter than the wait of a command for the lease. */
const FENCE_MAX_MS = 7_500;

/** The logical unit at that gateway, with a nexus. */
async function served(gateway: UnitsGateway): Promise<{ unit: LogicalUnit; nexus: Nexus }> {
  const { clock, members } = gateway.sim;
  const store = new MemoryStore();
  await store.create('disk', 512_000);
  const volume = await store.open('disk');
  const state = await gateway.states.open(stateOf());
  const unit = new LogicalUnit({ name: 'disk', state, volume, clock });
  const server = createDeviceServer({
    ...{ clock, log: silentLog, probe: noProbe, portGroups: () => [], taskSetDepthMax: 64 },
    copyManager: copyManagerOf(clock),
    incarnation: gateway.sim.self.incarnation,
    lease: members!.memoryLease,
  });
  const nexus = server.openNexus(benchNexus, new Map([[0, unit]]));
  send(nexus, TEST_UNIT_READY);
  return { unit, nexus };
}

function send(nexus: Nexus, cdb: readonly number[]): TestTask {
  const task = new TestTask(cdb, { dataInExpected: 255 });
  nexus.submit(task);
  return task;
}

const dSenseOn = (state: SharedState) =>
  modesSelected(state, { ...state.modes.current, dSense: true });

async function pair() {
  const world = new UnitsWorld(1);
  const [a, b] = [await world.unitsGateway('a'), await world.unitsGateway('b')];
  const [atA, atB] = [await world.within(5_000, served(a)), await world.within(5_000, served(b))];
  /** The members object, its record and notifications are out of reach for the second. */
  const loseStore = (isMonitorSilent: boolean): void => {
    b.sim.set({ isStoreSilent: true, isMonitorSilent });
    world.store.stop(b.sim.self);
  };
  const findStore = (): void => {
    world.store.resume(b.sim.self);
    b.sim.set({ isStoreSilent: false, isMonitorSilent: false });
  };
  return { world, b, atA, atB, loseStore, findStore };
}

test('it answers nothing from memory when the event that it missed is answered', async () => {
  const { world, b, atA, atB, loseStore, findStore } = await pair();
  loseStore(true);
  const changed = atA.unit.commit(dSenseOn, command());
  assert.equal(await world.within(FENCE_MAX_MS, changed), COMMITTED);
  assert.equal(b.sim.closed, undefined, 'it does not know that it is fenced');
  const tasks = [send(atB.nexus, TEST_UNIT_READY), send(atB.nexus, MODE_SENSE)];
  await world.clock.advance(1_000);
  for (const task of tasks) assert.deepEqual(task.ends, []);
  // What would change nothing says that the state is the old one.
  const refused = atB.unit.commit(() => COMMITTED, command());
  assert.equal(await world.within(5_000, refused), NOT_COMMITTED);
  findStore();
  await world.clock.advance(1_000);
  assert.equal(b.sim.closed, 'closed');
  for (const task of tasks) assert.deepEqual(task.ends, [], 'its session ends in place of this');
});

test('it learns from the monitors that it is fenced', async () => {
  const { world, b, atA, loseStore } = await pair();
  loseStore(false);
  const changed = atA.unit.commit(dSenseOn, command());
  assert.equal(await world.within(FENCE_MAX_MS, changed), COMMITTED);
  await world.clock.advance(1_000);
  assert.equal(b.sim.closed, 'closed');
});

test('when its store answers again in time it continues with the current state', async () => {
  const { world, b, atA, atB, loseStore, findStore } = await pair();
  loseStore(true);
  await world.clock.advance(3_100);
  const task = send(atB.nexus, MODE_SENSE);
  const changed = atA.unit.commit(dSenseOn, command());
  await world.clock.advance(100);
  assert.deepEqual(task.ends, []);
  findStore();
  assert.equal(await world.within(5_000, changed), COMMITTED);
  await world.clock.advance(1_000);
  assert.equal(b.sim.closed, undefined);
  assert.equal(task.ends.length, 1);
  assert.equal(send(atB.nexus, MODE_SENSE).condition, '6/2a01', 'its nexus is told');
  assert.equal(send(atB.nexus, MODE_SENSE).dataIn[D_SENSE_BYTE]! & 0x04, 0x04);
});
