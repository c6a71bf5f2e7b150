// The protocol of members on virtual time: who is suspected and who is not, how a fence ends, who
// finishes one that was begun, what a joiner and a leaver do.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isOpen,
  isOver,
  type MembershipView,
  stateOf,
} from '../../../src/membership/membership.ts';
import type { Member } from '../../../src/records/records.ts';
import { MembershipWorld, type SimGateway } from '../../support/membership-world.ts';

const SUSPICION_MIN_MS = 4_000;
/** A heartbeat before the first look, and the fence itself. */
const FENCE_MAX_MS = 5_200;

function openNames({ members }: MembershipView): string[] {
  return members.filter(isOpen).map(({ name }) => name);
}

async function isGone(world: MembershipWorld, { self }: SimGateway): Promise<boolean> {
  return isOver(await world.read(), self);
}

test('gateways join one after the other, serve, and see each other', async () => {
  const world = new MembershipWorld(1);
  const [a, b] = (await world.serving('a', 'b')) as [SimGateway, SimGateway];
  await world.clock.advance(1_000);
  for (const gateway of [a, b]) {
    const { view } = gateway.members!;
    assert.deepEqual(openNames(view), ['a', 'b']);
    assert.ok(view.members.every(({ state }) => state === 'serving'));
    assert.equal(view.life, 1);
    assert.equal(gateway.members!.mayAct(), true);
  }
  const { instances } = stateOf(await world.read(), a.self)!;
  assert.deepEqual(instances, [{ address: a.address, kind: 'records' }]);
});

test('a gateway that dies is fenced after eight heartbeats, all its instances, and told once', async () => {
  const world = new MembershipWorld(2);
  const [a, b, c] = (await world.serving('a', 'b', 'c')) as [SimGateway, SimGateway, SimGateway];
  c.fencing.openInstance('c:volume');
  await world.within(1_000, c.members!.register({ address: 'c:volume', kind: 'volume' }));
  await world.clock.advance(3_000);
  c.kill();
  const tookMs = await world.until(FENCE_MAX_MS, () => isGone(world, c));
  assert.ok(tookMs >= SUSPICION_MIN_MS - 500, `${tookMs} ms`);
  assert.deepEqual([...world.cluster.blocklisted].sort(), [c.address, 'c:volume'].sort());
  await world.clock.advance(2_000);
  for (const gateway of [a, b]) {
    assert.deepEqual(
      gateway.gone.map(({ member, how }) => [member.name, how]),
      [['c', 'fenced']],
    );
    assert.deepEqual(
      gateway.gone[0]!.members.map(({ name }) => name),
      ['a', 'b'],
    );
    assert.equal(gateway.closed, undefined);
  }
});

test('a gateway that is stopped is fenced, and does nothing when it goes on', async () => {
  const world = new MembershipWorld(3);
  const [, b] = (await world.serving('a', 'b')) as [SimGateway, SimGateway];
  b.pause();
  await world.until(FENCE_MAX_MS, () => isGone(world, b));
  b.resume();
  assert.equal(b.members!.mayAct(), false, 'before anything was confirmed');
  assert.equal(b.closed, 'stalled', 'its own gap says enough');
  await world.clock.advance(100);
  assert.equal(b.members!.mayAct(), false);
});

test('a gateway that nobody watched gives up after a gap of its own, before it acts', async () => {
  const world = new MembershipWorld(30);
  const [a] = (await world.serving('a')) as [SimGateway];
  a.pause();
  await world.clock.advance(10_000);
  a.resume();
  assert.equal(a.members!.mayAct(), false);
  assert.equal(a.closed, 'stalled');
  assert.equal(a.fencing.isHolding, true);
  assert.equal(await world.within(100, a.members!.confirm()), false);
  const successor = await world.gateway('a');
  await world.within(1_000, successor.serve(a.self));
  assert.equal(successor.members!.mayAct(), true);
});

test('among processes, a joiner serves nothing while another is stopped, and ends it', async () => {
  for (const isContinued of [false, true]) {
    const world = new MembershipWorld(31);
    const ended: string[] = [];
    const stopped = new Set<string>();
    const open = async (name: string): Promise<SimGateway> => {
      const gateway = await world.gateway(name);
      const living = async () => {
        const { members } = await world.read();
        const alive = members.filter(({ incarnation }) => !ended.includes(incarnation));
        return alive.map(({ name: n, incarnation }) => {
          return { name: n, incarnation, isStopped: stopped.has(incarnation) };
        });
      };
      const end = async ({ incarnation }: Member) => {
        stopped.delete(incarnation);
        return ended.push(incarnation) > 0;
      };
      return Object.assign(gateway, { processes: { living, states: living, end } });
    };
    const a = await open('a');
    await world.within(1_000, a.serve());
    a.pause();
    stopped.add(a.self.incarnation);
    const b = await open('b');
    let isServing = false;
    const serving = b.serve().then(() => {
      isServing = true;
    });
    await world.clock.advance(3_000);
    assert.equal(isServing, false);
    if (isContinued) {
      stopped.clear();
      a.resume();
    }
    await world.within(2_500, serving);
    assert.deepEqual(ended, isContinued ? [] : [a.self.incarnation]);
  }
});

test('a gateway that is stopped for three seconds is not fenced, and confirms before it acts', async () => {
  const world = new MembershipWorld(4, { delayMaxMs: 2 });
  const [a, b] = (await world.serving('a', 'b')) as [SimGateway, SimGateway];
  let confirmed = 0;
  b.members!.listen({
    onConfirmed: () => {
      confirmed += 1;
    },
  });
  b.pause();
  await world.clock.advance(3_000);
  b.resume();
  assert.equal(b.members!.mayAct(), false);
  assert.equal(b.fencing.isHolding, true, 'what waits to be submitted waits on');
  assert.equal(await world.within(100, b.members!.confirm()), true);
  assert.equal(b.members!.mayAct(), true);
  assert.deepEqual([b.fencing.isHolding, confirmed], [false, 1]);
  await world.clock.advance(10_000);
  assert.deepEqual([a.closed, b.closed], [undefined, undefined]);
  assert.equal(a.members!.mayAct(), true);
});

test('a field of a later format is said once, and nothing is answered from memory any longer', async () => {
  const world = new MembershipWorld(5);
  const [a] = (await world.serving('a')) as [SimGateway];
  const field = 'about:later/1';
  const later = new TextEncoder().encode('{"v":2,"instances":[]}');
  const open = new TextEncoder().encode('{"v":1,"state":"open"}');
  await a.records.setFields('members', { 'inc:later/1': open, [field]: later });
  await world.clock.advance(30_000);
  const said = a.log.lines.filter(({ event }) => event === 'members_not_understood');
  assert.equal(said.length, 1);
  assert.match(said[0]!.fields['reason'] as string, /about:later\/1 of format 2/);
  assert.ok(a.members!.memoryLease.untilMs < world.clock.now());
  await assert.rejects((await world.gateway('b')).join(), { code: 'membersFormatUnknown' });
});
