// Proves that gateways agree on a logical unit: a change is answered when all of them enforce it,
// whatever is lost, late, stopped or dead meanwhile. On virtual time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../src/base/failure.ts';
import type { NexusName } from '../../../src/scsi/reservations/nexus-name.ts';
import {
  NO_RESERVATIONS,
  REGISTRATIONS_MAX,
  type Reservations,
  type ReservationTransition,
  ReservationType,
  SILENT,
} from '../../../src/scsi/reservations/reservations.ts';
import { reserveOut } from '../../../src/scsi/reservations/reserve-out.ts';
import type { ReserveOutRequest } from '../../../src/scsi/reservations/reserve-out-request.ts';
import {
  reservationsChanged,
  reset,
  resized,
  taskSetCleared,
} from '../../../src/scsi/unit-changes.ts';
import { COMMITTED, NOT_COMMITTED, NOT_ENFORCED } from '../../../src/scsi/unit-state.ts';
import { COMMIT_MAX_MS } from '../../../src/units/limits.ts';
import { removeUnitRecord } from '../../../src/units/unit-records.ts';
import { nexusesOf } from '../../support/nexus-names.ts';
import {
  command,
  grown,
  stateOf,
  type UnitDouble,
  UnitsWorld,
  UUID,
} from '../../support/units-world.ts';

const REQUEST_MAX_MS = 8_000;

/** How it stands with a promise that may take long. */
function watched<T>(promise: Promise<T>) {
  const seen: { value: T | undefined } = { value: undefined };
  void promise.then((value) => {
    seen.value = value;
  });
  return seen;
}

test('a change through one gateway takes effect at each, once, before it is answered', async () => {
  const world = new UnitsWorld(1);
  const { units } = await world.pair(3);
  const [a, b, c] = units;
  b!.isStuck = true;
  const outcome = watched(a!.state.commit(reset, command()));
  await world.until(1_000, () => units.every(({ events }) => events.length === 1));
  await world.clock.advance(1_000);
  assert.equal(outcome.value, undefined, 'a gateway that has not drained has not enforced it');
  b!.release();
  await world.until(REQUEST_MAX_MS, () => outcome.value !== undefined);
  assert.equal(outcome.value, COMMITTED);
  for (const { events } of units) {
    assert.equal(events.length, 1);
    assert.equal(events[0]!.event.aborts, 'everything');
  }
  assert.notEqual(a!.events[0]!.origin, undefined, 'the gateway of the nexus that asked knows it');
  assert.equal(b!.events[0]!.origin, undefined);
  assert.equal(c!.events[0]!.origin, undefined);
});

test('a task set that all nexuses share is cleared at every gateway', async () => {
  const world = new UnitsWorld(17);
  const { units } = await world.pair();
  await world.within(REQUEST_MAX_MS, units[0]!.state.commit(taskSetCleared, command()));
  const attentions = [{ condition: 'commandsClearedByAnotherInitiator', nexuses: 'cleared' }];
  for (const { events } of units) {
    assert.deepEqual(
      events.map(({ event }) => event),
      [{ aborts: 'everything', attentions }],
    );
  }
});

test('changes from all gateways are each made once, in one order', async () => {
  const world = new UnitsWorld(2, { delayMaxMs: 5 });
  const { units } = await world.pair(3);
  const commits = units.flatMap(({ state }) => [1, 2, 3, 4].map(() => state.commit(grown)));
  const outcomes = await world.within(60_000, Promise.all(commits));
  assert.ok(outcomes.every((outcome) => outcome === COMMITTED));
  const orders = units.map(({ events }) => events.map(({ state }) => state.blocks).join());
  assert.equal(orders[0], Array.from({ length: 12 }, (_, at) => 1001 + at).join());
  assert.ok(orders.every((order) => order === orders[0]));
});

test('a change that changes nothing, or is refused, is no event', async () => {
  const world = new UnitsWorld(3);
  const { units } = await world.pair();
  const outcome = await world.within(1_000, units[0]!.state.commit(resized(1000), command()));
  assert.equal(outcome, COMMITTED);
  assert.equal(world.record().number, 0);
  assert.deepEqual(units[1]!.events, []);
});

