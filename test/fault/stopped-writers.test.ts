// A stopped gateway never writes what its initiator has long given up: not what lies in its
// sockets, not what its write thread has in its ring; with a peer, alone, and where the peer was
// stopped as well. A stop of less than 4 s costs nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { read16, testUnitReady, write16 } from '../initiator/cdb.ts';
import { Initiator } from '../initiator/initiator.ts';
import { ACTIVE, seesStates } from '../support/access-states.ts';
import { Demo, demoTargetName } from '../support/demo.ts';
import { waitFor } from '../support/wait-for.ts';

const BLOCK_BYTES = 512;
/** More than the ring of the write thread holds together with what is in a session's window. */
const BLOCKS = 512;
/** The block that commands sent after the stop write; no command writes the one before it. */
const SOCKET_BLOCK = BLOCKS + 1;
const GIVEN_UP_MS = 10_000;
const CONTINUED_MS = 12_000;
const AGAIN_LIMIT_MS = 60_000;
/** Whatever threads would do after SIGCONT by themselves, they have done. */
const SETTLE_MS = 1_000;
const CHECK_CONDITION = 2;
const ATTENTIONS_MAX = 5;
const OLD = 0x0d;
const NEW = 0x4e;

async function connect(demo: Demo, gateway: number, name: string): Promise<Initiator> {
  const initiator = await Initiator.connect({
    ...demo.address(gateway),
    initiatorName: `iqn.2026-11.com.example:${name}`,
    targetName: demoTargetName,
    timeoutMs: AGAIN_LIMIT_MS,
  });
  // The unit attention of a new nexus.
  await initiator.execute({ cdb: testUnitReady() });
  return initiator;
}

/** Connects as soon as the gateway admits logins; a starved one may drop its first sessions. */
async function connectAgain(demo: Demo, gateway: number, name: string): Promise<Initiator> {
  const deadline = performance.now() + AGAIN_LIMIT_MS;
  for (;;) {
    try {
      return await connect(demo, gateway, name);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(100);
    }
  }
}

/** Writes to every block once and returns the statuses; the caller may leave the promise alone. */
function writeAll(initiator: Initiator, value: number): Promise<readonly number[]> {
  const dataOut = new Uint8Array(BLOCK_BYTES).fill(value);
  const writes = Array.from({ length: BLOCKS }, (_, lba) =>
    initiator.execute({ cdb: write16(lba, 1), dataOut, timeoutMs: AGAIN_LIMIT_MS }),
  );
  const all = Promise.all(writes).then((results) => results.map(({ status }) => status));
  all.catch(() => {});
  return all;
}

/** Writes to every block, again where a unit attention announced that a port changed its state. */
async function replaceAll(initiator: Initiator, value: number): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const statuses = await writeAll(initiator, value);
    if (statuses.every((status) => status === 0)) return;
    assert.ok(attempt < ATTENTIONS_MAX, `writes ended ${statuses}`);
    for (const status of statuses) assert.ok(status === 0 || status === CHECK_CONDITION);
  }
}

async function blocksThrough(initiator: Initiator): Promise<Buffer> {
  const dataInLength = (BLOCKS + 2) * BLOCK_BYTES;
  for (let attempt = 0; ; attempt++) {
    const result = await initiator.execute({ cdb: read16(0, BLOCKS + 2), dataInLength });
    // The states of the ports change under way: a unit attention says so.
    if (result.status === CHECK_CONDITION && attempt < ATTENTIONS_MAX) continue;
    assert.equal(result.status, 0);
    return result.dataIn;
  }
}

/** Its ring and its socket are full of writes when it stops. */
async function stopFull(demo: Demo, gateway: number): Promise<Initiator> {
  const initiator = await connectAgain(demo, gateway, 'giver');
  const victim = demo.processOf(gateway);
  void writeAll(initiator, OLD);
  await initiator.execute({ cdb: write16(BLOCKS, 1), dataOut: new Uint8Array(BLOCK_BYTES) });
  void writeAll(initiator, OLD);
  // The writes are on their way: some are with the threads, the others in the socket.
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(demo.signal(victim, 'SIGSTOP'));
  const dataOut = new Uint8Array(BLOCK_BYTES).fill(OLD);
  // Outside of the window of commands, which is full: it enters the socket of a stopped process.
  initiator.start({ cdb: write16(SOCKET_BLOCK, 1), dataOut, immediate: true });
  return initiator;
}

