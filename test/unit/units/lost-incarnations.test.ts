// A record may name an incarnation that the members, as this gateway read them last, do not show:
// it joined since, or it is over and no longer listed. Proves that it counts as over only once a
// later read of the members has shown so, and that the unit is then read again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MembershipView } from '../../../src/membership/membership.ts';
import { reservationsChanged } from '../../../src/scsi/unit-changes.ts';
import { LostIncarnations } from '../../../src/units/lost-incarnations.ts';
import { nexusOf } from '../../support/nexus-names.ts';
import { command, UnitsWorld } from '../../support/units-world.ts';
import { settle } from '../../support/virtual-clock.ts';

type State = MembershipView['members'][number]['state'];

/** Members that a test has read again when it likes. */
class Members {
  view: MembershipView;
  confirms = 0;
  #reads: ((isOpen: boolean) => void)[] = [];

  constructor(members: Readonly<Record<string, State>>) {
    this.view = viewOf(members);
  }

  confirm(): Promise<boolean> {
    this.confirms++;
    return new Promise((resolve) => this.#reads.push(resolve));
  }

  async read(members: Readonly<Record<string, State>>, isOpen = true): Promise<void> {
    this.view = viewOf(members);
    for (const resolve of this.#reads.splice(0)) resolve(isOpen);
    await settle();
  }
}

function viewOf(members: Readonly<Record<string, State>>): MembershipView {
  const shown = Object.entries(members).map(([incarnation, state]) => ({ incarnation, state }));
  return { members: shown } as unknown as MembershipView;
}

function lostOf(members: Members) {
  const told = { count: 0 };
  const lost = new LostIncarnations(members, () => {
    told.count++;
  });
  return { lost, told };
}

test('an incarnation that joined after the last read is not over', async () => {
  const members = new Members({ a: 'serving' });
  const { lost, told } = lostOf(members);
  assert.equal(lost.isLost('b'), false);
  await members.read({ a: 'serving', b: 'serving' });
  assert.equal(lost.isLost('b'), false);
  assert.deepEqual([members.confirms, told.count], [1, 0]);
  members.view = viewOf({ a: 'serving', b: 'finished' });
  assert.equal(lost.isLost('b'), true);
});

test('an incarnation that no later read shows is over, and the unit is read again', async () => {
  const members = new Members({ a: 'serving' });
  const { lost, told } = lostOf(members);
  assert.equal(lost.isLost('gone'), false);
  assert.equal(lost.isLost('gone'), false);
  assert.equal(members.confirms, 1, 'one read shows it');
  await members.read({ a: 'serving' });
  assert.equal(told.count, 1);
  assert.equal(lost.isLost('gone'), true);
});

test('an incarnation that a read has shown is over when it is no longer listed', () => {
  const members = new Members({ a: 'serving', b: 'closed' });
  const { lost } = lostOf(members);
  assert.equal(lost.isLost('b'), false);
  members.view = viewOf({ a: 'serving' });
  assert.equal(lost.isLost('b'), true);
  assert.equal(members.confirms, 0);
});

test('a read that was asked for another incarnation says nothing of the next', async () => {
  const members = new Members({ a: 'serving' });
  const { lost, told } = lostOf(members);
  lost.isLost('b');
  const { confirms } = members;
  const early = members.read({ a: 'serving' });
  lost.isLost('c');
  await early;
  assert.equal(lost.isLost('c'), false);
  assert.deepEqual([members.confirms - confirms, told.count], [1, 0]);
});

test('a gateway that is over takes no incarnation for lost', async () => {
  const members = new Members({ a: 'serving' });
  const { lost, told } = lostOf(members);
  lost.isLost('b');
  await members.read({ a: 'serving' }, false);
  assert.equal(lost.isLost('b'), false);
  assert.equal(told.count, 0);
});

/** RESERVE through a session of that incarnation. */
const heldBy = (incarnation: string) =>
  reservationsChanged((reservations) => ({
    next: { ...reservations, reserve: { nexus: nexusOf('a', 1), incarnation, number: 1 } },
    event: { aborts: [], attentions: [] },
  }));

test('a gateway that has not read the members since another joined enforces its RESERVE', async () => {
  const world = new UnitsWorld(31);
  const { gateways, units } = await world.pair(1);
  const members = gateways[0]!.sim.members!;
  const stale = members.view;
  const joined = await world.unitsGateway('b');
  const unit = await world.within(5_000, joined.open());
  let isStale = true;
  const read = Promise.withResolvers<void>();
  Object.defineProperty(members, 'view', { get: () => (isStale ? stale : joinedView) });
  const joinedView = joined.sim.members!.view;
  members.confirm = () => read.promise.then(() => true);
  const { incarnation } = joined.sim.self;
  await world.within(5_000, unit.state.commit(heldBy(incarnation), command()));
  assert.equal(units[0]!.events.length, 1);
  assert.equal(units[0]!.state.isLost(incarnation), false);
  isStale = false;
  read.resolve();
  await settle();
  assert.equal(units[0]!.state.isLost(incarnation), false);
  assert.equal(units[0]!.readsAgain, 0);
});

test('the RESERVE of an incarnation that is no longer listed ends with the next heartbeat', async () => {
  const world = new UnitsWorld(32);
  const { units } = await world.pair(1);
  const [unit] = units;
  await world.within(5_000, unit!.state.commit(heldBy('gone'), command()));
  assert.equal(unit!.state.isLost('gone'), false);
  await world.until(1_000, () => unit!.readsAgain === 1);
  assert.equal(unit!.state.isLost('gone'), true);
});