test('the last event is settled and its mark removed when the unit has been idle', async () => {
  const world = new UnitsWorld(4);
  const { units } = await world.pair();
  await world.within(REQUEST_MAX_MS, units[0]!.state.commit(grown, command()));
  const { number, settled } = world.record();
  assert.deepEqual([number, settled], [1, 0]);
  assert.equal((await world.read()).marks.length, 1, 'the mark stays while the unit is busy');
  await world.until(3_000, async () => (await world.read()).marks.length === 0);
  assert.equal(world.record().settled, 1);
});

test('a unit that is given up, or whose record is deleted, after an event keeps no mark', async () => {
  for (const isDeleted of [false, true]) {
    const world = new UnitsWorld(21);
    const { gateways, units } = await world.pair();
    await world.within(REQUEST_MAX_MS, units[0]!.state.commit(grown, command()));
    for (const { state } of units) state.close();
    const { records } = gateways[0]!.sim;
    if (isDeleted) await world.within(1_000, removeUnitRecord(records, UUID));
    await world.until(4_000, async () => (await world.read()).marks.length === 0);
    if (!isDeleted) assert.equal(world.record().settled, 1);
  }
});

test('the maximum of registrations can be preempted and cleared', async () => {
  const world = new UnitsWorld(24);
  const { units } = await world.pair();
  const { state } = units[0]!;
  // No name is longer, so no list of nexuses is.
  const nexuses = nexusesOf(`iqn.1993-08.org.debian:${'x'.repeat(200)}`, REGISTRATIONS_MAX);
  const [asking, ...others] = nexuses as [NexusName, ...NexusName[]];
  const [ownKey, key] = ['1'.repeat(16), '2'.repeat(16)];
  const registered: Reservations = {
    ...{ ...NO_RESERVATIONS, life: state.life },
    registrations: new Map([[asking, ownKey], ...others.map((each) => [each, key] as const)]),
    persistent: { type: ReservationType.writeExclusive, holder: others[0]! },
  };
  const change = (reservations: ReservationTransition) =>
    world.within(
      REQUEST_MAX_MS,
      state.commit(
        reservationsChanged(() => reservations),
        command(),
      ),
    );
  const ask = (request: ReserveOutRequest) => {
    const outcome = reserveOut(state.current.reservations, request);
    return 'status' in outcome ? assert.fail('it is refused') : change(outcome);
  };
  const fill = () => change({ next: registered, event: SILENT });
  assert.equal(await fill(), COMMITTED);
  const asked = { nexus: asking, key: ownKey, scope: 0 };
  const type = ReservationType.exclusiveAccessRegistrantsOnly;
  const preempt = { ...asked, action: 'preemptAndAbort', victimKey: key, type } as const;
  assert.equal(await ask(preempt), COMMITTED);
  assert.equal(units[1]!.state.current.reservations.registrations.size, 1);
  assert.equal(await fill(), COMMITTED);
  assert.equal(await ask({ ...asked, action: 'clear' }), COMMITTED);
  assert.deepEqual(units[1]!.events.at(-1)?.event.attentions, [
    { condition: 'reservationsPreempted', nexuses: others },
  ]);
});

test('a nexus that asks without a pause leaves others at its gateway their turns', async () => {
  const world = new UnitsWorld(22, { delayMaxMs: 5 });
  const { units } = await world.pair();
  const [{ state }] = units as [UnitDouble, UnitDouble];
  const { nexus } = command();
  const flood = Array.from({ length: 256 }, () => state.commit(grown, { nexus, isAborted: false }));
  const other = await world.within(COMMIT_MAX_MS, state.commit(grown, command()));
  assert.equal(other, COMMITTED);
  const outcomes = await world.within(REQUEST_MAX_MS, Promise.all(flood));
  assert.ok(outcomes.includes(NOT_COMMITTED), 'it is told to ask later');
});

test('a gateway with many changes waits for no other that has none', async () => {
  const world = new UnitsWorld(25);
  const { units } = await world.pair(3);
  const beganMs = world.clock.now();
  const commits = Array.from({ length: 20 }, () => units[0]!.state.commit(grown, command()));
  await world.within(REQUEST_MAX_MS, Promise.all(commits));
  assert.equal(world.record().number, 20);
  assert.equal(world.clock.now() - beganMs, 0, 'its own answer is no request for a turn');
});

