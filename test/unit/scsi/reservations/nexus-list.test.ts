// Proves that the nexuses of an event are read as they were written, in their order, that anything
// else is refused in words, and that as many as may register take no more than reservations may.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeNexusList, encodeNexusList } from '../../../../src/scsi/reservations/nexus-list.ts';
import { RESERVATIONS_MAX_BYTES } from '../../../../src/scsi/reservations/record-size.ts';
import { REGISTRATIONS_MAX } from '../../../../src/scsi/reservations/reservations.ts';
import { nexusesOf, nexusOf } from '../../../support/nexus-names.ts';

const LONGEST_NAME = `iqn.1993-08.org.debian:${'x'.repeat(200)}`;

test('nexuses are decoded as they were encoded', () => {
  const all = [nexusOf('b', 2), nexusOf('a', 1), nexusOf('b', 1)];
  for (const nexuses of [[], all.slice(0, 1), all, all.toReversed()]) {
    assert.deepEqual(decodeNexusList(encodeNexusList(nexuses)), nexuses);
  }
});

test('the maximum of nexuses needs no more room than their registrations', () => {
  const nexuses = nexusesOf(LONGEST_NAME, REGISTRATIONS_MAX);
  const text = encodeNexusList(nexuses);
  assert.ok((text.length * 3) / 4 <= RESERVATIONS_MAX_BYTES);
  assert.deepEqual(decodeNexusList(text), nexuses);
});

test('a malformed list is refused with a message', () => {
  const bytes = Buffer.from(encodeNexusList([nexusOf('a', 1), nexusOf('b', 1)]), 'base64');
  const tooMany = Buffer.from(bytes);
  tooMany.writeUInt16BE(REGISTRATIONS_MAX + 1, bytes.length - 2 * 10 - 2);
  const fewer = Buffer.concat([bytes.subarray(0, -22), Buffer.of(0, 1), bytes.subarray(-20, -10)]);
  for (const [list, reason] of [
    [Buffer.of(), /ends too early/],
    [bytes.subarray(0, -1), /ends too early/],
    [Buffer.concat([bytes, Buffer.of(0)]), /more in it than the nexuses/],
    [tooMany, /more nexuses than may register/],
    [fewer, /a name is unused/],
    [Buffer.of(0, 1, 0, 1, 0xff), /not that of an initiator/],
  ] as const) {
    const decoded = decodeNexusList(list.toString('base64'));
    assert.match('malformed' in decoded ? decoded.malformed : 'read', reason);
  }
});
