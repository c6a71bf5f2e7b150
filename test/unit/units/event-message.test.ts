// Proves how an event is told: whole while the record is small, by what it changes of a larger one
// to those that have the event before it, and else by its number alone. A small change of 4,096
// registrations is told, and what is the same is not decoded.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_RESERVATIONS, SILENT } from '../../../src/scsi/reservations/reservations.ts';
import { reset } from '../../../src/scsi/unit-changes.ts';
import type { SharedState, UnitChange, UnitTransition } from '../../../src/scsi/unit-state.ts';
import { decodeEventMessage, encodeEventMessage } from '../../../src/units/event-message.ts';
import { NOTIFIED_RECORD_LENGTH_MAX } from '../../../src/units/limits.ts';
import {
  decodeUnitRecord,
  encodeUnitRecord,
  firstRecord,
  settledRecord,
  withEvent,
} from '../../../src/units/unit-record.ts';
import type { StoredUnit } from '../../../src/units/unit-records.ts';
import { nexusOf } from '../../support/nexus-names.ts';
import { stateOf, UnitsWorld, UUID } from '../../support/units-world.ts';

const author = { name: 'a', incarnation: 'i' };

function withRegistrations(count: number): SharedState {
  const names = Array.from({ length: count }, (_, i) => nexusOf(`h${i % 512}`, 1 + (i >> 9)));
  const registrations = new Map(names.map((name) => [name, '00000000000000aa']));
  return { ...stateOf(), reservations: { ...NO_RESERVATIONS, registrations } };
}

/** The unit with one more event. */
function after({ version, record }: StoredUnit, transition: UnitTransition): StoredUnit {
  const next = withEvent(record, transition, { author, serial: 1 });
  return { version: version + 1, record: next };
}

function resetAfter(before: StoredUnit): StoredUnit {
  const transition = reset(before.record.state);
  assert.ok('next' in transition);
  return after(before, transition);
}

/** One nexus gets another key, and one loses its registration. */
const registering = (state: SharedState): UnitTransition => {
  const registrations = new Map(state.reservations.registrations);
  registrations.set(nexusOf('h7', 1), '00000000000000bb');
  registrations.delete(nexusOf('h9', 2));
  const reservations = { ...state.reservations, registrations, generation: 1 };
  return { next: { ...state, reservations }, event: SILENT_EVENT };
};

function registered(before: StoredUnit): StoredUnit {
  return after(before, registering(before.record.state));
}

const SILENT_EVENT = { aborts: 'nothing', attentions: SILENT.attentions } as const;

function told(stored: StoredUnit, before: StoredUnit | undefined, known: StoredUnit) {
  const bytes = encodeEventMessage(UUID, stored, before);
  assert.ok(bytes.length < 2 * NOTIFIED_RECORD_LENGTH_MAX);
  const message = decodeEventMessage(bytes);
  assert.equal(message?.number, stored.record.number);
  return { bytes, stored: message.stored(known) };
}

test('a record that fits is sent whole to all', () => {
  const before = { version: 4, record: firstRecord(withRegistrations(10)) };
  const next = resetAfter(before);
  const elsewhere = { version: 1, record: firstRecord(stateOf()) };
  assert.deepEqual(told(next, undefined, elsewhere).stored, next);
  const { stored } = told(next, before, before);
  assert.deepEqual(stored, next);
  assert.equal(stored!.record.state.reservations, before.record.state.reservations, 'not decoded');
});

for (const [what, change] of [
  ['leaves the registrations as they are', resetAfter],
  ['changes a few registrations', registered],
] as const) {
  test(`an event that ${what} of 4,096 is sent as what it changes`, () => {
    const before = { version: 4, record: firstRecord(withRegistrations(4096)) };
    const next = change(before);
    const { bytes, stored } = told(next, before, before);
    assert.ok(bytes.length < 2048, `${bytes.length} bytes`);
    assert.deepEqual(stored, next);
    const { registrations } = next.record.state.reservations;
    assert.deepEqual([...stored!.record.state.reservations.registrations], [...registrations]);
  });
}

test('the same from another copy of the state before, and of a later version of it', () => {
  const before = { version: 4, record: firstRecord(withRegistrations(4096)) };
  const first = resetAfter(before);
  const second = registered(first);
  const settled = { version: 9, record: settledRecord(structuredClone(first.record)) };
  assert.deepEqual(told(second, first, settled).stored, second);
});

test('a record of many registrations is sent as a change although it would fit', () => {
  const before = { version: 4, record: firstRecord(withRegistrations(300)) };
  const next = registered(before);
  assert.ok(encodeUnitRecord(next.record).length < NOTIFIED_RECORD_LENGTH_MAX);
  const { bytes, stored } = told(next, before, before);
  assert.ok(bytes.length < 2048, `${bytes.length} bytes`);
  assert.deepEqual(stored, next);
});

test('the record of an event that is known is not decoded once it is settled', () => {
  const before = { version: 4, record: firstRecord(withRegistrations(10)) };
  const { record } = registered(before);
  const decoded = decodeUnitRecord(encodeUnitRecord(settledRecord(record)), record);
  assert.deepEqual(decoded, settledRecord(record));
  assert.equal(decoded.state, record.state);
});

test('a gateway without the previous event is sent only the number', () => {
  const before = { version: 4, record: firstRecord(withRegistrations(4096)) };
  const first = resetAfter(before);
  const second = registered(first);
  assert.equal(told(second, first, before).stored, undefined);
  assert.equal(told(second, undefined, first).stored, undefined);
});

test('for a change that is too long only the number is sent', () => {
  const before = { version: 4, record: firstRecord(stateOf()) };
  const next = after(before, { next: withRegistrations(4096), event: SILENT_EVENT });
  const { bytes, stored } = told(next, before, before);
  assert.ok(bytes.length < 200);
  assert.equal(stored, undefined);
});

test('gateways that have the previous event read no record, however large', async () => {
  const world = new UnitsWorld(1);
  const { gateways, units } = await world.pair(3);
  const { reservations } = withRegistrations(4096);
  const commit = (change: UnitChange) => world.within(8_000, units[0]!.state.commit(change));
  await commit((state) => ({ next: { ...state, reservations }, event: SILENT_EVENT }));
  let reads = 0;
  for (const { sim } of gateways) {
    const { get } = sim.records;
    Object.assign(sim.records, {
      get: (key: string) => {
        if (key.startsWith('units/')) reads++;
        return get(key);
      },
    });
  }
  await commit(reset);
  await commit(registering);
  assert.equal(reads, 0);
  for (const { state } of units) {
    assert.deepEqual(state.current, units[0]!.state.current);
    assert.equal(
      state.current.reservations.registrations.get(nexusOf('h7', 1)),
      '00000000000000bb',
    );
  }
});
