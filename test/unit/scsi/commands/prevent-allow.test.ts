// Proves PREVENT ALLOW MEDIUM REMOVAL: accepted, because nothing can be removed; obsolete values
// are refused, and only what prevents conflicts with reservations of others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandTable, commands } from '../../../../src/scsi/command-table.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { run } from '../../../support/scsi-call.ts';

const cdb = (prevent: number) => [0x1e, 0, 0, 0, prevent, 0];

test('0 and 1 are good, the obsolete values are not', async () => {
  const results = await Promise.all([0, 1, 2, 3].map((prevent) => run(cdb(prevent))));
  const { good, checkCondition } = Status;
  assert.deepEqual(
    results.map(({ result }) => result.status),
    [good, good, checkCondition, checkCondition],
  );
});

test('reservations of others stop what prevents, not what allows', () => {
  const row = new CommandTable(commands).find(Uint8Array.from(cdb(0)));
  assert.equal(row?.passesReservations(Uint8Array.from(cdb(0))), true);
  assert.equal(row?.passesReservations(Uint8Array.from(cdb(1))), false);
});
