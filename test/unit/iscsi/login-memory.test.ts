// Proves how much memory an unauthenticated peer can make a gateway hold: logins and discovery
// sessions, which need no proof of identity if the document demands none, keep small buffers for a
// bounded time, whatever they send, leave unfinished or do not read.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DISCOVERY_SESSION_MAX_MS,
  LOGIN_BUFFER_BYTES,
  LOGIN_SEND_QUEUE_BYTES_MAX,
  LOGIN_TIMEOUT_MS,
  LOGIN_TURN_PDUS,
  NOP_INTERVAL_MS,
  TEXT_REQUEST_BYTES_MAX,
  TEXT_TIMEOUT_MS,
} from '../../../src/iscsi/limits.ts';
import { RejectReason } from '../../../src/iscsi/standard/reject-reason.ts';
import { TEXT_PIECES_MAX } from '../../../src/iscsi/wire/text.ts';
import { loginRequest, type MemoryStream, pdu } from '../../support/iscsi-peer.ts';
import { FIRST_CMD_SN, IscsiWorld, NAMES, signOfLife } from '../../support/iscsi-world.ts';
import { settle } from '../../support/virtual-clock.ts';

const REJECT = 0x3f;
const TEXT_RESPONSE = 0x24;
const NEW_EXCHANGE = 0xffff_ffff;
const CONTINUE = 0x40;
/** The receive buffer, what is queued, and the buffers that the last answer began. */
const SLABS_MAX = 1 + Math.ceil(LOGIN_SEND_QUEUE_BYTES_MAX / LOGIN_BUFFER_BYTES) + 2;

/** An immediate Text Request. */
function textRequest(text: string, flags = 0x80, tag = NEW_EXCHANGE): Buffer {
  const data = Buffer.from(text);
  return pdu({ opcode: 0x44, flags, tag: 5, words: { 20: tag, 24: FIRST_CMD_SN }, data });
}

/** Sends a text in pieces of the length given until the target rejects one. */
async function piecesTaken(stream: MemoryStream, length: number, most: number): Promise<number> {
  let tag = NEW_EXCHANGE;
  for (let i = 0; i < most; i++) {
    stream.feed(textRequest('x'.repeat(length), CONTINUE, tag));
    await settle();
    const answer = stream.take().at(-1)!;
    if (answer[0] === REJECT) return i;
    assert.equal(answer[0], TEXT_RESPONSE);
    tag = answer.readUInt32BE(20);
  }
  return most;
}

for (const kind of ['discover', 'logIn'] as const) {
  test(`a text in crumbs is given up (${kind})`, async () => {
    const world = new IscsiWorld();
    const stream = await world[kind]();
    assert.equal(await piecesTaken(stream, 1, 1_000), TEXT_PIECES_MAX);
    assert.equal(await piecesTaken(stream, 0, 1_000), TEXT_PIECES_MAX);
    assert.equal(await piecesTaken(stream, 4_096, 1_000), TEXT_REQUEST_BYTES_MAX / 4_096);
  });
}

test('a text whose pieces drip in is dropped when its time is over', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn();
  stream.feed(textRequest('SendTar', CONTINUE));
  await settle();
  const tag = stream.take()[0]!.readUInt32BE(20);
  for (let waited = 0; waited < TEXT_TIMEOUT_MS; waited += 2_000) {
    stream.feed(textRequest('g', CONTINUE, tag));
    await settle();
    assert.equal(stream.take().at(-1)![0], TEXT_RESPONSE);
    await world.clock.advance(2_000);
  }
  stream.take();
  stream.feed(textRequest('ets=\0', 0x80, tag));
  await settle();
  const [answer] = stream.take();
  assert.deepEqual([answer?.[0], answer?.[2]], [REJECT, RejectReason.invalidPduField]);
  assert.equal(stream.destroyed, false, 'the session works on');
});

