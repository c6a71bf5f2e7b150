// Proves that one REGISTER cannot have a gateway name more nexuses than may register: initiator
// ports of SPEC_I_PT times all target ports. What else a list may say is proved with the command.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nexusName, transportIdOf } from '../../../../src/scsi/reservations/nexus-name.ts';
import {
  NO_RESERVATIONS,
  REGISTRATIONS_MAX,
} from '../../../../src/scsi/reservations/reservations.ts';
import { reserveOut } from '../../../../src/scsi/reservations/reserve-out.ts';
import { readReserveOut } from '../../../../src/scsi/reservations/reserve-out-list.ts';
import { conditions, results } from '../../../../src/scsi/sense-table.ts';
import { nexusesOf, nexusOf } from '../../../support/nexus-names.ts';
import {
  Action,
  type ReserveOutOptions,
  reserveOutCdb,
  reserveOutList,
} from '../../../support/reserve-out.ts';

const PORTS = 64;
const nexus = nexusOf('host', 1);

function registerRequest(initiatorPorts: number, options: ReserveOutOptions) {
  const named = nexusesOf('iqn.1993-08.org.debian:x', initiatorPorts);
  const list = reserveOutList({ ...options, transportIds: named.map(transportIdOf) });
  const request = readReserveOut(
    Uint8Array.from(reserveOutCdb(Action.register, 0, list.length)),
    list,
    {
      nexus,
      protocolIdentifier: 5,
      targetPorts: Array.from({ length: PORTS }, (_, at) => at + 1),
    },
  );
  return 'action' in request && request.action === 'register' ? request : assert.fail('refused');
}

test('the maximum of registrants can be named through every target port', () => {
  const initiatorPorts = REGISTRATIONS_MAX / PORTS;
  const { others, namesTooMany } = registerRequest(initiatorPorts, {
    actionKey: 1,
    allTargetPorts: true,
  });
  assert.equal(namesTooMany, false);
  assert.equal(others.length, (initiatorPorts + 1) * PORTS - 1);
  assert.ok(others.includes(nexusName(transportIdOf(nexus), PORTS)));
});

test('more are refused without being named, after the key was compared', () => {
  const tooMany = REGISTRATIONS_MAX / PORTS + 1;
  for (const [key, answer] of [
    [0, conditions.insufficientRegistrationResources],
    [5, results.reservationConflict],
  ] as const) {
    const request = registerRequest(tooMany, { key, actionKey: 1, allTargetPorts: true });
    assert.deepEqual([request.others, request.namesTooMany], [[], true]);
    assert.equal(reserveOut(NO_RESERVATIONS, request), answer);
  }
  const onOnePort = registerRequest(tooMany, { actionKey: 1 });
  assert.deepEqual([onOnePort.others.length, onOnePort.namesTooMany], [tooMany, false]);
});
