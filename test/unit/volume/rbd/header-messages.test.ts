// The messages on a header object are librbd's, byte for byte; what gateways add to theirs is read
// back, and what is cut short or unknown changes nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  GATEWAY_ANSWER,
  gatewayUpdate,
  headerMessage,
  isGatewayAnswer,
} from '../../../../src/volume/rbd/header-messages.ts';

/** As seen on a cluster of Ceph 16.2.15. */
const UPDATE = hex('07010400000003000000');
const ACQUIRED_LOCK = hex('07011400000000000000131000000000000060140058457f0000');
const QUIESCE = hex('07011c000000120000001710000000000000c00d0030d87f00000200000000000000');
const UNQUIESCE = hex('07011c000000130000001710000000000000c00d0030d87f00000200000000000000');
const request = '1710000000000000c00d0030d87f00000200000000000000';

function hex(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits, 'hex'));
}

test('messages of librbd are told apart', () => {
  assert.deepEqual(headerMessage(UPDATE), { kind: 'update', goesBy: undefined });
  assert.deepEqual(headerMessage(new Uint8Array()), { kind: 'update', goesBy: undefined });
  assert.deepEqual(headerMessage(ACQUIRED_LOCK), { kind: 'other' });
  assert.deepEqual(headerMessage(QUIESCE), { kind: 'quiesce', request });
  assert.deepEqual(headerMessage(UNQUIESCE), { kind: 'unquiesce', request });
  assert.deepEqual(headerMessage(UPDATE.subarray(0, 9)), { kind: 'other' });
});

test("a gateway's update is a header update to librbd, and carries what the gateway goes by", () => {
  const goesBy = { version: 12_345_678_901, content: 'features=0100\nsize=00' };
  const bytes = new Uint8Array(gatewayUpdate(goesBy));
  assert.deepEqual(headerMessage(bytes), { kind: 'update', goesBy });
  assert.deepEqual(bytes.subarray(0, 2), UPDATE.subarray(0, 2));
  assert.equal(new DataView(bytes.buffer).getUint32(2, true), bytes.length - 6);
  assert.deepEqual(bytes.subarray(6, 10), UPDATE.subarray(6, 10));
  for (const length of [11, 20, 25]) {
    const cut = headerMessage(bytes.subarray(0, length));
    assert.deepEqual(cut, { kind: 'update', goesBy: undefined });
  }
});

test("a gateway's answer is no answer of librbd", () => {
  assert.ok(isGatewayAnswer(GATEWAY_ANSWER));
  assert.ok(!isGatewayAnswer(new Uint8Array()));
  assert.ok(!isGatewayAnswer(hex('01010400000000000000')));
});