test('a gateway whose nexuses ask without a pause leaves other gateways their turns', async () => {
  const world = new UnitsWorld(23, { delayMaxMs: 5 });
  const { units } = await world.pair(3);
  let isFlooding = true;
  const ask = async (): Promise<void> => {
    while (isFlooding) await units[0]!.state.commit(grown, command());
  };
  const flood = Array.from({ length: 8 }, ask);
  await world.clock.advance(500);
  const before: number[] = [];
  for (let i = 0; i < 12; i++) {
    const { number } = world.record();
    const { state } = units[1 + (i % 2)]!;
    assert.equal(await world.within(REQUEST_MAX_MS, state.commit(grown, command())), COMMITTED);
    before.push(world.record().number - number - 1);
  }
  // One may be on its way, and the next may be sent before the mark of this gateway is seen.
  assert.ok(Math.max(...before) <= 3, `so many of others came first: ${before}`);
  isFlooding = false;
  await world.within(60_000, Promise.all(flood));
});

test('an event whose notifications are all lost takes effect by the mark', async () => {
  const world = new UnitsWorld(5);
  const { gateways, units } = await world.pair();
  Object.assign(gateways[0]!.sim.records, {
    notify: async () => ({ answers: [], missing: [] }),
  });
  const outcome = await world.within(3_000, units[0]!.state.commit(grown, command()));
  assert.equal(outcome, COMMITTED);
  assert.equal(units[1]!.events.length, 1);
});

test('a change whose answer is lost is made once', async () => {
  const world = new UnitsWorld(6);
  const { gateways, units } = await world.pair();
  const { records } = gateways[0]!.sim;
  const { compareAndSet } = records;
  let losses = 2;
  Object.assign(records, {
    compareAndSet: async (...args: Parameters<typeof compareAndSet>) => {
      const result = await compareAndSet(...args);
      if (losses-- <= 0) return result;
      throw new Failure('recordsUnavailable', 'the answer is lost');
    },
  });
  const outcome = await world.within(REQUEST_MAX_MS, units[0]!.state.commit(grown, command()));
  assert.equal(outcome, COMMITTED);
  assert.equal(world.record().number, 1);
  for (const { events } of units) assert.equal(events.length, 1);
  assert.notEqual(units[0]!.events[0]!.origin, undefined, 'it is known as its own');
});

test('a refusal after a lost answer is not believed: the change is made once', async () => {
  const world = new UnitsWorld(19);
  const { gateways, units } = await world.pair();
  const { records } = gateways[0]!.sim;
  const { compareAndSet, get } = records;
  const lost = () => new Failure('recordsUnavailable', 'the answer is lost');
  let [changes, reads] = [0, 0];
  Object.assign(records, {
    compareAndSet: async (...args: Parameters<typeof compareAndSet>) => {
      changes++;
      if (changes === 2) throw new Failure('recordsFull', 'there is no room');
      // The first lands late: the read after it does not show it.
      const result = await compareAndSet(...args);
      if (changes > 1) return result;
      throw lost();
    },
    get: async (key: string) => {
      reads++;
      const entry = await get(key);
      return reads === 1 ? { ...entry!, ...before } : entry;
    },
  });
  const before = world.store.store.get(`units/${UUID}`)!;
  const outcome = await world.within(REQUEST_MAX_MS, units[0]!.state.commit(grown, command()));
  assert.equal(outcome, COMMITTED);
  assert.equal(world.record().number, 1);
  assert.notEqual(units[0]!.events[0]!.origin, undefined, 'it is known as its own');
});

test('a change whose answer is lost is made once, also when the next event comes first', async () => {
  const world = new UnitsWorld(17);
  const { gateways, units } = await world.pair();
  const [a, b] = units;
  const { records } = gateways[0]!.sim;
  const { compareAndSet, get } = records;
  const isTold = Promise.withResolvers<void>();
  let losses = 1;
  Object.assign(records, {
    compareAndSet: async (...args: Parameters<typeof compareAndSet>) => {
      const result = await compareAndSet(...args);
      if (losses-- <= 0) return result;
      throw new Failure('recordsUnavailable', 'the answer is lost');
    },
    get: async (key: string) => {
      await isTold.promise;
      return await get(key);
    },
  });
  const first = watched(a!.state.commit(grown, command()));
  await world.until(1_000, () => world.record().number === 1);
  const second = await world.within(REQUEST_MAX_MS, b!.state.commit(grown, command()));
  assert.equal(second, COMMITTED);
  isTold.resolve();
  await world.until(REQUEST_MAX_MS, () => first.value !== undefined);
  assert.equal(first.value, COMMITTED);
  assert.equal(world.record().number, 2);
  assert.notEqual(a!.events[0]!.origin, undefined, 'it is known as its own');
});

