// Proves that no record of a logical unit and no message of an event does harm: a record is read or
// refused by a `Failure` in words, a message is read or says nothing, and what is read is written
// and read as the same. Random bytes, random JSON, and good ones with damage to their bytes and to
// their content. ALLPATH_FUZZ_RUNS counts the inputs of each.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Failure } from '../../src/base/failure.ts';
import { NO_RESERVATIONS } from '../../src/scsi/reservations/reservations.ts';
import { type ConditionName, conditions } from '../../src/scsi/sense-table.ts';
import type { SharedState, UnitEvent } from '../../src/scsi/unit-state.ts';
import {
  decodeAcknowledgement,
  decodeEventMessage,
  encodeAcknowledgement,
  encodeEventMessage,
} from '../../src/units/event-message.ts';
import {
  decodeNextRecord,
  decodeUnitRecord,
  encodeNextRecord,
  encodeUnitRecord,
  firstRecord,
  type UnitRecord,
} from '../../src/units/unit-record.ts';
import { fuzzRun, inputsNear } from '../support/fuzz-inputs.ts';
import { nexusesOf, nexusOf } from '../support/nexus-names.ts';
import { unitState } from '../support/scsi-call.ts';

const nexuses = [nexusOf('a', 1), nexusOf('b', 1), nexusOf('b', 2)];
/** More than an event names as they are. */
const many = nexusesOf('iqn.1993-08.org.debian:01:c', 40);
const named = fc.oneof(fc.subarray(nexuses), fc.constant(many));

const states: fc.Arbitrary<SharedState> = fc
  .record({
    blocks: fc.nat({ max: 2 ** 31 }),
    blockLengthBytes: fc.constantFrom(512, 4096),
    readOnly: fc.boolean(),
    naa: fc.uint8Array({ minLength: 8, maxLength: 8 }),
    swp: fc.boolean(),
    modeLife: fc.option(fc.nat(), { nil: undefined }),
    peripheral: fc.uint8Array({ maxLength: 64 }),
    text: fc.uint8Array({ maxLength: 256 }),
    keys: fc.subarray(nexuses),
    aptpl: fc.boolean(),
    generation: fc.nat(),
    reserve: fc.option(fc.constantFrom(...nexuses), { nil: undefined }),
  })
  .map(({ blocks, blockLengthBytes, readOnly, naa, swp, keys, aptpl, generation, ...rest }) => {
    const { reserve, modeLife, peripheral, text } = rest;
    const state = unitState({ blocks, blockLengthBytes, readOnly, naa });
    const { current, saved } = state.modes;
    const [holder] = keys;
    const reservations = {
      ...{ ...NO_RESERVATIONS, life: 3, generation, aptpl },
      registrations: new Map(keys.map((nexus, at) => [nexus, `${at + 1}`.padStart(16, '0')])),
      persistent: holder === undefined ? undefined : ({ type: 5, holder } as const),
      reserve:
        reserve === undefined ? undefined : { nexus: reserve, incarnation: 'one', number: 7 },
    };
    const modes = { current: { ...current, swp }, saved, life: modeLife };
    return { ...state, modes, reservations, identifying: { peripheral, text } };
  });

const groups = fc.oneof(fc.constant('all' as const), fc.constant('others' as const));
const attentions = fc
  .tuple(fc.constantFrom(...(Object.keys(conditions) as ConditionName[])), fc.oneof(groups, named))
  .map(([condition, told]) => ({ condition, nexuses: told }));
const aborts = fc.oneof(fc.constant('nothing' as const), fc.constant('everything' as const), named);
const events: fc.Arbitrary<UnitEvent> = fc
  .tuple(aborts, fc.array(attentions, { maxLength: 3 }), fc.option(fc.string()))
  .map(([aborted, told, endsTarget]) => ({
    ...{ aborts: aborted, attentions: told },
    ...(endsTarget === null ? {} : { endsTarget }),
  }));

const records: fc.Arbitrary<UnitRecord> = fc
  .record({
    number: fc.nat({ max: 2 ** 40 }),
    isSettled: fc.boolean(),
    state: states,
    event: events,
    incarnation: fc.string({ maxLength: 20 }),
    serial: fc.nat(),
  })
  .map(({ number, isSettled, state, event, incarnation, serial }) => {
    if (number === 0) return { number, settled: 0, state };
    const last = { event, author: { name: 'a', incarnation }, serial };
    return { number, settled: isSettled ? number : number - 1, state, last };
  });

