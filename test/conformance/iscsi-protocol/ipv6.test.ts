// Proves that a portal on an IPv6 address serves, and that discovery writes it in brackets.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { read16 } from '../../initiator/cdb.ts';
import { Initiator } from '../../initiator/initiator.ts';
import { DocumentGateway } from '../../support/document-gateway.ts';

const TARGET = 'iqn.2026-11.test:six';

test('login, discovery and a read through [::1]', async () => {
  const parts = {
    disks: [{ name: 'disk1', size: '16M' }],
    targets: [{ iqn: TARGET, luns: { 0: 'disk1' }, access: 'any' }],
  };
  await using gateway = await DocumentGateway.start(parts, '::1');
  const discovery = await Initiator.connect({ ...gateway.address, sessionType: 'Discovery' });
  const [address] = (await discovery.sendTargets()).get(TARGET) ?? [];
  assert.match(address ?? '', new RegExp(`^\\[::1\\]:${gateway.address.port},[0-9]+$`));
  await discovery.logout();
  const session = await Initiator.connect({ ...gateway.address, targetName: TARGET });
  await session.execute({ cdb: read16(0, 1), dataInLength: 512 });
  const read = await session.execute({ cdb: read16(0, 1), dataInLength: 512 });
  assert.deepEqual([read.status, read.dataIn.length], [0, 512]);
  await session.logout();
});
