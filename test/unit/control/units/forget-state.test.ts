// A record that cannot be read is deleted only while it is certain that no gateway holds its unit.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeAnswer, REQUESTS_CHANNEL } from '../../../../src/control/gateway-requests.ts';
import { forgetState } from '../../../../src/control/units/forget-state.ts';
import type { MembershipView } from '../../../../src/membership/membership.ts';
import { encodeUnitRecord, firstRecord } from '../../../../src/units/unit-record.ts';
import { DiskCluster } from '../../../support/disk-cluster.ts';
import { memberState, membershipView } from '../../../support/membership-view.ts';
import { stateOf } from '../../../support/units-world.ts';

const text = (content: string) => new TextEncoder().encode(content);

async function world(bytes: Uint8Array, { holds }: { holds?: boolean } = {}) {
  const cluster = await DiskCluster.open();
  await cluster.apply({ name: 'a' });
  const { uuid } = await cluster.disk('a');
  const { records } = cluster;
  const key = `units/${uuid}`;
  await records.compareAndSet(key, 0, bytes);
  if (holds !== undefined) {
    const onNotify = () => encodeAnswer({ holds });
    await records.watch(REQUESTS_CHANNEL, { onNotify, onLost: () => {} });
  }
  const self = memberState('g', { incarnation: records.self.incarnation });
  const forget = (view: Partial<MembershipView> = { members: [self] }) => {
    const membership = { read: async () => membershipView(view) } as never;
    return forgetState({ ...cluster.context, membership }, 'a');
  };
  const isThere = async () => (await records.get(key)) !== undefined;
  return { uuid, self, forget, isThere };
}

for (const [what, bytes] of [
  ['that is not JSON', Uint8Array.of(0xff)],
  ['without its content', text('{"formatVersion":1,"content":{}}')],
  ['that is too long', new Uint8Array(300_000)],
] as const) {
  test(`a record ${what} is deleted where no gateway holds the unit`, async () => {
    const { forget, isThere } = await world(bytes, { holds: false });
    await forget();
    assert.equal(await isThere(), false);
  });
}

test('a record that can be read stays, now or by a later release', async () => {
  const good = await world(encodeUnitRecord(firstRecord(stateOf())), { holds: false });
  await assert.rejects(good.forget(), { code: 'unitRecordReadable' });
  const later = await world(text('{"formatVersion":99,"content":{}}'), { holds: false });
  await assert.rejects(later.forget(), { code: 'recordFormatUnknown', message: /later one$/ });
  assert.deepEqual([await good.isThere(), await later.isThere()], [true, true]);
});

test('a record stays while a gateway holds its unit, or does not say', async () => {
  for (const options of [{ holds: true }, {}]) {
    const { forget, isThere } = await world(Uint8Array.of(0), options);
    await assert.rejects(forget(), { code: 'unitInUse', data: { name: 'a', gateways: ['g'] } });
    assert.equal(await isThere(), true);
  }
  const { forget, self } = await world(Uint8Array.of(0), { holds: false });
  const members = [self, memberState('fenced', { state: 'closed' })];
  await assert.rejects(forget({ members }), { code: 'unitInUse' });
  await forget({ members: [self, memberState('fenced', { state: 'finished' })] });
});

test('no gateway may run that could tell the number of an event of the old record', async () => {
  const { uuid, self, forget } = await world(Uint8Array.of(0), { holds: false });
  const marks = [{ unit: uuid, author: { name: 'x', incarnation: 'gone' } }];
  await assert.rejects(forget({ members: [self], marks }), { code: 'unitInUse' });
  const heartbeat = { ...self.heartbeat, acknowledged: new Map([[uuid, 7]]) };
  await assert.rejects(forget({ members: [{ ...self, heartbeat }] }), { code: 'unitInUse' });
  await forget({ members: [], marks });
});