const SILENT_EVENT: UnitEvent = { aborts: 'nothing', attentions: [] };
const nothingKnown = { version: 0, record: firstRecord(unitState({})) };

const REFUSALS = ['recordMalformed', 'recordFormatUnknown', 'recordsTooLarge'];

test('a record is read as it was written', (t) => {
  fc.assert(
    fc.property(records, (record) => {
      assert.deepEqual(decodeUnitRecord(encodeUnitRecord(record)), record);
    }),
    fuzzRun(t),
  );
});

test('a record is read, or refused in words', (t) => {
  const count = { read: 0, refused: 0 };
  fc.assert(
    fc.property(inputsNear(records.map(encodeUnitRecord)), (bytes) => {
      let record: UnitRecord;
      try {
        record = decodeUnitRecord(bytes);
      } catch (error) {
        assert.ok(error instanceof Failure && REFUSALS.includes(error.code), String(error));
        assert.match(error.message, /^a logical unit record.* .{4,}/s);
        count.refused++;
        return;
      }
      count.read++;
      assert.deepEqual(decodeUnitRecord(encodeUnitRecord(record)), record);
    }),
    fuzzRun(t),
  );
  assert.ok(count.read > 0 && count.refused > 0, JSON.stringify(count));
});

/** Two records, of which one has the next event after the other. */
const neighbours = fc.tuple(records, records).map(([before, record]) => {
  const { last = { event: SILENT_EVENT, author: { name: 'a', incarnation: 'i' }, serial: 1 } } =
    record;
  return { before, next: { ...record, number: before.number + 1, settled: before.number, last } };
});

test('a record that is told as a change is read as it was written', (t) => {
  fc.assert(
    fc.property(neighbours, ({ before, next }) => {
      assert.deepEqual(decodeNextRecord(before, encodeNextRecord(before, next)), next);
    }),
    fuzzRun(t),
  );
});

test('a record that is told as a change is read, or refused in words', (t) => {
  const pairs = neighbours.chain(({ before, next }) =>
    fc.tuple(fc.constant(before), inputsNear(fc.constant(encodeNextRecord(before, next)))),
  );
  const count = { read: 0, refused: 0 };
  fc.assert(
    fc.property(pairs, ([before, bytes]) => {
      let record: UnitRecord;
      try {
        record = decodeNextRecord(before, bytes);
      } catch (error) {
        assert.ok(error instanceof Failure && REFUSALS.includes(error.code), String(error));
        count.refused++;
        return;
      }
      count.read++;
      assert.deepEqual(decodeUnitRecord(encodeUnitRecord(record)), record);
    }),
    fuzzRun(t),
  );
  assert.ok(count.read > 0 && count.refused > 0, JSON.stringify(count));
});

test('a message of an event is read as it was told', (t) => {
  fc.assert(
    fc.property(records, fc.nat(), fc.uuid(), (record, version, uuid) => {
      const message = decodeEventMessage(encodeEventMessage(uuid, { version, record }));
      assert.equal(message?.uuid, uuid);
      assert.equal(message.number, record.number);
      assert.deepEqual(message.stored(nothingKnown), { version, record });
    }),
    fuzzRun(t),
  );
});

test('a message of an event is read, or says nothing', (t) => {
  const good = fc
    .tuple(records, fc.nat(), fc.uuid())
    .map(([record, version, uuid]) => encodeEventMessage(uuid, { version, record }));
  const count = { read: 0, unread: 0 };
  fc.assert(
    fc.property(inputsNear(good), (bytes) => {
      const message = decodeEventMessage(bytes);
      if (message === undefined) return void count.unread++;
      count.read++;
      const { uuid, number } = message;
      assert.ok(Number.isSafeInteger(number) && number >= 0);
      const stored = message.stored(nothingKnown);
      if (stored === undefined) return;
      assert.equal(stored.record.number, number);
      const again = decodeEventMessage(encodeEventMessage(uuid, stored));
      assert.deepEqual(again?.stored(nothingKnown), stored);
    }),
    fuzzRun(t),
  );
  assert.ok(count.read > 0 && count.unread > 0, JSON.stringify(count));
});

test('an answer acknowledges the event that it names, or nothing', (t) => {
  const good = fc.record({ number: fc.nat(), isWaiting: fc.boolean() }).map(encodeAcknowledgement);
  fc.assert(
    fc.property(inputsNear(good), (bytes) => {
      const read = decodeAcknowledgement(bytes);
      if (read === undefined) return;
      assert.deepEqual(decodeAcknowledgement(encodeAcknowledgement(read)), read);
    }),
    fuzzRun(t),
  );
});