test('a discovery session that does not read keeps small buffers', async () => {
  const world = new IscsiWorld();
  const stream = await world.discover();
  stream.draining = false;
  const echo = pdu({
    opcode: 0x40,
    tag: 7,
    words: { 24: FIRST_CMD_SN },
    data: Buffer.alloc(8_000),
  });
  for (let i = 0; i < 500 && !stream.paused; i++) {
    stream.feed(Buffer.concat([textRequest('SendTargets=All\0'), echo, textRequest('A=1\0')]));
  }
  assert.ok(stream.paused, 'it is not read on');
  assert.equal(world.pool.held, 0, 'no buffer of the sessions');
  assert.ok(world.loginPool.held <= SLABS_MAX, `${world.loginPool.held} small buffers`);
  stream.release();
  await settle();
  stream.take();
  stream.feed(textRequest('SendTargets=All\0'));
  await settle();
  assert.equal(stream.take().at(-1)![0], TEXT_RESPONSE, 'it works when it reads again');
});

test('a discovery session declares and takes short data segments alone', async () => {
  const world = new IscsiWorld();
  const stream = world.connect();
  stream.feed(loginRequest([NAMES[0]!, 'SessionType=Discovery'], { words: { 24: FIRST_CMD_SN } }));
  await settle();
  assert.match(
    String(stream.take()[0]),
    /\0MaxRecvDataSegmentLength=8192\0|^.{48}MaxRecv.*=8192\0/s,
  );
  stream.feed(textRequest('x'.repeat(8_193)));
  await settle();
  assert.ok(stream.destroyed);
});

test('commands ahead of their turn are held in a small amount in discovery sessions', async () => {
  const world = new IscsiWorld();
  const stream = await world.discover();
  const data = Buffer.alloc(8_000);
  for (const cmdSn of [FIRST_CMD_SN + 1, FIRST_CMD_SN + 2]) {
    stream.feed(pdu({ opcode: 0x04, tag: 5, words: { 20: NEW_EXCHANGE, 24: cmdSn }, data }));
  }
  await settle();
  assert.ok(stream.destroyed);
});

test('a discovery session ends, though its initiator shows that it lives', async () => {
  const world = new IscsiWorld();
  const stream = await world.discover();
  const step = NOP_INTERVAL_MS / 2;
  for (let passed = 0; passed <= DISCOVERY_SESSION_MAX_MS - step; passed += step) {
    assert.equal(stream.destroyed, false, `after ${passed} ms`);
    stream.feed(signOfLife(FIRST_CMD_SN));
    await world.clock.advance(step);
  }
  await world.clock.advance(1_000);
  assert.ok(stream.destroyed);
  assert.equal(world.loginPool.held, 0);
});

test('a login that does not read its answers is not read on', async () => {
  const world = new IscsiWorld();
  const stream = world.connect();
  stream.draining = false;
  const unknown = Array.from({ length: 60 }, (_, i) => `X-${'k'.repeat(50)}-${i}=1`);
  for (let i = 0; i < 60 && !stream.paused; i++) {
    stream.feed(
      loginRequest(i === 0 ? [NAMES[0]!, NAMES[1]!, ...unknown] : unknown, { flags: 0x04 }),
    );
  }
  assert.ok(stream.paused);
  assert.ok(world.loginPool.held <= SLABS_MAX, `${world.loginPool.held} small buffers`);
  await world.clock.advance(LOGIN_TIMEOUT_MS);
  assert.ok(stream.destroyed);
  stream.release();
  await settle();
  assert.equal(world.loginPool.held, 0);
});

test('logins are handled a few PDUs in a turn, and all of them in the end', async () => {
  const world = new IscsiWorld();
  const stream = await world.discover();
  const requests = 20;
  stream.feed(Buffer.concat(new Array<Buffer>(requests).fill(textRequest('SendTargets=All\0'))));
  assert.equal(stream.take().length, LOGIN_TURN_PDUS);
  for (let turn = 0; turn < requests; turn++) await settle();
  assert.equal(stream.take().length, requests - LOGIN_TURN_PDUS);
  assert.equal(stream.paused, false);
});
