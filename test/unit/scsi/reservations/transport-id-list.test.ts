// Proves how TransportIDs of a parameter list are read: in whatever form an initiator writes its
// port they come out as a login makes them, and any that is damaged, of another transport, without
// an ISID or given twice is refused at the field that is wrong.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandResult } from '../../../../src/scsi/command-result.ts';
import { readTransportIds } from '../../../../src/scsi/reservations/transport-id-list.ts';
import { identityOf } from '../../../support/nexus-names.ts';

const ISCSI = 5;
const name = 'iqn.1993-08.org.debian:01:a';
const own = identityOf('a', 1).initiatorPort.transportId;

function transportId(text: string, { format = 1, padding = 1, protocol = ISCSI } = {}): Buffer {
  const bytes = Buffer.from(text);
  const length = Math.ceil((bytes.length + padding) / 4) * 4;
  const header = Buffer.from([(format << 6) | protocol, 0, length >> 8, length & 0xff]);
  return Buffer.concat([header, bytes, Buffer.alloc(length - bytes.length)]);
}

function pointer(read: ReturnType<typeof readTransportIds>): unknown {
  const { sense } = read as CommandResult;
  assert.equal(sense?.code, 0x2600);
  return sense?.fieldPointer;
}

test('all spellings of a port name the same port', () => {
  for (const text of [
    `${name},i,0x00023d000061`,
    `${name.toUpperCase()},i,0x00023D000061`,
    `${name},i,0x23d000061`,
  ]) {
    assert.deepEqual(readTransportIds(transportId(text), 0, ISCSI), [own]);
  }
  const padded = transportId(`${name},i,0x00023d000061`, { padding: 9 });
  assert.deepEqual(readTransportIds(padded, 0, ISCSI), [own]);
});

test('a list may have several ports, each once', () => {
  const [a, b] = ['1', '2'].map((digit) => transportId(`${name},i,0x${digit}`));
  const both = readTransportIds(Buffer.concat([a!, b!]), 0, ISCSI);
  assert.equal((both as Uint8Array[]).length, 2);
  const again = transportId(`${name},i,0x01`);
  assert.deepEqual(pointer(readTransportIds(Buffer.concat([a!, b!, again]), 0, ISCSI)), {
    inCdb: false,
    byte: a!.length + b!.length,
  });
});

test('a TransportID that names no initiator port is refused at its field', () => {
  const at = (byte: number, bit?: number) =>
    bit === undefined ? { inCdb: false, byte } : { inCdb: false, byte, bit };
  const good = `${name},i,0x1`;
  const cases: readonly [Buffer, unknown][] = [
    [transportId(name, { format: 0 }), at(0, 7)],
    [transportId(good, { protocol: 0 }), at(0, 3)],
    [transportId('not a name,i,0x1'), at(4)],
    [transportId(name), at(4)],
    [transportId(`${name},i,0x0000000000001`), at(4)],
    [transportId(`${good}\0x`), at(4)],
    [transportId(`${name},i,0x1234`, { padding: 0 }), at(4)],
    [Buffer.concat([Buffer.from([0x45, 0, 0, 16]), Buffer.alloc(16)]), at(2, 7)],
    [Buffer.concat([Buffer.from([0x45, 0, 0, 21]), Buffer.alloc(24)]), at(2, 7)],
  ];
  for (const [list, expected] of cases) {
    assert.deepEqual(pointer(readTransportIds(list, 0, ISCSI)), expected, list.toString('latin1'));
  }
});

test('a truncated TransportID is refused', () => {
  const whole = transportId(`${name},i,0x1`);
  for (let length = 1; length < whole.length; length++) {
    assert.equal(readTransportIds(whole.subarray(0, length), 0, ISCSI), undefined);
  }
});

test('another transport has TransportIDs of 24 bytes', () => {
  const list = Buffer.concat([Buffer.alloc(24), Buffer.alloc(24, 1).fill(0, 0, 1)]);
  assert.equal((readTransportIds(list, 0, 0) as Uint8Array[]).length, 2);
  assert.equal(readTransportIds(list.subarray(0, 47), 0, 0), undefined);
});
