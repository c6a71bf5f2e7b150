// Proves that a roster reads as it was written, and that damaged or later fields are refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MemberState } from '../../../src/membership/membership.ts';
import {
  aboutField,
  DOCUMENT_FIELD,
  decodeRoster,
  encode,
  encodeAbout,
  encodeHeartbeat,
  encodeIncarnation,
  encodeRoster,
  heartbeatField,
  incarnationField,
  markField,
  ROSTER_FIELD,
} from '../../../src/membership/roster-fields.ts';

const member: MemberState = {
  ...{ name: 'a', incarnation: '1', start: 3, state: 'serving' },
  ...{ isDraining: true, isAtRest: true, hasLeft: false },
  instances: [{ address: '10.0.0.1:0/1', kind: 'records' }],
  enforcesEvents: true,
  fenceEpoch: undefined,
  heartbeat: { counter: 7, epoch: 2, isHolding: true, acknowledged: new Map([['u', 9]]) },
};
const mark = { unit: 'unit/1', author: { name: 'b', incarnation: '2' } };
const roster = { revision: 5, epoch: 2, life: 1, starts: 3 };

function fieldsOf(one: MemberState): Map<string, Uint8Array> {
  return new Map([
    [ROSTER_FIELD, encodeRoster({ ...roster, documentVersion: 0, marks: [], members: [] })],
    [incarnationField(one), encodeIncarnation(one)],
    [aboutField(one), encodeAbout(one)],
    [heartbeatField(one), encodeHeartbeat(one.heartbeat)],
    [markField(mark), encode({})],
  ]);
}

test('a roster reads as it was written', () => {
  const states = ['joining', 'serving', 'closed', 'finished'] as const;
  for (const state of states) {
    const one = { ...member, state, fenceEpoch: state === 'closed' ? 4 : undefined };
    const read = decodeRoster(fieldsOf(one));
    assert.deepEqual(read, { ...roster, documentVersion: 0, marks: [mark], members: [one] });
  }
});

test('no fields at all are a roster of nobody', () => {
  const nobody = { revision: 0, epoch: 0, life: 0, starts: 0, documentVersion: 0 };
  assert.deepEqual(decodeRoster(new Map()), { ...nobody, marks: [], members: [] });
});

test('a field of a later format is refused in words, whichever it is', () => {
  const later = new TextEncoder().encode(JSON.stringify({ v: 2, state: 'open', instances: [] }));
  for (const field of [...fieldsOf(member).keys(), DOCUMENT_FIELD]) {
    assert.throws(() => decodeRoster(fieldsOf(member).set(field, later)), {
      code: 'membersFormatUnknown',
      message: /format 2, and this release reads formats up to 1/,
    });
  }
});

test('what a field says beside what is known is left out', () => {
  const fields = fieldsOf(member);
  for (const [field, bytes] of fields) {
    const content = JSON.parse(new TextDecoder().decode(bytes));
    fields.set(field, new TextEncoder().encode(JSON.stringify({ ...content, colour: 'blue' })));
  }
  assert.deepEqual(decodeRoster(fields).members, [member]);
});

test('a field that is damaged, or of a state that this release does not know, is refused', () => {
  const refused = { code: 'membersUnreadable' };
  const bad: readonly (readonly [string, Uint8Array])[] = [
    [ROSTER_FIELD, new TextEncoder().encode('{')],
    [ROSTER_FIELD, encode({ epoch: -1 })],
    [incarnationField(member), encode({ state: 'elsewhere' })],
    [aboutField(member), encode({ instances: 'none' })],
    [heartbeatField(member), encode({ acknowledged: { u: -1 } })],
    ['mark:b', encode({})],
    [markField(mark), new TextEncoder().encode('null')],
    [ROSTER_FIELD, new TextEncoder().encode('{"v":0}')],
    [ROSTER_FIELD, new TextEncoder().encode('{"revision":1}')],
    [heartbeatField(member), new TextEncoder().encode('{"v":"1"}')],
  ];
  for (const [field, bytes] of bad) {
    assert.throws(() => decodeRoster(fieldsOf(member).set(field, bytes)), refused, field);
  }
});
