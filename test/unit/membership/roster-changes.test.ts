// Changes of the roster as pure functions: a fence asks its reason again, only who is open changes
// anything, and what is written is what is read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSED_REST_MS } from '../../../src/membership/limits.ts';
import type { MemberState } from '../../../src/membership/membership.ts';
import {
  close,
  drain,
  encodeUpdate,
  finish,
  isPassed,
  leave,
  open,
  updated,
} from '../../../src/membership/roster-changes.ts';
import { decodeRoster, type Roster } from '../../../src/membership/roster-fields.ts';

const a = { name: 'a', incarnation: '1' };
const b = { name: 'b', incarnation: '2' };

/** As it is after a and b were opened, through the fields that were written. */
function opened(): Roster {
  const fields = new Map<string, Uint8Array>();
  for (const self of [a, b]) {
    const roster = decodeRoster(fields);
    const instances = [{ address: `${self.name}:0/1`, kind: 'records' as const }];
    const update = open({ self, instances, passedEpoch: 0, dead: undefined })(roster)!;
    for (const [field, value] of Object.entries(encodeUpdate(roster, update))) {
      if (value !== undefined) fields.set(field, value);
    }
    assert.deepEqual(decodeRoster(fields), updated(roster, update));
  }
  return decodeRoster(fields);
}

test('a reason that does not hold any more closes nobody', () => {
  const roster = opened();
  const isSilent = ({ heartbeat }: MemberState) => heartbeat.counter === 7;
  assert.equal(close(a, b, isSilent)(roster), undefined);
  const closing = close(a, b, () => true)(roster)!;
  assert.deepEqual(
    closing.put?.map(({ name, state }) => [name, state]),
    [['b', 'closed']],
  );
});

test('who is closed closes and finishes nobody', () => {
  const roster = opened();
  const after = updated(roster, close(a, b, () => true)(roster)!);
  assert.throws(() => close(b, a, () => true)(after), { code: 'membersClosed' });
  assert.throws(() => finish(b, a, undefined)(after), { code: 'membersClosed' });
});

/** Seen closed for long enough, or not quite. */
const rested = () => CLOSED_REST_MS;
const restless = () => CLOSED_REST_MS - 1;

test('a fence is not finished while it has no epoch, or one open member has not passed it', () => {
  const roster = opened();
  const after = updated(roster, close(a, b, () => true)(roster)!);
  assert.equal(finish(a, b, rested)(after), undefined);
  const members = (epoch: number) =>
    after.members.map((member) => ({
      ...member,
      ...(member.name === 'b' ? { fenceEpoch: 3 } : {}),
      heartbeat: { ...member.heartbeat, epoch: member.name === 'a' ? epoch : 0 },
    }));
  assert.equal(finish(a, b, rested)({ ...after, members: members(2) }), undefined);
  assert.equal(finish(a, b, restless)({ ...after, members: members(3) }), undefined);
  const done = finish(a, b, rested)({ ...after, members: members(3) })!;
  assert.equal(done.put?.[0]?.state, 'finished');
});

test('an epoch is passed when also who is closed has passed it, or takes no command', () => {
  const { members } = opened();
  const cases = [
    { state: 'joining', epoch: 2, silentForMs: rested, passes: false },
    { state: 'joining', epoch: 3, silentForMs: restless, passes: true },
    { state: 'closed', epoch: 2, silentForMs: restless, passes: false },
    { state: 'closed', epoch: 2, silentForMs: rested, passes: true },
    { state: 'closed', epoch: 3, silentForMs: restless, passes: true },
    { state: 'closed', epoch: 2, silentForMs: restless, isAtRest: true, passes: true },
    { state: 'finished', epoch: 2, silentForMs: restless, passes: true },
  ] as const;
  for (const { epoch, silentForMs, passes, ...known } of cases) {
    const each = members.map((member) => {
      const own = member.name === 'b' ? known : {};
      const passed = member.name === 'b' ? epoch : 3;
      return { ...member, heartbeat: { ...member.heartbeat, epoch: passed }, ...own };
    });
    assert.equal(isPassed({ members: each }, 3, silentForMs), passes, JSON.stringify(known));
  }
  assert.equal(isPassed({ members }, undefined, rested), false, 'no epoch was raised');
});

test('who is closed is known to be at rest when that was proved, and only then', () => {
  const roster = opened();
  const isAtRest = (update: ReturnType<ReturnType<typeof open>>, { name }: { name: string }) =>
    update?.put?.find((member) => member.name === name)?.isAtRest;
  assert.equal(isAtRest(close(a, b, () => true)(roster), b), false);
  assert.equal(isAtRest(close(a, b, () => true, true)(roster), b), true);
  assert.equal(isAtRest(leave(b, false)(roster), b), true);
  const [dead] = roster.members;
  const next = { self: { name: 'a', incarnation: '3' }, instances: [], passedEpoch: 0 };
  assert.equal(isAtRest(open({ ...next, dead })(roster), a), true);
  const closed = updated(roster, close(b, a, () => true)(roster)!);
  assert.equal(isAtRest(open({ ...next, dead: undefined })(closed), a), undefined);
  assert.equal(isAtRest(open({ ...next, dead: undefined, ended: a })(closed), a), true);
});

test('who drains says so once, stays open, and is seen to drain by who reads the fields', () => {
  const roster = opened();
  const update = drain(a)(roster)!;
  const fields = new Map<string, Uint8Array>();
  for (const [field, value] of Object.entries(encodeUpdate(roster, update))) {
    if (value !== undefined) fields.set(field, value);
  }
  const [member] = decodeRoster(fields).members;
  assert.deepEqual([member?.name, member?.state, member?.isDraining], ['a', 'joining', true]);
  const after = updated(roster, update);
  assert.equal(drain(a)(after), undefined);
  const closed = updated(after, close(b, a, () => true)(after)!);
  assert.throws(() => drain(a)(closed), { code: 'membersClosed' });
});
