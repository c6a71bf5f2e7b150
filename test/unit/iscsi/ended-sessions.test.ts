// Proves that nothing of a session stays behind when it has ended, however it ends: its connection,
// its stream, its nexus and itself are let go by the server, the disk, the clock and the buffers.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { loginRequest, type MemoryStream, pdu } from '../../support/iscsi-peer.ts';
import {
  FINAL,
  FIRST_CMD_SN,
  IscsiWorld,
  NAMES,
  READ,
  scsiCommand,
  WRITE,
} from '../../support/iscsi-world.ts';
import { ScsiBench } from '../../support/scsi-bench.ts';
import { stillHeld } from '../../support/still-held.ts';
import { settle } from '../../support/virtual-clock.ts';

const SESSIONS = 20;
const BLOCK_BYTES = 512;

type End = (world: IscsiWorld, stream: MemoryStream) => void;

const ENDS: Readonly<Record<string, End>> = {
  'a logout': (_, stream) => {
    stream.feed(pdu({ opcode: 0x46, flags: 0x80, tag: 9, words: { 24: FIRST_CMD_SN + 2 } }));
  },
  'a connection that is cut': (_, stream) => stream.destroy(),
  'a protocol error': (_, stream) => stream.feed(loginRequest(NAMES)),
  'a changed document': ({ access, server }) => {
    access.admitted = false;
    void server.endRefused();
    access.admitted = true;
  },
};

/** One session that writes and reads a block, and how to see that it is gone. */
async function comesAndGoes(world: IscsiWorld, end: End): Promise<WeakRef<object>[]> {
  const stream = await world.logIn(['ImmediateData=Yes']);
  const [session] = world.server.sessions;
  const data = Buffer.alloc(BLOCK_BYTES, 7);
  const write = scsiCommand(FIRST_CMD_SN, 1, WRITE | FINAL, BLOCK_BYTES, data);
  const read = scsiCommand(FIRST_CMD_SN + 1, 2, READ | FINAL, BLOCK_BYTES);
  for (const command of [write, read]) {
    command[32 + 13] = 1;
    stream.feed(command);
  }
  await settle();
  assert.equal(stream.take().length, 2, 'a response and a Data-In with status');
  end(world, stream);
  await settle();
  assert.deepEqual(world.server.sessions, []);
  const parts = [stream, stream.reader, session, session?.nexus, session?.writer.queue];
  return parts.map((part) => new WeakRef(part!));
}

for (const [name, end] of Object.entries(ENDS)) {
  test(`sessions that ended by ${name} leave nothing behind`, async () => {
    const bench = await ScsiBench.open();
    const before = bench.logicalUnit.nexuses.size;
    const world = new IscsiWorld({ openNexus: () => bench.openNexus() });
    const refs = new Map<string, WeakRef<object>>();
    const parts = ['stream', 'connection', 'session', 'nexus', 'queue'];
    for (let i = 0; i < SESSIONS; i++) {
      const gone = await comesAndGoes(world, end);
      for (const [at, part] of gone.entries()) refs.set(`${parts[at]} ${i}`, part);
    }
    await world.clock.advance(60_000);
    assert.deepEqual(await stillHeld(refs), []);
    assert.equal(bench.logicalUnit.nexuses.size, before);
    assert.equal(world.pool.held, 0);
    assert.equal(world.clock.pending, 0);
  });
}

test('logins that end before they are sessions leave nothing behind', async () => {
  const world = new IscsiWorld();
  const refs = new Map<string, WeakRef<object>>();
  const tryLogin = (i: number): void => {
    const stream = world.connect();
    const whole = loginRequest(['InitiatorName=iqn.x:i', 'TargetName=iqn.x:unknown']);
    // Refused, or silent until its time is over.
    stream.feed(i % 2 === 0 ? whole : whole.subarray(0, 50));
    refs.set(`stream ${i}`, new WeakRef(stream));
    refs.set(`connection ${i}`, new WeakRef(stream.reader!));
  };
  for (let i = 0; i < SESSIONS; i++) tryLogin(i);
  await world.clock.advance(60_000);
  assert.deepEqual(await stillHeld(refs), []);
  assert.equal(world.clock.pending, 0);
});
