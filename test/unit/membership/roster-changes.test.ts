// Changes of the roster as pure functions: a fence asks its reason again, only who is open changes
// anything, and what is written is what is read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberState } from '../../../src/membership/membership.ts';
import {
  close,
  drain,
  encodeUpdate,
  finish,
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
  assert.throws(() => finish(b, a, false)(after), { code: 'membersClosed' });
});

test('a fence is not finished while it has no epoch, or one open member has not passed it', () => {
  const roster = opened();
  const after = updated(roster, close(a, b, () => true)(roster)!);
  assert.equal(finish(a, b, true)(after), undefined);
  const members = (epoch: number) =>
    after.members.map((member) => ({
      ...member,
      ...(member.name === 'b' ? { fenceEpoch: 3 } : {}),
      heartbeat: { ...member.heartbeat, epoch: member.name === 'a' ? epoch : 0 },
    }));
  assert.equal(finish(a, b, true)({ ...after, members: members(2) }), undefined);
  const done = finish(a, b, true)({ ...after, members: members(3) })!;
  assert.equal(done.put?.[0]?.state, 'finished');
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
