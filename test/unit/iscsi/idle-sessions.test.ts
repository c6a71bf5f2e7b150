// Proves that an initiator that answers no NOP-In keeps its session while it has nothing under way
// and its host is there, that it loses it soon otherwise, and that it keeps no place from others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DISCOVERY_SESSION_MAX_MS,
  IDLE_TIMEOUT_MS,
  NOP_INTERVAL_MS,
  NOP_TIMEOUT_MS,
  SESSIONS_GUARANTEED,
  WATCH_INTERVAL_MS,
} from '../../../src/iscsi/limits.ts';
import { type MemoryStream, pdu } from '../../support/iscsi-peer.ts';
import { FINAL, FIRST_CMD_SN, IscsiWorld, READ, WRITE } from '../../support/iscsi-world.ts';
import { ScsiBench } from '../../support/scsi-bench.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const NOP_IN = 0x20;
const DATA_IN = 0x25;
const SHORT_MS = NOP_INTERVAL_MS + NOP_TIMEOUT_MS + 2 * WATCH_INTERVAL_MS;
const MINUTE_MS = 60_000;

/** A session with a device server. */
async function begin(): Promise<{ world: IscsiWorld; bench: ScsiBench; stream: MemoryStream }> {
  const clock = new VirtualClock();
  const bench = await ScsiBench.open({ clock });
  const world = new IscsiWorld({ clock, openNexus: () => bench.openNexus() });
  const stream = await world.logIn(['InitialR2T=Yes', 'ImmediateData=No']);
  return { world, bench, stream };
}

/** READ (10) of the first block, or WRITE (10). */
function command(cmdSn: number, flags = READ): Buffer {
  const bytes = pdu({ opcode: 0x01, flags: FINAL | flags, words: { 20: 512, 24: cmdSn } });
  bytes.set([flags === READ ? 0x28 : 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0], 32);
  return bytes;
}

const opcodes = (stream: MemoryStream) => stream.take().map((each) => each[0]! & 0x3f);

test('an idle initiator that never answers keeps its session, and is asked once a minute', async () => {
  const { world, stream } = await begin();
  let cmdSn = FIRST_CMD_SN;
  for (const minutes of [1, 30]) {
    await world.clock.advance(minutes * MINUTE_MS);
    assert.equal(stream.destroyed, false);
    const asked = opcodes(stream);
    assert.ok(asked.length >= 1 && asked.length <= minutes, `${asked.length} in ${minutes} min`);
    assert.deepEqual([...new Set(asked)], [NOP_IN]);
    stream.feed(command(cmdSn++));
    await settle();
    assert.deepEqual(opcodes(stream), [DATA_IN]);
  }
});

test('an idle initiator whose host takes nothing loses its session after a minute', async () => {
  const { world, stream } = await begin();
  stream.unacknowledgedBytes = 48;
  await world.clock.advance(MINUTE_MS);
  assert.equal(stream.destroyed, false);
  await world.clock.advance(IDLE_TIMEOUT_MS + NOP_INTERVAL_MS + 2 * WATCH_INTERVAL_MS - MINUTE_MS);
  assert.ok(stream.destroyed);
  assert.deepEqual([world.server.sessions.length, world.clock.pending, world.pool.held], [0, 0, 0]);
});

test('a host that is gone is found a minute after it took the last NOP-In', async () => {
  const { world, stream } = await begin();
  await world.clock.advance(10 * MINUTE_MS);
  assert.equal(stream.destroyed, false);
  stream.unacknowledgedBytes = 48;
  await world.clock.advance(2 * IDLE_TIMEOUT_MS + 2 * WATCH_INTERVAL_MS);
  assert.ok(stream.destroyed);
});

test('what an idle host was sent a moment ago is not held against it', async () => {
  const overdueMs = IDLE_TIMEOUT_MS + NOP_INTERVAL_MS;
  for (let tick = -1; tick < 4; tick++) {
    const { world, stream } = await begin();
    await world.clock.advance(overdueMs + tick * WATCH_INTERVAL_MS);
    stream.unacknowledgedBytes = 48;
    await world.clock.advance(WATCH_INTERVAL_MS);
    stream.unacknowledgedBytes = 0;
    await world.clock.advance(2 * MINUTE_MS);
    assert.equal(stream.destroyed, false, `${tick}`);
  }
});

test('an initiator with something under way loses its session soon', async () => {
  const cases: Record<string, (stream: MemoryStream, bench: ScsiBench) => void> = {
    'a command with its medium': (stream, bench) => {
      bench.volume.shut = true;
      stream.feed(command(FIRST_CMD_SN));
    },
    'data that it owes': (stream) => stream.feed(command(FIRST_CMD_SN, WRITE)),
    'a command ahead of its turn': (stream) => stream.feed(command(FIRST_CMD_SN + 1)),
    'half a header': (stream) => stream.feed(command(FIRST_CMD_SN).subarray(0, 20)),
    'half a data segment': (stream) => {
      const ping = pdu({ opcode: 0x40, words: { 20: 0xffff_ffff }, data: Buffer.alloc(64) });
      stream.feed(ping.subarray(0, 80));
    },
    'an answer that it does not take': (stream) => {
      stream.draining = false;
      stream.feed(command(FIRST_CMD_SN));
    },
  };
  for (const [name, act] of Object.entries(cases)) {
    const { world, bench, stream } = await begin();
    act(stream, bench);
    await world.clock.advance(SHORT_MS);
    assert.ok(stream.destroyed, name);
    bench.volume.releaseAll();
    stream.release();
  }
});

test('a command that ends while its initiator is silent leaves an idle session', async () => {
  const { world, bench, stream } = await begin();
  bench.volume.shut = true;
  stream.feed(command(FIRST_CMD_SN));
  await world.clock.advance(NOP_INTERVAL_MS + WATCH_INTERVAL_MS);
  assert.deepEqual(opcodes(stream), [NOP_IN]);
  bench.volume.releaseAll();
  await world.clock.advance(MINUTE_MS - SHORT_MS);
  assert.deepEqual([stream.destroyed, opcodes(stream)], [false, [DATA_IN]]);
});

test('a discovery session ends in its time', async () => {
  const { world } = await begin();
  const stream = await world.discover();
  await world.clock.advance(DISCOVERY_SESSION_MAX_MS + 2 * WATCH_INTERVAL_MS);
  assert.ok(stream.destroyed);
});

test('silent sessions give way to newcomers, and to the sessions that replace them', async () => {
  const sessionsMax = 4 * SESSIONS_GUARANTEED;
  const world = new IscsiWorld({ sessionsMax });
  const silent: MemoryStream[] = [];
  for (let i = 0; i < (sessionsMax * 3) / 4; i++) {
    silent.push(await world.logIn([], { bytes: { 8: 0x40, 13: i } }));
  }
  await world.clock.advance(MINUTE_MS);
  assert.equal(world.server.sessions.length, silent.length);
  const ended = () => silent.filter(({ destroyed }) => destroyed).length;
  await world.logIn([], { bytes: { 8: 0x40, 13: 200 } }, '198.51.100.1');
  assert.equal(ended(), 1, 'one gave way');
  await world.logIn([], { bytes: { 8: 0x40, 13: 0 } });
  assert.deepEqual([ended(), silent[0]!.destroyed], [2, true], 'reinstated');
  assert.equal(world.server.sessions.length, silent.length);
});
