// Proves that no parameter list of PERSISTENT RESERVE OUT and no record of reservations throws;
// that a list which is refused changes nothing, and one that is taken makes a state that has a
// record; and that a record which is read is the encoding of what was read: random bytes, and good
// ones with damage. ALLPATH_FUZZ_RUNS counts the inputs of each.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeReservations, encodeReservations } from '../../src/scsi/reservations/record.ts';
import { NO_RESERVATIONS, type Reservations } from '../../src/scsi/reservations/reservations.ts';
import { reserveOut } from '../../src/scsi/reservations/reserve-out.ts';
import { isListLength, readReserveOut } from '../../src/scsi/reservations/reserve-out-list.ts';
import { readTransportIds } from '../../src/scsi/reservations/transport-id-list.ts';
import { ISCSI_PROTOCOL_IDENTIFIER } from '../../src/scsi/transport-id.ts';
import { fuzzRun } from '../support/fuzz-inputs.ts';
import { identityOf, nexusOf } from '../support/nexus-names.ts';
import { Action, moveList, reserveOutCdb, reserveOutList } from '../support/reserve-out.ts';

const { transportId } = identityOf('b', 2).initiatorPort;
const reserved: Reservations = {
  ...NO_RESERVATIONS,
  registrations: new Map([
    [nexusOf('a', 1), '0000000000000001'],
    [nexusOf('b', 1), '0000000000000002'],
    [nexusOf('b', 2), '0000000000000002'],
  ]),
  persistent: { type: 5, holder: nexusOf('a', 1) },
};
const states: readonly Reservations[] = [
  NO_RESERVATIONS,
  reserved,
  { ...reserved, aptpl: true, persistent: { type: 8, holder: undefined } },
  { ...NO_RESERVATIONS, reserve: { nexus: nexusOf('a', 1), incarnation: 'one', number: 1 } },
];

const lists = [
  reserveOutList({ key: 1, actionKey: 2, aptpl: true }),
  reserveOutList({ actionKey: 3, allTargetPorts: true }),
  reserveOutList({ actionKey: 3, transportIds: [transportId] }),
  reserveOutList({
    actionKey: 3,
    transportIds: [transportId, identityOf('c', 1).initiatorPort.transportId],
  }),
  moveList({ key: 1, actionKey: 9, targetPort: 2, transportId }),
  moveList({ key: 1, actionKey: 9, targetPort: 1, transportId, unregisters: true }),
];

/** One of them with bytes changed, a piece cut out and others put in. */
function damaged(good: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const place = fc.nat({ max: 200 });
  return fc
    .record({
      base: fc.constantFrom(...good),
      changes: fc.array(fc.tuple(place, fc.nat({ max: 255 })), { maxLength: 3 }),
      at: place,
      cut: fc.nat({ max: 8 }),
      put: fc.uint8Array({ maxLength: 8 }),
      isCut: fc.boolean(),
    })
    .map(({ base, changes, at, cut, put, isCut }) => {
      const bytes = Uint8Array.from(base);
      for (const [where, value] of changes) bytes[where % bytes.length] = value;
      if (!isCut) return bytes;
      const from = at % bytes.length;
      return Uint8Array.from([...bytes.subarray(0, from), ...put, ...bytes.subarray(from + cut)]);
    });
}

const bytes = (good: readonly Uint8Array[]) =>
  fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 120 }) },
    { weight: 5, arbitrary: damaged(good) },
  );

test('a parameter list is taken whole, or refused and changes nothing', (t) => {
  const origin = { nexus: nexusOf('a', 1), protocolIdentifier: 5, targetPorts: [1, 2] };
  const action = fc.constantFrom(...Object.values(Action));
  let taken = 0;
  fc.assert(
    fc.property(
      bytes(lists),
      action,
      fc.nat({ max: 255 }),
      fc.constantFrom(...states),
      (list, serviceAction, type, state) => {
        if (!isListLength(serviceAction, list.length)) return;
        const before = encodeReservations(state);
        const request = readReserveOut(
          Uint8Array.from(reserveOutCdb(serviceAction, type, list.length)),
          list,
          origin,
        );
        const outcome = 'status' in request ? request : reserveOut(state, request);
        assert.deepEqual(encodeReservations(state), before);
        if (!('next' in outcome)) return;
        taken++;
        assert.deepEqual(decodeReservations(encodeReservations(outcome.next)), outcome.next);
      },
    ),
    fuzzRun(t),
  );
  assert.ok(taken > 0, 'some lists are taken');
});

test('a TransportID is read in the one form that names its port, or refused', (t) => {
  const good = ['c', 'd'].map((host) => identityOf(host, 1).initiatorPort.transportId);
  let read = 0;
  fc.assert(
    fc.property(bytes([...good, Buffer.concat(good)]), fc.nat({ max: 8 }), (list, from) => {
      const found = readTransportIds(list, from, ISCSI_PROTOCOL_IDENTIFIER);
      if (found === undefined || 'status' in found) return;
      read += found.length;
      const again = readTransportIds(Buffer.concat(found), 0, ISCSI_PROTOCOL_IDENTIFIER);
      assert.deepEqual(again, found);
    }),
    fuzzRun(t),
  );
  assert.ok(read > 0, 'some are read');
});

test('a record is read only if it is the encoding of what it says', (t) => {
  let read = 0;
  fc.assert(
    fc.property(bytes(states.map(encodeReservations)), (record) => {
      const decoded = decodeReservations(record);
      if ('malformed' in decoded) return;
      read++;
      assert.deepEqual(Buffer.from(encodeReservations(decoded)), Buffer.from(record));
    }),
    fuzzRun(t),
  );
  assert.ok(read > 0, 'some records are read');
});
