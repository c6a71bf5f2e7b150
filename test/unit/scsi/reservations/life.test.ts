// Proves what reservations outlast: with APTPL the stop of all gateways, without it a life of the
// cluster, and RESERVE no longer than the incarnation whose session holds it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  reservationsAfterFence,
  reservationsInLife,
} from '../../../../src/scsi/reservations/life.ts';
import {
  NO_RESERVATIONS,
  type Reservations,
} from '../../../../src/scsi/reservations/reservations.ts';
import { nexusOf } from '../../../support/nexus-names.ts';

const nexus = nexusOf('a', 1);
const registered: Reservations = {
  ...NO_RESERVATIONS,
  life: 4,
  generation: 7,
  registrations: new Map([[nexus, '00000000000000aa']]),
  persistent: { type: 1, holder: nexus },
};
const reserved: Reservations = {
  ...NO_RESERVATIONS,
  life: 4,
  reserve: { nexus, incarnation: 'one', number: 1 },
};

test('reservations are unchanged in their own life', () => {
  assert.equal(reservationsInLife(registered, 4), registered);
  assert.equal(reservationsInLife(reserved, 4), reserved);
});

test('in a later life only state with APTPL remains, and PRGENERATION restarts', () => {
  assert.deepEqual(reservationsInLife(registered, 5), { ...NO_RESERVATIONS, life: 5 });
  assert.deepEqual(reservationsInLife(reserved, 5), { ...NO_RESERVATIONS, life: 5 });
  const durable = { ...registered, aptpl: true };
  assert.deepEqual(reservationsInLife(durable, 5), { ...durable, life: 5, generation: 0 });
});

test('RESERVE ends with the incarnation that holds it', () => {
  assert.equal(reservationsAfterFence(reserved, 'two'), reserved);
  assert.equal(reservationsAfterFence(reserved, 'one').reserve, undefined);
});
