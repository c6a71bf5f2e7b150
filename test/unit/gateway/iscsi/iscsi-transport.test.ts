// Proves that the transport listens for the gateway's own portals of a document alone, keeps those
// that stay, closes those that go, and opens none once it was told to stop; over listeners that are
// literals.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Listen } from '../../../../src/base/byte-stream.ts';
import { IscsiTransport } from '../../../../src/gateway/iscsi/iscsi-transport.ts';
import { PortGroups } from '../../../../src/gateway/port-groups.ts';
import { servedDocument } from '../../../../src/gateway/served-document.ts';
import { silentLog } from '../../../../src/log/log.ts';
import { clusterDocument } from '../../../support/cluster-document.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const [a, b, c] = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];

function world() {
  const open = new Set<string>();
  const listen: Listen = async (address) => {
    open.add(address.address);
    return { address, close: async () => void open.delete(address.address) };
  };
  const transport = new IscsiTransport({
    ...{ gateway: 'g', listen, portGroups: new PortGroups('g'), mayAct: () => true },
    ...{ clock: new VirtualClock(), random: new SeededRandom(1), log: silentLog },
    settings: clusterDocument({}).settings,
    deviceServer: { openNexus: () => assert.fail('nobody logs in') },
  });
  return { open, transport };
}

function document(...addresses: readonly (string | undefined)[]) {
  const portals = addresses.map((address) => ({ address }));
  const gateways = [
    { name: 'h', portals: [{ address: '10.0.0.9' }] },
    ...(portals.length === 0 ? [] : [{ name: 'g', portals }]),
  ];
  return servedDocument(clusterDocument({ gateways }), new Map());
}

test('portals open before a document is served, and close when it is', async () => {
  const { open, transport } = world();
  const first = document(a, b);
  await transport.listen(first);
  transport.serve(first);
  await transport.endRefused();
  assert.deepEqual([...open], [a, b]);
  const next = document(b, c);
  await transport.listen(next);
  assert.deepEqual([...open].sort(), [a, b, c], 'sessions of the old document go on');
  transport.serve(next);
  await transport.endRefused();
  assert.deepEqual([...open].sort(), [b, c]);
  assert.deepEqual(transport.portals, [`${b}:3260`, `${c}:3260`]);
});

test('a gateway that the document lacks listens nowhere', async () => {
  const { open, transport } = world();
  await transport.listen(document(a));
  transport.serve(document());
  await transport.endRefused();
  assert.deepEqual([[...open], transport.portals], [[], []]);
});

test('nothing listens after the end, also where a document comes late', async () => {
  const { open, transport } = world();
  await transport.listen(document(a));
  const late = transport.listen(document(a, b, c));
  await transport.stopListening();
  await late;
  assert.deepEqual([...open], []);
  await transport.close('test');
});
