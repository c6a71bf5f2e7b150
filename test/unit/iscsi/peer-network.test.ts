// Proves which addresses count as one peer: each IPv4 address by itself, IPv6 addresses by /64.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkOf } from '../../../src/iscsi/peer-network.ts';

test('an IPv4 address is a peer, also as an IPv6 socket shows it', () => {
  assert.equal(networkOf('192.0.2.1'), '192.0.2.1');
  assert.equal(networkOf('::ffff:192.0.2.1'), '192.0.2.1');
});

test('the addresses of one IPv6 network are one peer, however they are written', () => {
  const network = '2001:db8:0:7::/64';
  for (const address of [
    '2001:db8:0:7::1',
    '2001:DB8::7:0:0:0:2',
    '2001:0db8:0000:0007:1:2:3:4',
    '2001:db8:0:7:ffff::',
  ]) {
    assert.equal(networkOf(address), network, address);
  }
  assert.equal(networkOf('::1'), '0:0:0:0::/64');
  assert.equal(networkOf('fe80::1%eth0'), 'fe80:0:0:0::/64');
  assert.notEqual(networkOf('2001:db8:0:8::1'), network);
});
