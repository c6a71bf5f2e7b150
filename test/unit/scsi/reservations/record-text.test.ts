// Proves that reservations are encoded once, that the same text is not decoded again, and that
// there is one text of a state.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  reservationsOfText,
  reservationsText,
} from '../../../../src/scsi/reservations/record-text.ts';
import { NO_RESERVATIONS } from '../../../../src/scsi/reservations/reservations.ts';
import { nexusOf } from '../../../support/nexus-names.ts';

const registrations = new Map([[nexusOf('a', 1), '00000000000000aa']]);
const state = { ...NO_RESERVATIONS, registrations };

test('a text is decoded to the state that it encodes', () => {
  assert.deepEqual(reservationsOfText(reservationsText(state)), state);
});

test('an unchanged text is not decoded again', () => {
  const text = reservationsText(state);
  assert.equal(reservationsOfText(text, state), state);
  const other = { ...state, generation: 1 };
  const decoded = reservationsOfText(text, other);
  assert.notEqual(decoded, other);
  assert.deepEqual(decoded, state);
});

test('a state is encoded once', () => {
  const counted = new Map(registrations);
  let reads = 0;
  counted.entries = () => {
    reads++;
    return registrations.entries();
  };
  counted[Symbol.iterator] = counted.entries;
  const value = { ...state, registrations: counted };
  assert.equal(reservationsText(value), reservationsText(value));
  assert.equal(reads, 1);
});

test('text that is not canonical is refused: a state has one encoding', () => {
  const text = reservationsText(state);
  for (const other of [`${text} `, ` ${text}`, `${text}=`, text.replace(/=+$/, ''), '-']) {
    if (other === text) continue;
    assert.throws(() => reservationsOfText(other), /^Error: reservations: /, other);
  }
});
