// Proves that logins, logouts, refusals and ended sessions are one line each that names initiator,
// target, address, portal and reason; and that a peer can neither write what it wants into the
// log nor fill it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loginRequest, type MemoryStream, pdu } from '../../support/iscsi-peer.ts';
import { FIRST_CMD_SN, INITIATOR, IscsiWorld, NAMES, TARGET } from '../../support/iscsi-world.ts';
import type { LogLine } from '../../support/recording-log.ts';
import { settle } from '../../support/virtual-clock.ts';

const WHERE = {
  address: '192.0.2.1',
  port: 40_000,
  portal: '192.0.2.2:3260',
  portalGroupTag: 1,
};
const NORMAL = { session: 'normal', initiator: INITIATOR, target: TARGET };
const DAY_MINUTES = 24 * 60;

function infoLines(world: IscsiWorld): LogLine[] {
  return world.log.lines.filter(({ level }) => level === 'info');
}

async function refused(world: IscsiWorld, keys: readonly string[]): Promise<MemoryStream> {
  const stream = world.connect();
  stream.feed(loginRequest(keys));
  await settle();
  return stream;
}

test('a session that logs in and out', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn();
  stream.feed(pdu({ opcode: 0x46, flags: 0x80, tag: 9, words: { 24: FIRST_CMD_SN } }));
  await settle();
  assert.deepEqual(infoLines(world), [
    { level: 'info', event: 'login', fields: { ...NORMAL, ...WHERE } },
    { level: 'info', event: 'logout', fields: { ...NORMAL, ...WHERE } },
  ]);
});

test('a discovery session, and a session that ends otherwise', async () => {
  const world = new IscsiWorld();
  const discovery = await world.discover();
  const stream = await world.logIn();
  discovery.destroy();
  await settle();
  world.access.admitted = false;
  await world.server.endRefused();
  const lines = infoLines(world);
  assert.deepEqual(
    lines.map(({ event }) => event),
    ['login', 'login', 'session_ended', 'session_ended'],
  );
  const [first, , second, third] = lines.map(({ fields }) => fields);
  assert.deepEqual(first, { session: 'discovery', initiator: INITIATOR, ...WHERE });
  assert.equal(second?.reason, 'closed by the initiator');
  assert.equal(second?.session, 'discovery');
  const reason = 'the document changed: initiator is not on the access list';
  assert.deepEqual(third, { ...NORMAL, reason, ...WHERE });
  assert.ok(stream.destroyed);
});

test('a refused login is named by what it claims', async () => {
  const world = new IscsiWorld();
  await refused(world, [`InitiatorName=${INITIATOR}`, 'TargetName=iqn.2026-11.io.allpath:other']);
  const secret = new Uint8Array(16).fill(1);
  world.access.authentication = { initiator: { user: 'u', secret }, target: undefined };
  const stream = world.connect();
  stream.feed(loginRequest([...NAMES, 'AuthMethod=CHAP'], { flags: 0x00 }));
  await settle();
  stream.feed(loginRequest(['CHAP_A=5'], { flags: 0x00 }));
  await settle();
  stream.feed(loginRequest(['CHAP_N=mallory', `CHAP_R=0x${'00'.repeat(16)}`], { flags: 0x81 }));
  await settle();
  const lines = infoLines(world);
  assert.deepEqual(
    lines.map(({ event }) => event),
    ['login_refused', 'login_refused'],
  );
  const [unknown, unproved] = lines.map(({ fields }) => fields);
  assert.deepEqual(unknown, {
    ...NORMAL,
    target: 'iqn.2026-11.io.allpath:other',
    status: '0203',
    reason: 'no such target here',
    ...WHERE,
  });
  assert.deepEqual(unproved, {
    ...NORMAL,
    user: 'mallory',
    status: '0201',
    reason: 'CHAP failed',
    ...WHERE,
  });
});

test('the name that a peer gives itself is bounded and stays one line', async () => {
  const world = new IscsiWorld();
  const name = `iqn.x:i\n{"level":30,"msg":"login"}\x1b[2J\u202e${'x'.repeat(8_000)}`;
  await refused(world, [`InitiatorName=${name}`, 'TargetName=\u2028t']);
  const [line] = infoLines(world);
  const initiator = String(line?.fields.initiator);
  assert.ok(initiator.startsWith('iqn.x:i?{"level":30,"msg":"login"}?[2J?xxx'));
  assert.ok(initiator.length < 250);
  assert.equal(line?.fields.target, '?t');
});

test('a login that is not finished is told, a connection that says nothing is not', async () => {
  const world = new IscsiWorld();
  world.connect().destroy();
  const stream = world.connect();
  stream.feed(loginRequest(NAMES, { flags: 0x04 }));
  await world.clock.advance(20_000);
  const events = infoLines(world).map(({ event, fields }) => [event, fields.reason]);
  assert.deepEqual(events, [['login_abandoned', 'login timed out']]);
});

test('refused logins without end write few lines, and each is counted', async () => {
  const world = new IscsiWorld();
  const minutes = 3;
  const each = 1_000;
  for (let minute = 0; minute < minutes; minute++) {
    for (let i = 0; i < each; i++) (await refused(world, [])).destroy();
    await world.clock.advance(60_000);
  }
  await world.server.close();
  const lines = infoLines(world);
  const counted = lines.reduce((sum, { fields }) => sum + Number(fields.count ?? 1), 0);
  assert.equal(counted, minutes * each);
  const bytes = lines.reduce((sum, line) => sum + JSON.stringify(line).length, 0);
  assert.ok((bytes / minutes) * DAY_MINUTES < 20e6, `${bytes} bytes in ${minutes} minutes`);
});
