// Proves that a nexus is cut into the same parts before and after more others than are remembered,
// and that only an iSCSI port in its one form is cut.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initiatorPort, nexusOfPort } from '../../../../src/scsi/reservations/initiator-port.ts';
import { targetPortOf, transportIdOf } from '../../../../src/scsi/reservations/nexus-name.ts';
import { nexusOf } from '../../../support/nexus-names.ts';

test('every nexus is cut into what makes it again', () => {
  const nexuses = Array.from({ length: 5_000 }, (_, index) => nexusOf(`h${index}`, 1 + index));
  const first = initiatorPort(nexuses[0]!);
  assert.deepEqual(first.kind, 'iscsi');
  for (const nexus of [...nexuses, ...nexuses]) {
    assert.equal(nexusOfPort(initiatorPort(nexus), targetPortOf(nexus)), nexus);
  }
  assert.deepEqual(initiatorPort(nexuses[0]!), first);
});

test('a TransportID of another form stays whole', () => {
  const nexus = nexusOf('host', 1);
  const transportId = transportIdOf(nexus);
  for (const at of [0, 1, 2, 3, transportId.length - 1]) {
    const other = Uint8Array.from(transportId);
    other[at] = other[at]! ^ 1;
    const digits = Buffer.from(other).toString('hex');
    assert.deepEqual(initiatorPort(`1:${digits}`), {
      ...{ kind: 'other', name: digits, isid: '00'.repeat(6) },
    });
  }
});