test('an event whose author dies is completed by another, and its mark removed', async () => {
  const world = new UnitsWorld(7);
  const { gateways, units } = await world.pair(3);
  units[2]!.isStuck = true;
  void units[0]!.state.commit(reset, command());
  await world.until(1_000, () => units[2]!.events.length === 1);
  gateways[0]!.sim.kill();
  await world.clock.advance(2_000);
  assert.equal(world.record().settled, 0);
  units[2]!.release();
  await world.until(15_000, () => world.record().settled === 1);
  await world.until(5_000, async () => (await world.read()).marks.length === 0);
  const after = await world.within(REQUEST_MAX_MS, units[1]!.state.commit(grown, command()));
  assert.equal(after, COMMITTED);
  assert.deepEqual(
    units.slice(1).map(({ events }) => events.length),
    [2, 2],
  );
});

test('a gateway that lives and does not enforce an event is fenced in time', async () => {
  const world = new UnitsWorld(8);
  const { gateways, units } = await world.pair(3);
  units[1]!.isStuck = true;
  const outcome = await world.within(REQUEST_MAX_MS, units[0]!.state.commit(reset, command()));
  assert.equal(outcome, COMMITTED);
  await world.until(1_000, () => gateways[1]!.sim.closed === 'closed');
  assert.equal(gateways[2]!.sim.closed, undefined);
});

test('while the store is silent nobody is fenced, and a command is not answered', async () => {
  const world = new UnitsWorld(9);
  const { gateways, units } = await world.pair();
  units[1]!.isStuck = true;
  const outcome = watched(units[0]!.state.commit(reset, command()));
  await world.until(1_000, () => units[1]!.events.length === 1);
  const { sim } = gateways[0]!;
  const { getFields } = sim.records;
  // It answers slowly, so no member is to blame.
  Object.assign(sim.records, {
    getFields: async (key: string) => {
      const fields = await getFields(key);
      await new Promise<void>((go) => world.clock.after(1_200, go));
      return fields;
    },
  });
  await world.clock.advance(10_000);
  assert.equal(outcome.value, undefined);
  assert.deepEqual(
    gateways.map(({ sim: { closed } }) => closed),
    [undefined, undefined],
  );
  units[1]!.release();
  await world.until(5_000, () => outcome.value === COMMITTED);
});

test('a change that cannot be committed in time is not committed', async () => {
  const world = new UnitsWorld(10);
  const { gateways, units } = await world.pair();
  gateways[0]!.sim.set({ isStoreSilent: true });
  const outcome = watched(units[0]!.state.commit(grown, command()));
  await world.clock.advance(1_700);
  gateways[0]!.sim.set({ isStoreSilent: false });
  await world.until(1_000, () => outcome.value === NOT_COMMITTED);
  assert.equal(world.record().number, 0);
});

test('a command aborted while it waits changes nothing and delays no reset', async () => {
  const world = new UnitsWorld(11);
  const { units } = await world.pair();
  const [a, b] = units;
  b!.isStuck = true;
  const first = watched(a!.state.commit(reset, command()));
  await world.until(1_000, () => b!.events.length === 1);
  const origin = command();
  const waiting = watched(b!.state.commit(grown, origin));
  await world.clock.advance(200);
  origin.isAborted = true;
  await world.until(200, () => waiting.value === NOT_COMMITTED);
  b!.release();
  await world.until(REQUEST_MAX_MS, () => first.value === COMMITTED);
  assert.equal(world.record().state.blocks, 1000);
});

