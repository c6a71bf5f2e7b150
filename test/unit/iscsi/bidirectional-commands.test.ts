// Proves what the initiator of a command with R and W both set is told: the status in a PDU of its
// own, with a residual for each direction; and that such a command waits for room as any other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Task } from '../../../src/scsi/task.ts';
import { type MemoryStream, pdu } from '../../support/iscsi-peer.ts';
import { FINAL, FIRST_CMD_SN, IscsiWorld, READ, WRITE } from '../../support/iscsi-world.ts';
import { ScsiBench } from '../../support/scsi-bench.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const READ_10 = 0x28;
const WRITE_10 = 0x2a;
const TEST_UNIT_READY = 0x00;
const BLOCK = 512;
const MIB = 2 ** 20;

const OVERFLOW = 0x04;
const UNDERFLOW = 0x02;
const READ_OVERFLOW = 0x10;
const READ_UNDERFLOW = 0x08;

/** AHS type 2; `length` undefined: no such header. */
function readLengthHeader(length: number | undefined): Buffer {
  if (length === undefined) return Buffer.alloc(0);
  const header = Buffer.from([0, 5, 2, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(length, 4);
  return header;
}

interface Command {
  readonly code: number;
  readonly cmdSn?: number;
  readonly flags?: number;
  /** Offered data-out, all of it immediate. */
  readonly out: number;
  readonly in: number | undefined;
}

/** A command for one block. */
function bidirectional(command: Command): Buffer {
  const { code, cmdSn = FIRST_CMD_SN, flags = FINAL | READ | WRITE } = command;
  const bytes = pdu({
    opcode: 0x01,
    flags,
    tag: cmdSn,
    words: { 20: command.out, 24: cmdSn },
    bytes: code === TEST_UNIT_READY ? {} : { 32: code, 40: 1 },
    data: Buffer.alloc(command.out, 7),
  });
  const header = readLengthHeader(command.in);
  bytes[4] = header.length / 4;
  return Buffer.concat([bytes.subarray(0, 48), header, bytes.subarray(48)]);
}

async function begin(): Promise<[ScsiBench, MemoryStream]> {
  const clock = new VirtualClock();
  const bench = await ScsiBench.open({ clock });
  const world = new IscsiWorld({ openNexus: () => bench.openNexus(), clock });
  return [bench, await world.logIn(['ImmediateData=Yes'])];
}

/** What came since: Data-Ins as `data LENGTH FLAGS`, the response with its residuals. */
async function answersOf(stream: MemoryStream): Promise<unknown[]> {
  await settle();
  return stream.take().map((each) => {
    if (each[0] === 0x25) return `data ${each.readUIntBE(5, 3)} ${each[1]!.toString(16)}`;
    assert.equal(each[0], 0x21);
    return {
      status: each[3],
      flags: each[1]! & 0x7f,
      residual: each.readUInt32BE(44),
      readResidual: each.readUInt32BE(40),
    };
  });
}

test('each direction has a residual of its own', async () => {
  // The command, the lengths that its initiator expects, and what it is told.
  for (const [code, out, back, flags, residual, readResidual] of [
    [READ_10, 0, BLOCK, 0, 0, 0],
    [READ_10, 512, BLOCK, UNDERFLOW, 512, 0],
    [READ_10, 512, 600, UNDERFLOW | READ_UNDERFLOW, 512, 88],
    [READ_10, 512, 500, UNDERFLOW | READ_OVERFLOW, 512, 12],
    [READ_10, 0, 500, READ_OVERFLOW, 0, 12],
    [READ_10, 0, 0, READ_OVERFLOW, 0, BLOCK],
    [READ_10, 0, undefined, READ_OVERFLOW, 0, BLOCK],
    [WRITE_10, BLOCK, 0, 0, 0, 0],
    [WRITE_10, BLOCK, undefined, 0, 0, 0],
    [WRITE_10, BLOCK, 100, READ_UNDERFLOW, 0, 100],
    [WRITE_10, 600, 100, UNDERFLOW | READ_UNDERFLOW, 88, 100],
    [WRITE_10, 300, 0, OVERFLOW, 212, 0],
    [TEST_UNIT_READY, 5, 6, UNDERFLOW | READ_UNDERFLOW, 5, 6],
  ] as const) {
    const [bench, stream] = await begin();
    stream.feed(bidirectional({ code, out, in: back }));
    const moved = code === READ_10 ? Math.min(BLOCK, back ?? 0) : 0;
    const data = moved > 0 ? [`data ${moved} 80`] : [];
    const name = `${code}: ${out} out, ${back} in`;
    const told = [...data, { status: 0, flags, residual, readResidual }];
    assert.deepEqual(await answersOf(stream), told, name);
    assert.deepEqual([bench.nexus.outstanding, stream.destroyed], [0, false], name);
  }
});

test('a command that is refused has moved nothing in either direction', async () => {
  const [, stream] = await begin();
  // Nothing may come back, though the CDB reads.
  stream.feed(bidirectional({ code: READ_10, out: 512, in: undefined }));
  const [refused] = await answersOf(stream);
  const told = { status: 2, flags: UNDERFLOW, residual: 512, readResidual: 0 };
  assert.deepEqual(refused, told);
});

test('the header counts for bidirectional commands alone, and a malformed one is rejected', async () => {
  const [, stream] = await begin();
  const flags = FINAL | READ;
  stream.feed(bidirectional({ code: READ_10, flags, out: 0, in: BLOCK }));
  const told = { status: 0, flags: OVERFLOW, residual: BLOCK, readResidual: 0 };
  assert.deepEqual(await answersOf(stream), [told]);
  const malformed = bidirectional({ code: READ_10, cmdSn: FIRST_CMD_SN + 1, out: 0, in: BLOCK });
  malformed[49] = 4;
  stream.feed(malformed);
  await settle();
  const [reject] = stream.take();
  assert.deepEqual([reject?.[0], reject?.[2], stream.destroyed], [0x3f, 9, false]);
});

test('a bidirectional command that waits for room to return data runs once there is some', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['ImmediateData=Yes']);
  const { nexus } = world;
  const running: Task[] = [];
  let waiting: Task | undefined;
  nexus.onSubmit = (task) => {
    if (task.requestDataIn(16 * MIB)) running.push(task);
    else waiting = task;
  };
  nexus.onGranted = (task) => task.end(0, 0, undefined);
  for (let cmdSn = FIRST_CMD_SN; waiting === undefined; cmdSn++) {
    assert.ok(cmdSn < FIRST_CMD_SN + 10, 'the memory of a session is bounded');
    stream.feed(bidirectional({ code: READ_10, cmdSn, out: 512, in: 16 * MIB }));
    await settle();
  }
  assert.deepEqual(nexus.granted, []);
  for (const task of running) task.end(0, 0, undefined);
  await settle();
  assert.deepEqual(nexus.granted, [waiting]);
});
