// Proves of the network namespaces that faults are made with: each has a subnet of its own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NetworkNamespace } from '../support/network-namespace.ts';

const missing = await NetworkNamespace.missing();

test('a subnet that another namespace has is not taken again', { skip: missing }, async () => {
  await using one = await NetworkNamespace.create();
  const [, second, third] = one.address.split('.').map(Number);
  const taken = ((second! - 18) << 8) | third!;
  const choices = [taken, taken, (taken + 1) % 512];
  await using other = await NetworkNamespace.create(() => choices.shift()!);
  assert.notEqual(other.address, one.address);
  assert.equal(choices.length, 0);
});