test('a command whose gateway is closed before it knows the outcome is left without an answer', async () => {
  const world = new UnitsWorld(18);
  const { gateways, units } = await world.pair(3);
  units[1]!.isStuck = true;
  const outcome = watched(units[0]!.state.commit(reset, command()));
  await world.until(1_000, () => units[1]!.events.length === 1);
  const { sim } = gateways[0]!;
  await world.within(15_000, gateways[2]!.sim.members!.fence(sim.self));
  await world.until(5_000, () => sim.closed === 'closed');
  await world.clock.advance(20_000);
  assert.equal(outcome.value, undefined);
});

test('a gateway that can neither drain nor fence acknowledges nothing', async () => {
  const world = new UnitsWorld(12);
  const { gateways, units } = await world.pair();
  units[0]!.isUnfenced = true;
  const own = await world.within(REQUEST_MAX_MS, units[0]!.state.commit(reset, command()));
  assert.equal(own, NOT_ENFORCED);
  const other = watched(units[1]!.state.commit(grown, command()));
  await world.clock.advance(1_400);
  assert.notEqual(other.value, COMMITTED);
  gateways[0]!.sim.kill();
  await world.until(15_000, () => other.value !== undefined);
});

test('a gateway loads a logical unit with the events before it', async () => {
  const world = new UnitsWorld(13);
  const { units } = await world.pair();
  await world.within(REQUEST_MAX_MS, units[0]!.state.commit(grown, command()));
  const late = await world.unitsGateway('late');
  const unit = await world.within(1_000, late.open());
  assert.equal(unit.blocks, 1001);
  await world.within(REQUEST_MAX_MS, units[1]!.state.commit(grown, command()));
  assert.equal(unit.blocks, 1002);
  assert.equal(unit.events.length, 1);
});

test('a unit that a gateway does not have, or no longer has, delays no event', async () => {
  const world = new UnitsWorld(14);
  const { gateways, units } = await world.pair();
  await world.unitsGateway('other');
  units[1]!.state.close();
  const outcome = await world.within(1_000, units[0]!.state.commit(grown, command()));
  assert.equal(outcome, COMMITTED);
  const again = await world.within(1_000, gateways[1]!.open());
  assert.equal(again.blocks, 1001);
});

test('the latest state is reported when every gateway enforces it', async () => {
  const world = new UnitsWorld(15);
  const { units } = await world.pair();
  const [a, b] = units;
  assert.equal((await world.within(1_000, b!.state.latest()))?.blocks, 1000);
  b!.isStuck = true;
  void a!.state.commit(grown, command());
  await world.until(1_000, () => b!.events.length === 1);
  const latest = await world.within(3_000, a!.state.latest());
  assert.equal(latest, undefined, 'a state is not told before it is enforced');
  b!.release();
  await world.clock.advance(1_000);
  assert.equal((await world.within(3_000, b!.state.latest()))?.blocks, 1001);
});

test('concurrent requests for the latest state share a read and an unchanged state', async () => {
  const world = new UnitsWorld(26, { delayMaxMs: 5 });
  const { gateways, units } = await world.pair();
  await world.within(REQUEST_MAX_MS, units[0]!.state.commit(grown, command()));
  const { records } = gateways[1]!.sim;
  const { get } = records;
  let reads = 0;
  Object.assign(records, {
    get: (key: string) => {
      reads += key === `units/${UUID}` ? 1 : 0;
      return get(key);
    },
  });
  const asked = Array.from({ length: 100 }, () => units[1]!.state.latest());
  const states = await world.within(REQUEST_MAX_MS, Promise.all(asked));
  assert.equal(reads, 2);
  for (const state of states) assert.equal(state, units[1]!.state.current);
});

test('a unit whose record cannot be read is not served; others are', async () => {
  const world = new UnitsWorld(16);
  const { gateways } = await world.pair();
  const uuid = UUID.replace('0b9d', '0b9e');
  const bytes = new TextEncoder().encode('{"formatVersion":99,"content":{}}');
  world.store.store.compareAndSet(`units/${uuid}`, 0, bytes);
  const opening = world.within(1_000, gateways[0]!.open(uuid));
  await assert.rejects(opening, { code: 'recordFormatUnknown' });
  const other = world.within(1_000, gateways[0]!.open(UUID.replace('0b9d', '0b9f')));
  assert.equal((await other).blocks, stateOf().blocks);
});
