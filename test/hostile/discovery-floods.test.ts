// Proves that unauthenticated initiators cannot fill the memory of a gateway through discovery
// sessions: neither by long texts in tiny pieces that are never finished, nor by unread answers.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Demo } from '../support/demo.ts';
import { pdu } from '../support/iscsi-peer.ts';
import { FloodingSockets } from './flooding-sockets.ts';
import { loginRequest, wireBytes } from './pdu-corpus.ts';
import { Witness } from './witness.ts';

const GROWTH_BYTES_MAX = 64 * 1024 * 1024;
const STUCK_MS = 1_000;
const REST_MS = 500;
const REST_BYTES = 256 * 1024;
const CHECKS_MAX = 60;
const SESSIONS = 60;
const NEW_EXCHANGE = 0xffff_ffff;
/** The tag that a target gives to the first exchange of a session; any other is refused at once. */
const FIRST_TAG = 1;
const CONTINUE = 0x40;

const login = wireBytes(
  loginRequest({ cmdSn: 1, expStatSn: 0, initiatorTaskTag: 1 }, [
    ['InitiatorName', 'iqn.2026-11.test:unknown'],
    ['SessionType', 'Discovery'],
  ]),
);

/** An immediate Text Request with one byte of a text that goes on. */
function crumb(tag: number): Buffer {
  return pdu({
    opcode: 0x44,
    flags: CONTINUE,
    tag: 5,
    words: { 20: tag, 24: 1 },
    data: Buffer.of(65),
  });
}

/** Resolves when the gateway has handled what was sent: its memory no longer changes. */
async function atRest(witness: Witness): Promise<void> {
  for (let checks = 0, last = Number.NaN; checks < CHECKS_MAX; checks++) {
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    const { rssGrowthBytes } = witness;
    if (Math.abs(rssGrowthBytes - last) < REST_BYTES) return;
    last = rssGrowthBytes;
  }
}

test('texts in crumbs that are never finished', async (t) => {
  await using demo = await Demo.start({ gateways: 1 });
  const witness = await Witness.start(demo);
  using sockets = new FloodingSockets(demo.address(0));
  const chunk = Buffer.concat(new Array<Buffer>(1_000).fill(crumb(FIRST_TAG)));
  const first = Buffer.concat([login, crumb(NEW_EXCHANGE)]);
  await Promise.all(
    Array.from({ length: SESSIONS }, () => sockets.send(first, chunk, 30, true, STUCK_MS)),
  );
  await atRest(witness);
  const seen = await witness.finish();
  t.diagnostic(JSON.stringify(seen));
  assert.ok(seen.rssGrowthBytes < GROWTH_BYTES_MAX, `${seen.rssGrowthBytes} bytes more`);
});

test('answers that are never read', async (t) => {
  await using demo = await Demo.start({ gateways: 1 });
  const witness = await Witness.start(demo);
  using sockets = new FloodingSockets(demo.address(0));
  const ping = pdu({
    opcode: 0x40,
    tag: 7,
    words: { 20: NEW_EXCHANGE, 24: 1 },
    data: Buffer.alloc(8_000),
  });
  const chunk = Buffer.concat(new Array<Buffer>(10).fill(ping));
  await Promise.all(
    Array.from({ length: SESSIONS }, () => sockets.send(login, chunk, 100, false, STUCK_MS)),
  );
  await atRest(witness);
  const seen = await witness.finish();
  t.diagnostic(JSON.stringify({ open: sockets.open, ...seen }));
  assert.ok(seen.rssGrowthBytes < GROWTH_BYTES_MAX, `${seen.rssGrowthBytes} bytes more`);
});
