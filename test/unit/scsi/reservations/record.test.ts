// Proves the encoding of reservations: the bytes of one state, written out by hand; that 4,096
// registrations fit as long as their names are short; and that every damaged record is refused
// whole, with words that say what is wrong.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nexusName } from '../../../../src/scsi/reservations/nexus-name.ts';
import {
  decodeReservations,
  encodeReservations,
} from '../../../../src/scsi/reservations/record.ts';
import {
  fitsRecord,
  RESERVATIONS_MAX_BYTES,
} from '../../../../src/scsi/reservations/record-size.ts';
import {
  NO_RESERVATIONS,
  REGISTRATIONS_MAX,
  type Reservations,
} from '../../../../src/scsi/reservations/reservations.ts';
import { nexusOf } from '../../../support/nexus-names.ts';

const first = nexusOf('a', 1);
const second = nexusOf('a', 2);
const other = nexusOf('b', 2);

const state: Reservations = {
  life: 3,
  generation: 258,
  aptpl: true,
  registrations: new Map([
    [first, '00000000000000aa'],
    [other, '1122334455667788'],
    [second, '00000000000000aa'],
  ]),
  persistent: { type: 5, holder: other },
  reserve: undefined,
};

function named(name: string): string {
  return `00${name.length.toString(16).padStart(2, '0')}${Buffer.from(name).toString('hex')}`;
}

const golden = [
  // Format, flags (APTPL, a persistent reservation), life, PRGENERATION.
  '01',
  '03',
  '0000000000000003',
  '00000102',
  // Two names.
  '0002',
  named('iqn.1993-08.org.debian:01:a'),
  named('iqn.1993-08.org.debian:01:b'),
  // Three registrations of name, ISID, target port, key and flags: 19 bytes each.
  '0003',
  '0000' + '00023d000061' + '0001' + '00000000000000aa' + '00',
  '0001' + '00023d000062' + '0002' + '1122334455667788' + '00',
  '0000' + '00023d000061' + '0002' + '00000000000000aa' + '00',
  // Type, and the registration that holds it.
  '05',
  '0001',
].join('');

test('a state has these bytes', () => {
  assert.equal(Buffer.from(encodeReservations(state)).toString('hex'), golden);
  assert.deepEqual(decodeReservations(Buffer.from(golden, 'hex')), state);
});

test('RESERVE is encoded with the session that holds it', () => {
  const reserve = { nexus: other, incarnation: 'gw-1/7', number: 9 };
  const reserved = { ...NO_RESERVATIONS, reserve };
  const encoded = encodeReservations(reserved);
  assert.deepEqual(decodeReservations(encoded), reserved);
  assert.equal(encoded[1], 0x04);
});

test('the maximum of registrations fits if the names leave room', () => {
  const many = registrations(REGISTRATIONS_MAX, 100);
  assert.ok(fitsRecord(many));
  const encoded = encodeReservations(many);
  assert.ok(encoded.length <= RESERVATIONS_MAX_BYTES);
  assert.deepEqual(decodeReservations(encoded), many);
  assert.equal(fitsRecord(registrations(REGISTRATIONS_MAX + 1, 100)), false);
  assert.equal(fitsRecord(registrations(REGISTRATIONS_MAX, REGISTRATIONS_MAX)), false);
  assert.ok(fitsRecord(registrations(1024, 1024)));
});

/** Registrations of so many hosts. */
function registrations(count: number, hosts: number): Reservations {
  const all = new Map<string, string>();
  for (let i = 0; i < count; i++) {
    all.set(nexusOf(`h${i % hosts}`, 1 + Math.floor(i / hosts)), '00000000000000aa');
  }
  return { ...NO_RESERVATIONS, registrations: all };
}

test('a damaged record is refused with a message', () => {
  const head = `${golden.slice(0, 28)}`;
  const none = `${head}00000000`;
  const cases: readonly [string, string][] = [
    ['', 'the record ends too early'],
    [`02${golden.slice(2)}`, 'format 2 is of a later release'],
    [`00${golden.slice(2)}`, 'format 0 does not exist'],
    [`0183${golden.slice(4)}`, 'a flag is set that does not exist'],
    [`0103ffffffffffffffff${golden.slice(20)}`, 'the number of the life is too large'],
    [golden.slice(0, -2), 'the record ends too early'],
    [`${golden}00`, 'there is more in it than the reservations'],
    [
      golden.replace(named('iqn.1993-08.org.debian:01:b'), named('iqn.1993-08.org.debian:01:c')),
      '',
    ],
    [
      golden.replace(`0002${named('iqn.1993-08.org.debian:01:a')}`, `0002${named('initiator')}`),
      'a name is not that of an initiator',
    ],
    [golden.replace('1122334455667788', '0000000000000000'), 'a registration has key 0'],
    [
      golden.replace('112233445566778800', '112233445566778801'),
      'a registration has a flag that does not exist',
    ],
    [
      golden.replace('000200000000000000aa00', '000100000000000000aa00'),
      'a nexus is registered twice',
    ],
    [
      golden.replace('0001' + '00023d000062', '0009' + '00023d000062'),
      'a nexus has a name that is not the next of the list',
    ],
    [golden.replace('00023d0000620002', '00023d0000620000'), 'a nexus has target port 0'],
    [`${golden.slice(0, -6)}020001`, 'a reservation is of type 2'],
    [`${golden.slice(0, -6)}050003`, 'the holder is not registered'],
    [`${none}050000`, 'a reservation has no registrant'],
  ];
  for (const [bytes, words] of cases) {
    const read = decodeReservations(Buffer.from(bytes, 'hex'));
    if (words === '') assert.ok(!('malformed' in read));
    else assert.deepEqual(read, { malformed: words }, bytes);
  }
  const long = new Uint8Array(RESERVATIONS_MAX_BYTES + 1);
  assert.deepEqual(decodeReservations(long), { malformed: 'the record is too long' });
});

test('names that are unused or out of order are refused: a state has one encoding', () => {
  const [a, b] = [named('iqn.1993-08.org.debian:01:a'), named('iqn.1993-08.org.debian:01:b')];
  const swapped = golden.replace(a + b, b + a);
  const unused = golden.replace(
    `0002${a}${b}`,
    `0003${a}${b}${named('iqn.1993-08.org.debian:01:c')}`,
  );
  for (const bytes of [unused, swapped.replace('0003' + '000000023d', '0003' + '000100023d')]) {
    assert.ok('malformed' in decodeReservations(Buffer.from(bytes, 'hex')), bytes);
  }
});

test('a port of another transport is kept as it is, without an ISID', () => {
  const nexus = nexusName(
    Uint8Array.from({ length: 24 }, (_, i) => (i === 0 ? 0 : i)),
    7,
  );
  const registrations = new Map([[nexus, '00000000000000aa']]);
  const encoded = encodeReservations({ ...NO_RESERVATIONS, registrations });
  assert.deepEqual(decodeReservations(encoded), { ...NO_RESERVATIONS, registrations });
  const withIsid = Uint8Array.from(encoded);
  // Head, count of names, the name, count of registrations, its number.
  withIsid[14 + 2 + 26 + 2 + 2] = 1;
  assert.deepEqual(decodeReservations(withIsid), {
    malformed: 'an ISID is not that of an iSCSI port',
  });
});

test('a repeated name is refused', () => {
  const name = named('iqn.1993-08.org.debian:01:a');
  const twice = golden.replace(`0002${name}`, `0003${name}${name}`);
  assert.deepEqual(decodeReservations(Buffer.from(twice, 'hex')), {
    malformed: 'a name comes twice',
  });
});
