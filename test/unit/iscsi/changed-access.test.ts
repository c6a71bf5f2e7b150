// Proves which sessions end when the document changes, and why: those that the new version would
// not let in as they are, discovery sessions included, and no others.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Authentication } from '../../../src/iscsi/contracts.ts';
import { loginRequest, type MemoryStream, pdu } from '../../support/iscsi-peer.ts';
import { type Access, FIRST_CMD_SN, IscsiWorld, NAMES } from '../../support/iscsi-world.ts';
import { settle } from '../../support/virtual-clock.ts';

const credentials = (user: string, secret: string) => ({ user, secret: Buffer.from(secret) });
const ALICE = credentials('alice', 'secret-of-alice!');
const GATEWAY = credentials('gateway', 'secret-of-gateway');
const ONE_WAY: Authentication = { initiator: ALICE, target: undefined };
const MUTUAL: Authentication = { initiator: ALICE, target: GATEWAY };

interface Login {
  readonly discovery?: boolean;
  /** Logs in with CHAP, and asks for the target's proof. */
  readonly chap?: 'oneWay' | 'mutual';
  readonly algorithm?: 'md5' | 'sha256';
}

const SECURITY = 0x00;
const SECURITY_TO_FULL = 0x83;

/** A session that logged in as told, with the credentials of ALICE. */
async function logIn(world: IscsiWorld, login: Login): Promise<MemoryStream> {
  const stream = world.connect();
  const names = login.discovery ? [NAMES[0]!, 'SessionType=Discovery'] : NAMES;
  const exchange = async (keys: readonly string[], flags: number): Promise<Buffer> => {
    stream.feed(loginRequest(keys, { flags, words: { 24: FIRST_CMD_SN } }));
    await settle();
    const answer = stream.take()[0]!;
    assert.equal(answer.readUInt16BE(36), 0);
    return answer;
  };
  if (login.chap === undefined) {
    await exchange(names, 0x87);
    return stream;
  }
  const hash = login.algorithm ?? 'sha256';
  await exchange([...names, 'AuthMethod=CHAP'], SECURITY);
  const answer = String(await exchange([`CHAP_A=${hash === 'md5' ? 5 : 7}`], SECURITY));
  const identifier = Number(/CHAP_I=(\d+)/.exec(answer)?.[1]);
  const challenge = Buffer.from(/CHAP_C=0x([0-9a-f]+)/.exec(answer)?.[1] ?? '', 'hex');
  const parts = Buffer.concat([Buffer.of(identifier), ALICE.secret, challenge]);
  const response = createHash(hash).update(parts).digest('hex');
  const proof = [`CHAP_N=${ALICE.user}`, `CHAP_R=0x${response}`];
  const demand = login.chap === 'mutual' ? ['CHAP_I=1', 'CHAP_C=0x0102030405060708'] : [];
  await exchange([...proof, ...demand], SECURITY_TO_FULL);
  return stream;
}

interface Change {
  readonly name: string;
  readonly before?: Partial<Access>;
  readonly login?: Login;
  readonly after: Partial<Access>;
  /** Undefined: the session goes on. */
  readonly ends: string | undefined;
}

const other = (secret: string) => ({ initiator: credentials('alice', secret), target: undefined });

const CHANGES: readonly Change[] = [
  {
    name: 'authentication is demanded',
    after: { authentication: ONE_WAY },
    ends: 'authentication is demanded now',
  },
  {
    name: 'authentication of discovery is demanded',
    login: { discovery: true },
    after: { discoveryAuthentication: ONE_WAY },
    ends: 'authentication is demanded now',
  },
  {
    name: 'authentication of discovery is demanded, of a session that is none',
    after: { discoveryAuthentication: ONE_WAY },
    ends: undefined,
  },
  {
    name: 'the secret is replaced',
    before: { authentication: ONE_WAY },
    login: { chap: 'oneWay' },
    after: { authentication: other('another-secret!!') },
    ends: 'credentials changed',
  },
  {
    name: 'the secret of discovery is replaced',
    before: { discoveryAuthentication: ONE_WAY },
    login: { chap: 'oneWay', discovery: true },
    after: { discoveryAuthentication: other('another-secret!!') },
    ends: 'credentials changed',
  },
  {
    name: 'the user name changes',
    before: { authentication: ONE_WAY },
    login: { chap: 'oneWay' },
    after: {
      authentication: { initiator: { ...ALICE, user: 'alice2' }, target: undefined },
    },
    ends: 'credentials changed',
  },
  {
    name: 'the same credentials are read again',
    before: { authentication: MUTUAL },
    login: { chap: 'mutual' },
    after: {
      authentication: {
        initiator: credentials(ALICE.user, String(ALICE.secret)),
        target: credentials(GATEWAY.user, String(GATEWAY.secret)),
      },
    },
    ends: undefined,
  },
  {
    name: 'the secret that the target proved is replaced',
    before: { authentication: MUTUAL },
    login: { chap: 'mutual' },
    after: {
      authentication: { initiator: ALICE, target: credentials('gateway', 'another-one-of-it') },
    },
    ends: 'credentials changed',
  },
  {
    name: 'the proof of the target that was asked for is taken away',
    before: { authentication: MUTUAL },
    login: { chap: 'mutual' },
    after: { authentication: ONE_WAY },
    ends: 'credentials changed',
  },
  {
    name: 'a proof of the target that nobody asked for is added, changed and taken away',
    before: { authentication: ONE_WAY },
    login: { chap: 'oneWay' },
    after: { authentication: MUTUAL },
    ends: undefined,
  },
  {
    name: 'nothing is demanded any longer',
    before: { authentication: ONE_WAY },
    login: { chap: 'oneWay' },
    after: { authentication: undefined },
    ends: undefined,
  },
  {
    name: 'MD5 is forbidden, and it was used',
    before: { authentication: ONE_WAY },
    login: { chap: 'oneWay', algorithm: 'md5' },
    after: { md5: false },
    ends: 'credentials changed',
  },
  {
    name: 'MD5 is forbidden, and it was not used',
    before: { authentication: ONE_WAY },
    login: { chap: 'oneWay' },
    after: { md5: false },
    ends: undefined,
  },
  {
    name: 'the initiator leaves the access list',
    after: { admitted: false },
    ends: 'initiator is not on the access list',
  },
  { name: 'the portal leaves', after: { portal: false }, ends: 'no such portal' },
  {
    name: 'the portal of a discovery session leaves',
    login: { discovery: true },
    after: { portal: false },
    ends: 'no such portal',
  },
  { name: 'the gateway drains', after: { draining: true }, ends: undefined },
];

