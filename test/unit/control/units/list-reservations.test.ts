// The reservations of disks as an initiator would read them: by the records, the life of the
// cluster, the members, and the sessions of now.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  encodeAnswer,
  REQUESTS_CHANNEL,
  type SessionDetail,
} from '../../../../src/control/gateway-requests.ts';
import { listReservations } from '../../../../src/control/units/list-reservations.ts';
import type { MembershipView } from '../../../../src/membership/membership.ts';
import { nexusName } from '../../../../src/scsi/reservations/nexus-name.ts';
import {
  NO_RESERVATIONS,
  type Reservations,
} from '../../../../src/scsi/reservations/reservations.ts';
import { iscsiTransportId } from '../../../../src/scsi/transport-id.ts';
import { firstRecord } from '../../../../src/units/unit-record.ts';
import { UnitRecords } from '../../../../src/units/unit-records.ts';
import { documentDraft } from '../../../support/cluster-document.ts';
import { DiskCluster } from '../../../support/disk-cluster.ts';
import { memberState, membershipView } from '../../../support/membership-view.ts';
import { stateOf } from '../../../support/units-world.ts';

const INITIATOR = 'iqn.1994-05.com.example:host';
const ISID = '00023d000001';
const [first, second] = [1, 2].map((port) =>
  nexusName(iscsiTransportId(new TextEncoder().encode(INITIATOR), Buffer.from(ISID, 'hex')), port),
) as [string, string];

const reserved: Reservations = {
  ...{ ...NO_RESERVATIONS, life: 4, generation: 9 },
  registrations: new Map([
    [first, '00000000000000aa'],
    [second, '00000000000000bb'],
  ]),
  persistent: { type: 5, holder: second },
};

const serving = membershipView({ life: 4, members: [memberState('g1')] });

async function world(reservations: Reservations, view: MembershipView = serving) {
  const cluster = await DiskCluster.open();
  const disks = ['a', 'b'].map((name) => ({ name, size: '1M' }));
  const gateways = ['g1', 'g2'].map((name, i) => {
    return { name, portals: [{ address: '192.0.2.1', port: 3260 + i }] };
  });
  await cluster.change(() => documentDraft({ disks, gateways }));
  const { uuid } = await cluster.disk('a');
  const { records, clock } = cluster.context;
  const unitRecords = new UnitRecords({ records, clock, mayUse: () => true });
  await unitRecords.replace(uuid, undefined, firstRecord({ ...stateOf(uuid), reservations }));
  const detail: SessionDetail = {
    ...{ initiator: INITIATOR, isid: ISID, target: 't', portal: 'p', targetPort: 2 },
    ...{ afterMs: 0, commandsInFlight: 0 },
  };
  const answer = encodeAnswer({ gateway: 'g1', since: '', sessions: [detail] });
  await records.watch(REQUESTS_CHANNEL, { onNotify: () => answer, onLost: () => {} });
  const membership = { read: async () => view } as never;
  const context = { ...cluster.context, membership };
  return { cluster, uuid, list: (disk?: string) => listReservations(context, disk) };
}

test('registrations are told with their ports, and where their nexuses are logged in', async () => {
  const { list } = await world(reserved);
  const host = { initiator: INITIATOR, isid: ISID };
  assert.deepEqual(await list(), {
    disks: [
      {
        ...{ disk: 'a', generation: 9, aptpl: false, persistent: 'writeExclusiveRegistrantsOnly' },
        registrations: [
          {
            ...{ ...host, targetPort: 1, portal: '192.0.2.1:3260' },
            ...{ key: '00000000000000aa', isHolder: false },
          },
          {
            ...{ ...host, targetPort: 2, portal: '192.0.2.1:3261', gateway: 'g1' },
            ...{ key: '00000000000000bb', isHolder: true },
          },
        ],
      },
    ],
    silent: [],
  });
});

test('a disk that is named is told whatever it has; one that is not there is not found', async () => {
  const { list } = await world(reserved);
  assert.deepEqual((await list('b')).disks, [
    { disk: 'b', generation: 0, aptpl: false, registrations: [] },
  ]);
  await assert.rejects(list('c'), { code: 'diskNotFound' });
});

test('what does not outlast the last gateway is not there without one', async () => {
  const down = membershipView({ life: 4, members: [memberState('g1', { state: 'finished' })] });
  const lost = await world(reserved, down);
  assert.deepEqual((await lost.list()).disks, []);
  const later = await world(reserved, { ...serving, life: 5 });
  assert.deepEqual((await later.list()).disks, []);
  const kept = await world({ ...reserved, aptpl: true }, down);
  const [disk] = (await kept.list()).disks;
  assert.deepEqual([disk?.registrations.length, disk?.generation], [2, 0]);
});

test('RESERVE is gone with the gateway of its session', async () => {
  const reserve = { nexus: first, incarnation: 'g21', number: 1 };
  const state = { ...NO_RESERVATIONS, life: 4, reserve };
  const both = { ...serving, members: [memberState('g1'), memberState('g2')] };
  const held = await world(state, both);
  assert.equal((await held.list()).disks[0]?.reserve?.targetPort, 1);
  const fenced = {
    ...both,
    members: [memberState('g1'), memberState('g2', { state: 'finished' })],
  };
  for (const view of [fenced, serving]) {
    assert.deepEqual((await (await world(state, view)).list()).disks, []);
  }
});

test('a record that cannot be read is a problem of its disk', async () => {
  const { cluster, uuid, list } = await world(reserved);
  await cluster.records.compareAndSet(`units/${uuid}`, 1, Uint8Array.of(0));
  const [disk] = (await list()).disks;
  assert.match(disk?.problem ?? '', /not JSON \(the record units\/.*forget-state/);
});
