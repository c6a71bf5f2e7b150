// Proves that an initiator that sends its data as slowly as it may holds up itself alone, though
// others come from the same address: they get room for transfers of any length, and no command that
// is short waits for a long one.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  DATA_OUT_MAX_MS,
  EXCEPTION_MAX_MS,
  GATEWAY_DATA_BYTES_MAX,
  PEER_EXCEPTIONS_MAX,
} from '../../../src/iscsi/limits.ts';
import type { Task } from '../../../src/scsi/task.ts';
import { loginRequest, type MemoryStream } from '../../support/iscsi-peer.ts';
import {
  dataOutPdu,
  FINAL,
  FIRST_CMD_SN,
  IscsiWorld,
  NAMES,
  READ,
  scsiCommand,
  WRITE,
} from '../../support/iscsi-world.ts';
import { settle } from '../../support/virtual-clock.ts';

const MIB = 2 ** 20;
const LONGEST_BYTES = 16 * MIB;
/** More than take all that one initiator may have. */
const SLOW_SESSIONS = 64;
const R2T = 0x31;
const DATA_IN = 0x25;

function answers(task: Task): void {
  task.transferLength = task.dataOutExpected + task.dataInExpected;
  if (task.dataOutExpected > 0) {
    task.requestDataOut(task.dataOutExpected);
  } else if (task.requestDataIn(task.dataInExpected)) {
    sendData(task);
  }
}

function sendData(task: Task): void {
  task.allocateDataIn(task.dataInExpected);
  task.end(0, task.dataInExpected, undefined);
}

async function logIn(world: IscsiWorld, name: string, isid: number): Promise<MemoryStream> {
  const stream = world.connect();
  const keys = [`InitiatorName=${name}`, NAMES[1]!, 'InitialR2T=Yes', 'ImmediateData=No'];
  const bytes = { 8: 0x40, 12: isid >> 8, 13: isid & 0xff };
  stream.feed(loginRequest(keys, { words: { 24: FIRST_CMD_SN }, bytes }));
  await settle();
  stream.take();
  world.nexus.onSubmit = answers;
  world.nexus.onGranted = sendData;
  return stream;
}

async function answersOf(stream: MemoryStream, opcode: number): Promise<Buffer[]> {
  await settle();
  return stream.take().filter((each) => each[0] === opcode);
}

/** Sends the first byte of each write that was asked for; the rest does not come. */
async function crowdedWorld(): Promise<{ world: IscsiWorld; slow: MemoryStream[] }> {
  const world = new IscsiWorld();
  const slow: MemoryStream[] = [];
  for (let isid = 1; isid <= SLOW_SESSIONS; isid++) {
    const stream = await logIn(world, 'iqn.2026-11.test:slow', isid);
    for (let tag = 0; tag < 4; tag++) {
      stream.feed(scsiCommand(FIRST_CMD_SN + tag, tag, WRITE | FINAL, LONGEST_BYTES / (tag + 1)));
    }
    for (const r2t of await answersOf(stream, R2T)) {
      const tag = r2t.readUInt32BE(16);
      const offset = r2t.readUInt32BE(40);
      stream.feed(dataOutPdu(tag, r2t.readUInt32BE(20), 0, offset, new Uint8Array(1), false));
    }
    const { nexus } = world;
    nexus.onClose = async () => {
      for (const task of nexus.submitted) task.discard();
    };
    slow.push(stream);
  }
  return { world, slow };
}

test('other initiators of an address get room at once, whatever the transfer', async () => {
  const { world } = await crowdedWorld();
  let isid = 0x101;
  for (const bytes of [2 * MIB, LONGEST_BYTES]) {
    const stream = await logIn(world, 'iqn.2026-11.test:other', isid++);
    stream.feed(scsiCommand(FIRST_CMD_SN, 1, WRITE | FINAL, bytes));
    const r2ts = await answersOf(stream, R2T);
    assert.ok(r2ts.length > 0, `a write of ${bytes} bytes`);
  }
});

test('a short command does not wait behind a long one, even of the slow initiator', async () => {
  const { world } = await crowdedWorld();
  const stream = await logIn(world, 'iqn.2026-11.test:slow', 0x101);
  stream.feed(scsiCommand(FIRST_CMD_SN, 1, WRITE | FINAL, LONGEST_BYTES));
  stream.feed(scsiCommand(FIRST_CMD_SN + 1, 2, READ | FINAL, 4096));
  stream.feed(scsiCommand(FIRST_CMD_SN + 2, 3, WRITE | FINAL, 4096));
  await settle();
  const opcodes = stream.take().map((each) => each[0]!);
  assert.deepEqual(opcodes.sort(), [DATA_IN, R2T], 'the long one waits alone');
});

test('a session whose last answer is just being taken has its turn', async () => {
  const world = new IscsiWorld();
  await logIn(world, 'iqn.2026-11.test:holding', 1);
  world.server.sessions[0]!.account.hold(GATEWAY_DATA_BYTES_MAX);
  const stream = await logIn(world, 'iqn.2026-11.test:other', 2);
  stream.draining = false;
  stream.feed(scsiCommand(FIRST_CMD_SN, 1, READ | FINAL, 4096));
  stream.feed(scsiCommand(FIRST_CMD_SN + 1, 2, WRITE | FINAL, LONGEST_BYTES));
  await settle();
  const { dataOut } = world.server.sessions.at(-1)!;
  assert.ok(dataOut.owed.size > 0);
});

test('slow readers that hold more than their share give way, one at a time, when others wait', async () => {
  const world = new IscsiWorld();
  await logIn(world, 'iqn.2026-11.test:holding', 1);
  world.server.sessions[0]!.account.hold(GATEWAY_DATA_BYTES_MAX);
  const readers: MemoryStream[] = [];
  const read = async (name: string): Promise<MemoryStream> => {
    const stream = await logIn(world, `iqn.2026-11.test:${name}`, 0x100 + readers.length);
    stream.draining = false;
    stream.feed(scsiCommand(FIRST_CMD_SN, 1, READ | FINAL, LONGEST_BYTES));
    await settle();
    return stream;
  };
  while (readers.length < PEER_EXCEPTIONS_MAX) readers.push(await read(`reader-${readers.length}`));
  const takeSlowly = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second++) {
      for (const each of readers) each.unacknowledgedBytes--;
      await world.clock.advance(1000);
    }
  };
  await takeSlowly(2 * (EXCEPTION_MAX_MS / 1000));
  assert.ok(readers.every(({ destroyed }) => !destroyed));
  await read('waiting');
  await takeSlowly(1);
  assert.deepEqual(
    readers.map(({ destroyed }) => destroyed),
    [true, false, false],
  );
});

test('what a slow initiator held is there for others when its time is over', async () => {
  const { world, slow } = await crowdedWorld();
  await world.clock.advance(DATA_OUT_MAX_MS + 1000);
  assert.ok(slow.some(({ destroyed }) => destroyed));
  for (const stream of slow) stream.destroy();
  await settle();
  assert.deepEqual([world.server.budget.heldBytes, world.server.budget.peers], [0, 0]);
});
