// Proves that the transport of a gateway serves logical units: an initiator that logs in reaches
// its LUNs, finds all port groups there, and may have as many commands as its window lets in.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Listen } from '../../../src/base/byte-stream.ts';
import { openTransport } from '../../../src/gateway/open-transport.ts';
import { PortGroups } from '../../../src/gateway/port-groups.ts';
import { servedDocument } from '../../../src/gateway/served-document.ts';
import { IMMEDIATE_COMMANDS_MAX } from '../../../src/iscsi/limits.ts';
import { silentLog } from '../../../src/log/log.ts';
import { Status } from '../../../src/scsi/status.ts';
import { clusterDocument } from '../../support/cluster-document.ts';
import { copyManagerOf } from '../../support/copy-managers.ts';
import { loginRequest, MemoryStream, pdu } from '../../support/iscsi-peer.ts';
import { ScsiBench } from '../../support/scsi-bench.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const IQN = 'iqn.2026-11.com.example:t';
const NAMES = ['InitiatorName=iqn.1994-05.com.example:host', `TargetName=${IQN}`];
const FIRST_CMD_SN = 100;
const QUEUE_DEPTH = 8;
const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
const READ_10 = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const REPORT_TARGET_PORT_GROUPS = [0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0];
const gateways = ['g', 'h'].map((name, i) => ({
  name,
  portals: [{ address: `192.0.2.${i + 1}`, portalGroupTag: 5 + i, relativePortIdentifier: 11 + i }],
}));

interface World {
  readonly bench: ScsiBench;
  readonly ended: (number | undefined)[];
  readonly mayAct: { value: boolean };
  readonly transport: ReturnType<typeof openTransport>;
  connect(): MemoryStream;
}

async function world(): Promise<World> {
  const bench = await ScsiBench.open();
  let accept = (_: MemoryStream): void => assert.fail('it does not listen');
  const listen: Listen = async (address, onConnection) => {
    accept = onConnection as never;
    return { address, close: async () => {} };
  };
  const document = clusterDocument({
    gateways,
    disks: [{ name: 'a', size: '1M' }],
    targets: [{ iqn: IQN, luns: { 3: 'a' }, access: 'any' }],
    settings: { queueDepth: QUEUE_DEPTH },
  });
  const portGroups = new PortGroups('g');
  const ended: (number | undefined)[] = [];
  const mayAct = { value: true };
  const transport = openTransport({
    ...{ gateway: 'g', incarnation: 'one', settings: document.settings, portGroups, listen },
    probe: { onCommandEnded: (_row, _unit, _nexus, status) => void ended.push(status) },
    lease: bench.lease,
    copyManager: copyManagerOf(new VirtualClock()),
    mayAct: () => mayAct.value,
    ...{ clock: new VirtualClock(), random: new SeededRandom(1), log: silentLog },
  });
  const served = servedDocument(document, new Map([['a', bench.logicalUnit]]));
  await transport.listen(served);
  portGroups.serve(served.portGroups);
  transport.serve(served);
  const connect = () => {
    const stream = new MemoryStream();
    accept(stream);
    return stream;
  };
  return { bench, ended, mayAct, transport, connect };
}

/** A session whose first unit attention is taken off. */
async function logIn({ connect, ended }: World): Promise<MemoryStream> {
  const stream = connect();
  stream.feed(loginRequest(NAMES, { words: { 24: FIRST_CMD_SN - 1 } }));
  await settle();
  assert.equal(stream.take()[0]?.readUInt16BE(36), 0);
  stream.feed(command(-1, TEST_UNIT_READY, 0));
  await settle();
  assert.equal(stream.take()[0]?.[3], Status.checkCondition);
  ended.length = 0;
  return stream;
}

/** A command at LUN 3. */
function command(at: number, cdb: readonly number[], expected: number, immediate = false): Buffer {
  const bytes = Object.fromEntries(cdb.map((byte, i) => [32 + i, byte]));
  return pdu({
    ...{ opcode: immediate ? 0x41 : 0x01, flags: 0xc0, tag: at + 1 },
    ...{ words: { 20: expected, 24: FIRST_CMD_SN + at }, bytes: { 9: 3, ...bytes } },
  });
}

test('an initiator that logs in reads its LUN, and each command is counted', async () => {
  const all = await world();
  const stream = await logIn(all);
  stream.feed(command(0, READ_10, 512));
  await settle();
  const [answer] = stream.take();
  assert.deepEqual([answer?.[0], answer?.[3], answer?.readUIntBE(5, 3)], [0x25, Status.good, 512]);
  assert.deepEqual(all.ended, [Status.good]);
  assert.deepEqual(
    all.transport.sessions.map(({ target }) => target),
    [IQN],
  );
});

test('it finds the port groups of all gateways', async () => {
  const stream = await logIn(await world());
  stream.feed(command(0, REPORT_TARGET_PORT_GROUPS, 255));
  await settle();
  const data = stream.take()[0]!.subarray(48);
  assert.deepEqual([data.readUInt16BE(6), data.readUInt16BE(18)], [5, 6]);
});

test('its task set has room for all that the window and the immediate commands let in', async () => {
  const all = await world();
  const stream = await logIn(all);
  const { volume } = all.bench;
  volume.shut = true;
  for (let at = 0; at < QUEUE_DEPTH; at++) stream.feed(command(at, READ_10, 512));
  for (let i = 0; i < IMMEDIATE_COMMANDS_MAX; i++) {
    stream.feed(command(1000 + i, READ_10, 512, true));
  }
  await settle();
  assert.deepEqual([volume.held, all.ended], [QUEUE_DEPTH + IMMEDIATE_COMMANDS_MAX, []]);
  volume.releaseAll();
  await settle();
  assert.ok(all.ended.every((status) => status === Status.good));
});

test('while the gateway may not act no command is taken', async () => {
  const all = await world();
  const stream = await logIn(all);
  all.mayAct.value = false;
  stream.feed(command(0, READ_10, 512));
  await settle();
  assert.deepEqual(stream.take(), []);
  all.mayAct.value = true;
  all.transport.recheck();
  await settle();
  assert.equal(stream.take().length, 1);
});
