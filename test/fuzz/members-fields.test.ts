// Proves that no field of the members object (roster, incarnations, heartbeats, marks, the version
// of the document) does harm: the object is read, or refused by a `Failure` in words; and what is
// read of a heartbeat and of a mark is what they say. ALLPATH_FUZZ_RUNS counts the inputs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../src/base/failure.ts';
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
  type Roster,
} from '../../src/membership/roster-fields.ts';
import { fuzzRun, inputsNear } from '../support/fuzz-inputs.ts';
import { memberState } from '../support/membership-view.ts';

const member = memberState('a', {
  incarnation: 'one',
  instances: [{ address: '192.0.2.1:0/7', kind: 'records' }],
  heartbeat: { counter: 9, epoch: 3, isHolding: true, acknowledged: new Map([['u', 4]]) },
});
const mark = { unit: 'u', author: { name: 'a', incarnation: 'one' } };
const roster: Roster = {
  ...{ revision: 5, epoch: 3, life: 1, starts: 2, documentVersion: 6 },
  ...{ marks: [], members: [] },
};
const good: ReadonlyMap<string, Uint8Array> = new Map([
  [ROSTER_FIELD, encodeRoster(roster)],
  [DOCUMENT_FIELD, encode({ version: 6 })],
  [incarnationField(member), encodeIncarnation(member)],
  [aboutField(member), encodeAbout(member)],
  [heartbeatField(member), encodeHeartbeat(member.heartbeat)],
  [markField(mark), encode({})],
]);
const names = [...good.keys()];
const REFUSALS = ['membersUnreadable', 'membersFormatUnknown'];

/** A name of a field: one that is there, one near to it, or any. */
const fieldNames = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...names) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...names), fc.string()).map((p) => p.join('')) },
  { weight: 1, arbitrary: fc.string({ maxLength: 40 }) },
);

test('the members object is read, or refused in words', (t) => {
  const count = { read: 0, refused: 0 };
  const values = inputsNear(fc.constantFrom(...good.values()));
  fc.assert(
    fc.property(fieldNames, values, fc.option(fc.constantFrom(...names)), (name, value, absent) => {
      const fields = new Map(good).set(name, value);
      if (absent !== null) fields.delete(absent);
      let read: Roster;
      try {
        read = decodeRoster(fields);
      } catch (error) {
        assert.ok(error instanceof Failure && REFUSALS.includes(error.code), String(error));
        assert.match(error.message, /^the members object .{8,}/s);
        count.refused++;
        return;
      }
      count.read++;
      const counts = [read.revision, read.epoch, read.life, read.starts, read.documentVersion];
      assert.ok(counts.every((each) => Number.isSafeInteger(each) && each >= 0));
      for (const { heartbeat } of read.members) {
        const again = decodeRoster(
          new Map(good).set(heartbeatField(member), encodeHeartbeat(heartbeat)),
        );
        assert.deepEqual(again.members[0]!.heartbeat, heartbeat);
      }
      for (const each of read.marks) assert.ok(fields.has(markField(each)));
    }),
    fuzzRun(t),
  );
  assert.ok(count.read > 0 && count.refused > 0, JSON.stringify(count));
});
