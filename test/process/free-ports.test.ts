// Proves that ports which a test chose stay its own while nobody listens on them: test files that
// run at the same time start gateways again on the same ports.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePorts } from '../support/demo.ts';

const BLOCKS = 200;
const PORTS = 4;

test('blocks of ports never overlap', async () => {
  const chosen = new Set<number>();
  for (let block = 0; block < BLOCKS; block++) {
    const first = await freePorts(PORTS);
    for (let port = first; port < first + PORTS; port++) chosen.add(port);
  }
  assert.equal(chosen.size, BLOCKS * PORTS);
});
