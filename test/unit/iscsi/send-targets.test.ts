import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Directory, Portal } from '../../../src/iscsi/contracts.ts';
import { formatAddress, sendTargets } from '../../../src/iscsi/send-targets.ts';

const portal = (address: string, port: number, portalGroupTag: number): Portal => ({
  address,
  port,
  portalGroupTag,
});

const C = 'iqn.2026-11.io.allpath:c';

const directory: Directory = {
  listTargets: (initiatorName, only) =>
    initiatorName === 'iqn.unlisted'
      ? []
      : [
          {
            targetName: 'iqn.a',
            portals: [portal('10.0.0.1', 3260, 1), portal('fe80::2', 3261, 2)],
          },
          { targetName: 'iqn.b', portals: [] },
          ...(initiatorName === 'iqn.c' ? [{ targetName: C, portals: [] }] : []),
        ].filter(({ targetName }) => targetName === (only ?? targetName)),
  hasPortal: () => true,
  findTarget: () => undefined,
  discoveryAuthentication: undefined,
  draining: false,
};

function ask(request: string, ownTarget?: string, initiatorName = 'iqn.me') {
  const pairs = sendTargets(request, { directory, initiatorName, ownTarget });
  return pairs && [...pairs].map(({ key, value }) => `${key}=${value}`);
}

test('an address names its portal group', () => {
  // Proves: the form of TargetAddress for IPv4 and IPv6.
  assert.equal(formatAddress(portal('10.0.0.1', 3260, 1)), '10.0.0.1:3260,1');
  assert.equal(formatAddress(portal('2001:db8::1', 860, 65535)), '[2001:db8::1]:860,65535');
});

test('a discovery session may list all or one', () => {
  // Proves: All, a name, an unknown name, and that an empty request has no meaning there.
  const a = ['TargetName=iqn.a', 'TargetAddress=10.0.0.1:3260,1', 'TargetAddress=[fe80::2]:3261,2'];
  assert.deepEqual(ask('All'), [...a, 'TargetName=iqn.b']);
  assert.deepEqual(ask('iqn.a'), a);
  assert.deepEqual(ask('iqn.c'), []);
  assert.deepEqual(ask(C.toUpperCase(), undefined, 'iqn.c'), [`TargetName=${C}`]);
  assert.equal(ask(''), undefined);
  assert.deepEqual(ask('All', undefined, 'iqn.unlisted'), []);
});

test('a normal session may list its own target only', () => {
  // Proves: empty and own name are answered, All and other names refused.
  assert.deepEqual(ask('', 'iqn.b'), ['TargetName=iqn.b']);
  assert.deepEqual(ask('iqn.b', 'iqn.b'), ['TargetName=iqn.b']);
  assert.equal(ask('All', 'iqn.b'), undefined);
  assert.equal(ask('iqn.a', 'iqn.b'), undefined);
});
