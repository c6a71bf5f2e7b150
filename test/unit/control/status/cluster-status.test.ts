// The status is put together from the document, the gateways that answer, the membership and the
// store; a store that does not answer takes nothing from it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  encodeMessage,
  type GatewayStatus,
  STATUS_CHANNEL,
} from '../../../../src/control/channels.ts';
import type { ControlContext } from '../../../../src/control/control-context.ts';
import { clusterStatus } from '../../../../src/control/status/cluster-status.ts';
import { MembershipStore } from '../../../../src/membership/membership-store.ts';
import { open, serve } from '../../../../src/membership/roster-changes.ts';
import { documentDraft } from '../../../support/cluster-document.ts';
import { DiskCluster } from '../../../support/disk-cluster.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const gateways = ['g0', 'g1'].map((name, i) => ({
  name,
  portals: [{ address: '192.0.2.1', port: 3260 + i }],
}));
const advice = { gatewayCommand: (name: string) => `run ${name}` };

/** What a gateway answers; the figures do not matter here. */
function answer(name: string, part: Partial<GatewayStatus> = {}): Uint8Array {
  return encodeMessage({ name, documentVersion: 1, portals: ['p'], ...part } as GatewayStatus);
}

async function cluster({ withIds = false } = {}) {
  const cluster = await DiskCluster.open({ withIds });
  const disks = [{ name: 'a', size: '1M' }];
  await cluster.change(() => documentDraft({ disks, gateways }));
  const says = async (message: Uint8Array) => {
    await cluster.records.watch(STATUS_CHANNEL, { onNotify: () => message, onLost: () => {} });
  };
  const status = (part: Partial<ControlContext> = {}) =>
    clusterStatus({ ...cluster.context, ...part }, advice);
  return { cluster, says, status };
}

test('a store without a document has nothing but that problem', async () => {
  const { context } = await DiskCluster.open();
  const status = await clusterStatus(context, advice);
  assert.deepEqual([status.version, status.gateways, status.silent], [0, [], []]);
  assert.deepEqual(
    status.problems.map(({ kind }) => kind),
    ['documentMissing'],
  );
});

test('gateways are those that answer, and those of the document that do not', async () => {
  const { says, status } = await cluster();
  await says(answer('g0', { unserved: { count: 1, disks: [{ disk: 'a', reason: 'why' }] } }));
  const found = await status();
  assert.deepEqual(
    found.gateways.map(({ name }) => name),
    ['g0'],
  );
  assert.deepEqual(found.silentStates, [
    { name: 'g1', state: 'not running', portals: ['192.0.2.1:3261'] },
  ]);
  assert.deepEqual(
    found.problems.map(({ message }) => message),
    ['gateway g1 is not running: start it (run g1)', 'disk a: not served by g0: why'],
  );
});

test('what the membership knows of a silent gateway is told', async () => {
  const { cluster: there, says, status } = await cluster();
  const { records, clock, random } = there.context;
  const membership = new MembershipStore({ records, clock, random });
  const self = { name: 'g1', incarnation: '1' };
  await membership.change(open({ self, instances: [], passedEpoch: 0, dead: undefined }));
  await says(answer('g0'));
  assert.equal((await status()).silentStates[0]?.state, 'joining');
  await membership.change(serve(self));
  const { members, silentStates } = await status();
  assert.deepEqual([members.list[0]?.state, silentStates[0]?.state], ['serving', 'not running']);
});

test('an image that is called otherwise is named; a store that hangs is waited for, bounded', async () => {
  const { cluster: there, status } = await cluster({ withIds: true });
  const { id } = (await there.volumes.list())[0]!;
  const volumes = Object.create(there.volumes, {
    names: { value: async () => new Map([[id, 'b']]) },
  });
  assert.deepEqual((await status({ volumes })).renamed, [
    { disk: 'a', volume: 'a', id, name: 'b' },
  ]);

  const clock = new VirtualClock();
  const hanging = Object.create(there.volumes, {
    names: { value: () => new Promise(() => {}) },
    places: { value: () => Promise.reject(new Error('no answer')) },
  });
  const asking = status({ volumes: hanging, clock });
  await clock.advance(3_000);
  assert.deepEqual((await asking).renamed, []);
});

test('a place that is nearly full is a problem from the threshold of the document on', async () => {
  const { cluster: there, says, status } = await cluster();
  await says(answer('g0'));
  const volumes = Object.create(there.volumes, {
    places: { value: async () => [{ place: 'store', usedBytes: 99, availableBytes: 1 }] },
  });
  const kinds = (await status({ volumes })).problems.map(({ kind }) => kind);
  assert.deepEqual(kinds, ['gatewayNotServing', 'storeNearlyFull']);
});
