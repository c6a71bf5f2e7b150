// A gateway that answers serves the newest version, an older one, or nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayStatus } from '../../../../src/control/channels.ts';
import { gatewayState } from '../../../../src/control/status/gateway-state.ts';

function stateAt(version: number, part: Partial<GatewayStatus>) {
  const status = { draining: false, documentVersion: 5, portals: ['192.0.2.1:3260'], ...part };
  return gatewayState(status as GatewayStatus, version);
}

test('a gateway serves the newest version, or says which it serves', () => {
  assert.deepEqual(stateAt(5, {}), { kind: 'serving' });
  assert.deepEqual(stateAt(4, {}), { kind: 'serving' }, 'it was applied while status asked');
  assert.deepEqual(stateAt(6, {}), { kind: 'servingOlder', version: 5 });
});

test('one that drains does so whatever it serves; one without portals left the document', () => {
  assert.deepEqual(stateAt(6, { draining: true, portals: [] }), { kind: 'draining' });
  assert.deepEqual(stateAt(5, { portals: [] }), { kind: 'notInDocument' });
});
