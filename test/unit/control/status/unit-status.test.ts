// Of each unit with a mark the status tells the event that is not settled, and what it waits for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GatewayStatus } from '../../../../src/control/channels.ts';
import { readMarkedUnits, unitsStatus } from '../../../../src/control/status/unit-status.ts';
import type { MemberState } from '../../../../src/membership/membership.ts';
import { reset } from '../../../../src/scsi/unit-changes.ts';
import type { UnitTransition } from '../../../../src/scsi/unit-state.ts';
import { firstRecord, settledRecord, withEvent } from '../../../../src/units/unit-record.ts';
import { UnitRecords } from '../../../../src/units/unit-records.ts';
import { clusterDocument } from '../../../support/cluster-document.ts';
import { DiskCluster } from '../../../support/disk-cluster.ts';
import { memberState, membershipView } from '../../../support/membership-view.ts';
import { stateOf } from '../../../support/units-world.ts';

const document = clusterDocument({ disks: [{ name: 'a', size: '1M' }] });
const { uuid } = document.disks[0]!;
const author = memberState('g1');
const marks = [{ unit: uuid, author }];
const transition = reset(stateOf(uuid)) as UnitTransition;
const record = withEvent(firstRecord(stateOf(uuid)), transition, { author, serial: 1 });

const answer = (name: string, enforced?: Readonly<Record<string, number>>) =>
  ({ name, ...(enforced === undefined ? {} : { enforced }) }) as GatewayStatus;

function awaited(members: readonly MemberState[], ...gateways: readonly GatewayStatus[]) {
  const view = membershipView({ marks, members: [author, ...members] });
  const findings = { units: [{ uuid, record }], document, view };
  const { list } = unitsStatus({
    ...findings,
    gateways: [answer('g1', { [uuid]: 1 }), ...gateways],
  });
  return list[0]?.event?.waitsFor.map(({ gateway, reason }) => `${gateway}: ${reason}`);
}

test('an event that is not settled is told with its author and effects', () => {
  const view = membershipView({ marks, members: [author] });
  const gateways = [answer('g1', { [uuid]: 1 })];
  assert.deepEqual(unitsStatus({ units: [{ uuid, record }], document, gateways, view }), {
    marked: 1,
    list: [
      {
        ...{ uuid, disk: 'a', marks: ['g1'] },
        event: {
          ...{ number: 1, author: 'g1', aborts: 'everything' },
          attentions: ['busDeviceResetFunctionOccurred'],
          waitsFor: [],
        },
      },
    ],
  });
  const units = [{ uuid, record: settledRecord(record) }];
  const [settled] = unitsStatus({ units, document, gateways, view }).list;
  assert.deepEqual(settled, { uuid, disk: 'a', marks: ['g1'] });
});

test('it waits for whoever has the unit and does not enforce it, or does not say', () => {
  const g2 = memberState('g2');
  const silent = ['g2: not acknowledged'];
  assert.deepEqual(awaited([g2]), silent, 'no answer');
  assert.deepEqual(awaited([g2], answer('g2')), silent, 'a release that does not say');
  assert.deepEqual(awaited([g2], answer('g2', { [uuid]: 0 })), silent);
  assert.deepEqual(awaited([g2], answer('g2', { [uuid]: -1 })), silent, 'it loads');
  assert.deepEqual(awaited([g2], answer('g2', { [uuid]: 1 })), []);
  assert.deepEqual(awaited([g2], answer('g2', {})), [], 'it does not have the unit');
  const acknowledged = new Map([[uuid, 1]]);
  assert.deepEqual(awaited([{ ...g2, heartbeat: { ...g2.heartbeat, acknowledged } }]), []);
  assert.deepEqual(awaited([{ ...g2, enforcesEvents: false }]), [], 'it knows of no events');
});

test('of a gateway that is being fenced it waits for the end of the fence', () => {
  const closed = memberState('g2', { state: 'closed' });
  assert.deepEqual(awaited([closed], answer('g2', { [uuid]: 1 })), ['g2: fence not finished']);
  assert.deepEqual(awaited([memberState('g2', { state: 'finished' })]), []);
});

test('records of marked units are read; one that cannot be is a problem', async () => {
  const { context, records } = await DiskCluster.open();
  const view = membershipView({ marks });
  const read = async () => await readMarkedUnits(context, view);
  assert.deepEqual(await read(), [{ uuid }]);
  const unitRecords = new UnitRecords({ records, clock: context.clock, mayUse: () => true });
  await unitRecords.replace(uuid, undefined, record);
  assert.deepEqual(await read(), [{ uuid, record }]);
  await records.compareAndSet(`units/${uuid}`, 1, Uint8Array.of(0));
  const [{ problem } = {}] = await read();
  assert.match(problem ?? '', /forget-state/);
  const found = { units: await read(), document, gateways: [], view };
  assert.equal(unitsStatus(found).list[0]?.problem, problem);
});
