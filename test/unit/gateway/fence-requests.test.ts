// A fence that is asked for by name is over when every incarnation of that name is: one that joins,
// and the one before it, whose fence is not finished.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeMessage } from '../../../src/control/channels.ts';
import { fenceNamed } from '../../../src/gateway/fence-requests.ts';
import type { Membership } from '../../../src/membership/membership.ts';

const member = (name: string, incarnation: string, state: string) => ({ name, incarnation, state });

function membershipOf(...members: readonly object[]) {
  return membershipWith({ members, view: { members } });
}

interface Members {
  /** What is read; undefined: the store does not answer. */
  readonly members?: readonly object[];
  /** As read last by the gateway that is asked. */
  readonly view: { readonly members: readonly object[] };
}

function membershipWith({ members, view }: Members) {
  const fenced: string[] = [];
  const membership = {
    self: member('a', 'a1', 'serving'),
    view,
    read: async () => {
      if (members === undefined) throw new Error('the store does not answer');
      return { members };
    },
    fence: async ({ incarnation }: { readonly incarnation: string }) => {
      if (incarnation === 'stuck') throw new Error('the monitors do not answer');
      fenced.push(incarnation);
    },
  } as unknown as Membership;
  return { fenced, ask: (name: string) => fenceNamed(membership, encodeMessage({ name })) };
}

test('every incarnation of the name that is not over is fenced', async () => {
  const { fenced, ask } = membershipOf(
    member('b', 'b1', 'finished'),
    member('b', 'b2', 'closed'),
    member('b', 'b3', 'joining'),
    member('c', 'c1', 'serving'),
  );
  assert.deepEqual(await ask('b'), { outcome: 'fenced' });
  assert.deepEqual(fenced.sort(), ['b2', 'b3']);
});

test('an incarnation that was opened since the members were read last is fenced', async () => {
  const { fenced, ask } = membershipWith({
    view: { members: [member('b', 'b1', 'serving')] },
    members: [member('b', 'b1', 'finished'), member('b', 'b2', 'joining')],
  });
  assert.deepEqual(await ask('b'), { outcome: 'fenced' });
  assert.deepEqual(fenced, ['b2']);
});

test('nothing is fenced, and that is told, when the members cannot be read', async () => {
  const { fenced, ask } = membershipWith({ view: { members: [member('b', 'b1', 'serving')] } });
  const { outcome, reason } = await ask('b');
  assert.equal(outcome, 'failed');
  assert.match(reason!, /the store does not answer/);
  assert.deepEqual(fenced, []);
});

test('one that stays is told, as are a name that nobody has and the own one', async () => {
  const { ask } = membershipOf(
    member('a', 'a1', 'serving'),
    member('b', 'b2', 'closed'),
    member('b', 'stuck', 'serving'),
  );
  const { outcome, reason } = await ask('b');
  assert.equal(outcome, 'failed');
  assert.match(reason!, /monitors/);
  assert.deepEqual(await ask('c'), { outcome: 'unknown' });
  assert.deepEqual(await ask('a'), { outcome: 'self' });
});
