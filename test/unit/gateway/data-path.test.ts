// Counts what commands cost beside their medium: a member of a cluster with registrations at its
// unit reads no record, notifies nobody and takes no lock for any of them, and asks its volume once
// for each command with data.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeDocument } from '../../../src/control/document/document-record.ts';
import { Gateway } from '../../../src/gateway/gateway.ts';
import type { Store } from '../../../src/gateway/store.ts';
import { MembershipStore } from '../../../src/membership/membership-store.ts';
import { MemoryCluster, MemoryFencing } from '../../doubles/memory-fencing.ts';
import { MemoryRecordsWorld } from '../../doubles/memory-records-world.ts';
import { MemoryStore } from '../../doubles/memory-volumes.ts';
import { clusterDocument } from '../../support/cluster-document.ts';
import { loginRequest, MemoryStream, pdu } from '../../support/iscsi-peer.ts';
import { FINAL, READ, WRITE } from '../../support/iscsi-world.ts';
import { RecordingLog } from '../../support/recording-log.ts';
import { Action, reserveOutCdb, reserveOutList } from '../../support/reserve-out.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const IQN = 'iqn.2026-11.com.example:t';
const NAMES = [
  'InitiatorName=iqn.1994-05.com.example:host',
  `TargetName=${IQN}`,
  'ImmediateData=Yes',
];
const ROUNDS = 50;
const BLOCK_BYTES = 512;
const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
const READ_10 = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const WRITE_10 = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const INQUIRY = [0x12, 0, 0, 0, 96, 0];
const MODE_SENSE = [0x1a, 0, 0x0a, 0, 255, 0];
const READ_CAPACITY = [0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/** The same, with each call counted by its name. */
function counted<T extends object>(target: T, counts: Map<string, number>): T {
  return new Proxy(target, {
    get: (from, name) => {
      const value: unknown = Reflect.get(from, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        counts.set(String(name), (counts.get(String(name)) ?? 0) + 1);
        return Reflect.apply(value, from, args);
      };
    },
  });
}

async function open() {
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const world = new MemoryRecordsWorld({ clock, random });
  const document = clusterDocument({
    disks: [{ name: 'a', size: '1M' }],
    gateways: [{ name: 'g', portals: [{ address: '192.0.2.1' }] }],
    targets: [{ iqn: IQN, luns: { 0: 'a' }, access: 'any' }],
  });
  const tool = await world.open('tool');
  await writeDocument(tool, 0, document);
  const volumes = new MemoryStore();
  await volumes.create('a', 2 ** 20);
  const [storeCalls, volumeCalls] = [new Map<string, number>(), new Map<string, number>()];
  const records = counted(await world.open('g'), storeCalls);
  const driver = new MemoryFencing(new MemoryCluster());
  driver.openInstance('g');
  const store: Store = {
    ...{ location: { dir: '/store' }, isNew: false, records, volumes },
    membership: new MembershipStore({ records, clock, random }),
    fencing: {
      driver: counted(driver, storeCalls),
      instances: [{ address: 'g', kind: 'records' }],
    },
    living: async () => [],
    openVolume: async (name, known) => counted(await volumes.open(name, known), volumeCalls),
    close: () => records.close(),
  };
  const stream = new MemoryStream();
  let accept: (stream: MemoryStream) => void = () => {};
  const starting = Gateway.start({
    ...{ name: 'g', store, clock, random, log: new RecordingLog() },
    listen: async (address, onConnection) => {
      accept = onConnection as never;
      return { address, close: async () => {} };
    },
    processFacts: { pid: 1, host: 'h', residentBytes: () => 0, utc: () => '', utcMs: () => 0 },
  });
  await clock.advance(3_000);
  const gateway = await starting;
  accept(stream);
  stream.feed(loginRequest(NAMES, { words: { 24: 100 } }));
  await settle();
  assert.equal(stream.take()[0]?.readUInt16BE(36), 0);
  return { clock, gateway, stream, storeCalls, volumeCalls };
}

test('commands ask the store for nothing, and their volume once each', async () => {
  const { clock, gateway, stream, storeCalls, volumeCalls } = await open();
  let cmdSn = 100;
  /** Resolves with the status; `expected` bytes go either way. */
  const send = async (cdb: readonly number[], flags = 0, expected = 0, data?: Uint8Array) => {
    const at = cmdSn++;
    const bytes = Object.fromEntries(cdb.map((byte, index) => [32 + index, byte]));
    const words = { 20: expected, 24: at };
    const rest = data === undefined ? {} : { data };
    stream.feed(pdu({ opcode: 0x01, flags: FINAL | flags, tag: at, words, bytes, ...rest }));
    await settle();
    return stream.take().at(-1)?.[3];
  };
  await send(TEST_UNIT_READY);
  const list = reserveOutList({ actionKey: 7 });
  const registering = send(
    reserveOutCdb(Action.register, 0, list.length),
    WRITE,
    list.length,
    list,
  );
  await clock.advance(5_000);
  await registering;
  assert.ok((storeCalls.get('compareAndSet') ?? 0) > 0, 'calls are counted, and it is registered');
  const before = new Map(storeCalls);
  volumeCalls.clear();
  const block = new Uint8Array(BLOCK_BYTES);
  const statuses = new Set<number | undefined>();
  for (let round = 0; round < ROUNDS; round++) {
    statuses.add(await send(WRITE_10, WRITE, BLOCK_BYTES, block));
    statuses.add(await send(READ_10, READ, BLOCK_BYTES));
    statuses.add(await send(TEST_UNIT_READY));
    statuses.add(await send(INQUIRY, READ, 96));
    statuses.add(await send(MODE_SENSE, READ, 255));
    statuses.add(await send(READ_CAPACITY, READ, 8));
  }
  assert.deepEqual([...statuses], [0]);
  assert.deepEqual(storeCalls, before, 'no record read, no notification, no lock, no fence');
  assert.deepEqual(Object.fromEntries(volumeCalls), { write: ROUNDS, read: ROUNDS });
  await Promise.all([gateway.close(), clock.advance(10_000)]);
});