async function expectNew(initiator: Initiator): Promise<void> {
  const expected = Buffer.alloc((BLOCKS + 2) * BLOCK_BYTES);
  expected.fill(NEW, 0, BLOCKS * BLOCK_BYTES);
  const found = await blocksThrough(initiator);
  const old = found.indexOf(OLD);
  assert.ok(found.equals(expected), `old data at byte ${old}`);
}

test('stopped gateways write nothing that initiators gave up', {
  timeout: 240_000,
  concurrency: true,
}, async (t) => {
  const stores = await Promise.all([
    Demo.start({ gateways: 2 }),
    Demo.start({ gateways: 1 }),
    Demo.start({ gateways: 2 }),
  ]);
  try {
    const [pair, alone, both] = stores as [Demo, Demo, Demo];
    await Promise.all([
      t.test('with a peer: it is fenced', () => stopBesidePeer(pair)),
      t.test('alone: it gives up before it reads its sockets', () => stopAlone(alone)),
      t.test('with a peer that was stopped, too', () => stopBoth(both)),
    ]);
  } finally {
    await Promise.all(stores.map((demo) => demo.stop()));
  }
});

async function stopBesidePeer(demo: Demo): Promise<void> {
  const victim = demo.processOf(0);
  const giver = await stopFull(demo, 0);
  await delay(GIVEN_UP_MS);
  giver.destroy();
  const other = await connectAgain(demo, 1, 'giver');
  await replaceAll(other, NEW);
  await delay(CONTINUED_MS - GIVEN_UP_MS);
  const wasEnded = !demo.signal(victim, 'SIGCONT');
  await delay(SETTLE_MS);
  await expectNew(other);
  assert.ok(wasEnded, 'the stopped process was ended');
  other.destroy();
  // Its supervisor has started it again.
  const again = await connectAgain(demo, 0, 'giver');
  await expectNew(again);
  again.destroy();
}

async function stopAlone(demo: Demo): Promise<void> {
  const victim = demo.processOf(0);
  const giver = await stopFull(demo, 0);
  await delay(GIVEN_UP_MS);
  giver.destroy();
  const connecting = connectAgain(demo, 0, 'giver');
  await delay(CONTINUED_MS - GIVEN_UP_MS);
  demo.signal(victim, 'SIGCONT');
  const again = await connecting;
  await replaceAll(again, NEW);
  await delay(SETTLE_MS);
  await expectNew(again);
  again.destroy();
}

/** The peer, continued first, does not serve before the other has been ended. */
async function stopBoth(demo: Demo): Promise<void> {
  const [victim, peer] = [demo.processOf(0), demo.processOf(1)];
  const giver = await stopFull(demo, 0);
  assert.ok(demo.signal(peer, 'SIGSTOP'));
  await delay(GIVEN_UP_MS);
  giver.destroy();
  demo.signal(peer, 'SIGCONT');
  const other = await connectAgain(demo, 1, 'giver');
  assert.ok(
    !demo.signal(victim, 'SIGCONT'),
    'the stopped process was ended before its peer serves',
  );
  await replaceAll(other, NEW);
  await delay(SETTLE_MS);
  await expectNew(other);
  other.destroy();
}

test('a stop of less than 4 s costs nothing', { timeout: 120_000 }, async (t) => {
  await using demo = await Demo.start({ gateways: 2 });
  const initiator = await connectAgain(demo, 0, 'patient');
  await seesStates(initiator, [0], [ACTIVE, ACTIVE]);
  const victim = demo.processOf(0);
  const startMs = performance.now();
  assert.ok(demo.signal(victim, 'SIGSTOP'));
  const writes = writeAll(initiator, NEW);
  await delay(2_500);
  const isAlive = demo.signal(victim, 'SIGCONT');
  const stoppedMs = performance.now() - startMs;
  t.diagnostic(`stopped for ${Math.round(stoppedMs)} ms`);
  // A machine that is this slow has stopped it for longer.
  if (stoppedMs > 3_500) return;
  assert.ok(isAlive);
  for (const status of await writes) assert.equal(status, 0);
  await waitFor('all is there', () => initiator.isOpen, SETTLE_MS);
  await expectNew(initiator);
  initiator.destroy();
});