for (const { name, before = {}, login = {}, after, ends } of CHANGES) {
  test(`${name}: the session ${ends === undefined ? 'goes on' : 'ends'}`, async () => {
    const world = new IscsiWorld();
    Object.assign(world.access, before);
    const stream = await logIn(world, login);
    Object.assign(world.access, after);
    await world.server.endRefused();
    assert.equal(stream.destroyed, ends !== undefined);
    assert.equal(
      world.server.sessions.length,
      ends === undefined ? 1 : 0,
      'ended when it resolves',
    );
    const reasons = world.log.lines
      .filter(({ event }) => event === 'session_ended')
      .map(({ fields }) => fields['reason']);
    assert.deepEqual(reasons, ends === undefined ? [] : [`the document changed: ${ends}`]);
  });
}

test('writes under way are over before the change is in force', async () => {
  const world = new IscsiWorld();
  await logIn(world, {});
  const nexusClosed = Promise.withResolvers<void>();
  world.nexus.onClose = () => nexusClosed.promise;
  world.access.authentication = ONE_WAY;
  let isOver = false;
  const over = world.server.endRefused().then(() => {
    isOver = true;
  });
  await settle();
  assert.equal(isOver, false);
  nexusClosed.resolve();
  await over;
});

test('a login under way is authorized by the new version at its last PDU', async () => {
  const world = new IscsiWorld();
  const stream = world.connect();
  stream.feed(loginRequest(NAMES, { flags: 0x04 }));
  await settle();
  world.access.authentication = ONE_WAY;
  await world.server.endRefused();
  stream.take();
  stream.feed(loginRequest([], { flags: 0x87 }));
  await settle();
  assert.equal(stream.take()[0]?.readUInt16BE(36), 0x0201);
});

test('a session remembers no secret', async () => {
  const world = new IscsiWorld();
  world.access.authentication = MUTUAL;
  await logIn(world, { chap: 'mutual' });
  const remembered = JSON.stringify(world.server.sessions[0]!.identity);
  assert.match(remembered, /"user":"alice"/);
  for (const { secret } of [ALICE, GATEWAY]) {
    for (const form of ['utf8', 'hex', 'base64'] as const) {
      assert.ok(!remembered.includes(secret.toString(form)));
    }
  }
});

test('a list of targets that was begun is not told on', async () => {
  const world = new IscsiWorld();
  const stream = await logIn(world, { discovery: true });
  const text = (words: string, flags: number, tag: number) =>
    pdu({
      opcode: 0x44,
      flags,
      tag: 5,
      words: { 20: tag, 24: FIRST_CMD_SN },
      data: Buffer.from(words),
    });
  // Not final: the exchange goes on under a tag, with what the first request asked for.
  stream.feed(text('SendTargets=All\0', 0x00, 0xffff_ffff));
  await settle();
  const [answer] = stream.take();
  await world.server.endRefused();
  stream.feed(text('', 0x80, answer!.readUInt32BE(20)));
  await settle();
  assert.equal(stream.take()[0]?.[0], 0x3f, 'Reject');
  stream.feed(text('SendTargets=All\0', 0x80, 0xffff_ffff));
  await settle();
  assert.equal(stream.take()[0]?.[0], 0x24, 'it may ask again');
});
