// Proves that deep windows of many sessions do not fill the heap: what commands in flight cost is
// what the bounds count for them, the windows of all sessions together are bounded, what sessions
// used is not kept for each of them, and the program is started with the heap that was reckoned
// with.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  COMMAND_BYTES,
  FREE_TASKS_MAX,
  GATEWAY_INVITED_BYTES_MAX,
  HEAP_MIB,
  OWN_COMMANDS_MAX,
} from '../../../src/iscsi/limits.ts';
import type { Task } from '../../../src/scsi/task.ts';
import type { MemoryStream } from '../../support/iscsi-peer.ts';
import { FINAL, FIRST_CMD_SN, IscsiWorld, scsiCommand, WRITE } from '../../support/iscsi-world.ts';
import { settle } from '../../support/virtual-clock.ts';

const QUEUE_DEPTH = 1024;
const SESSIONS = 24;
/** Commands bring nothing unsolicited: windows are as deep as they can be. */
const SOLICITED = ['InitialR2T=Yes', 'ImmediateData=No'];

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function usedHeapBytes(): number {
  collect();
  collect();
  return getHeapStatistics().used_heap_size;
}

interface Client {
  readonly stream: MemoryStream;
  cmdSn: number;
  maxCmdSn: number;
}

async function logIn(world: IscsiWorld, index: number): Promise<Client> {
  const isid = { 8: 0x40, 12: index >> 8, 13: index & 0xff };
  const stream = await world.logIn(SOLICITED, { words: { 24: FIRST_CMD_SN }, bytes: isid });
  const { window } = world.server.sessions.at(-1)!;
  return { stream, cmdSn: FIRST_CMD_SN, maxCmdSn: window.maxCmdSn };
}

/** Sends all that the window lets in; says how many. */
async function sendAll(client: Client): Promise<number> {
  const first = client.cmdSn;
  const pdus: Buffer[] = [];
  while (client.cmdSn <= client.maxCmdSn) {
    pdus.push(scsiCommand(client.cmdSn, client.cmdSn++, WRITE | FINAL, 512));
  }
  client.stream.feed(Buffer.concat(pdus));
  await settle();
  for (const answer of client.stream.take()) {
    if (answer[0] === 0x21) client.maxCmdSn = answer.readUInt32BE(32);
  }
  return client.cmdSn - first;
}

test('commands in flight cost no more heap than is counted, and sessions keep no idle ones', async (t) => {
  const world = new IscsiWorld({ queueDepth: QUEUE_DEPTH });
  const clients: Client[] = [];
  for (let i = 0; i < SESSIONS; i++) clients.push(await logIn(world, i));
  for (const nexus of world.nexuses) nexus.onSubmit = (task) => task.end(0, 0, undefined);
  for (let round = 0; round < 40; round++) for (const each of clients) await sendAll(each);
  const dormant: Task[] = [];
  for (const nexus of world.nexuses) {
    nexus.submitted.length = 0;
    nexus.onSubmit = (task) => {
      task.retainDataOut();
      dormant.push(task);
    };
  }
  const idleBytes = usedHeapBytes();
  let inFlight = 0;
  for (const each of clients) inFlight += await sendAll(each);
  for (const nexus of world.nexuses) nexus.submitted.length = 0;
  assert.equal(dormant.length, inFlight);
  const invitedMax = SESSIONS * OWN_COMMANDS_MAX + GATEWAY_INVITED_BYTES_MAX / COMMAND_BYTES;
  assert.ok(inFlight > SESSIONS * 256 && inFlight <= invitedMax, `${inFlight} commands`);
  // The free list had this many of them already.
  const made = inFlight - FREE_TASKS_MAX;
  const eachBytes = (usedHeapBytes() - idleBytes) / made;
  t.diagnostic(`${inFlight} commands of ${Math.round(eachBytes)} bytes`);
  assert.ok(eachBytes <= COMMAND_BYTES, `${eachBytes} bytes a command`);
  for (const task of dormant.splice(0)) task.end(0, 0, undefined);
  await settle();
  for (const { stream } of clients) stream.take();
  const keptBytes = usedHeapBytes() - idleBytes;
  assert.ok(keptBytes < FREE_TASKS_MAX * COMMAND_BYTES, `${keptBytes} bytes are kept`);
});

test('the program starts with the heap that the bounds are made for', () => {
  const script = readFileSync(new URL('../../../bin/allpath', import.meta.url), 'utf8');
  assert.match(script, new RegExp(`--max-old-space-size=${HEAP_MIB} `));
});
