// Proves the way from the first Login Request of a connection to its session: the sequence numbers
// of both, the wait for the session that it takes the place of, and what a login that is refused or
// abandoned leaves behind.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Admission, Directory } from '../../../src/iscsi/contracts.ts';
import { DataBudget } from '../../../src/iscsi/data-budget.ts';
import { DiscoveryService } from '../../../src/iscsi/discovery.ts';
import { REINSTATEMENT_MAX_MS } from '../../../src/iscsi/limits.ts';
import { NEGOTIATION_DEFAULTS } from '../../../src/iscsi/login/negotiation-settings.ts';
import type { LoginLog } from '../../../src/iscsi/login-log.ts';
import { LoginPhase } from '../../../src/iscsi/login-phase.ts';
import type { Session } from '../../../src/iscsi/session.ts';
import { type RegisteredSession, SessionRegistry } from '../../../src/iscsi/session-registry.ts';
import { SendQueue } from '../../../src/iscsi/wire/send-queue.ts';
import { loginRequest, MemoryStream, pdu, ScriptedNexus } from '../../support/iscsi-peer.ts';
import { CountingSlabPool, INITIATOR, NAMES, PORTAL, TARGET } from '../../support/iscsi-world.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { received } from '../../support/session-parts.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const SERVICE_UNAVAILABLE = 0x0301;
const NOT_ADMITTED = 0x0202;
const CMD_SN = 700;
const EXP_STAT_SN = 40;
const DISCOVERY = [NAMES[0]!, 'SessionType=Discovery'];

function begin(sessionsMax = 8) {
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const pool = new CountingSlabPool();
  const stream = new MemoryStream();
  const queue = new SendQueue(stream, pool, clock);
  const budget = new DataBudget(pool, clock);
  const registry = new SessionRegistry(sessionsMax);
  const access = { admitted: true };
  const nexuses: ScriptedNexus[] = [];
  const admission: Admission = {
    ...{ authentication: undefined, isNamed: true },
    openNexus: () => {
      const nexus = new ScriptedNexus();
      nexuses.push(nexus);
      return nexus;
    },
  };
  const directory: Directory = {
    ...{ listTargets: () => [], hasPortal: () => true },
    ...{ discoveryAuthentication: undefined, draining: false },
    findTarget: (targetName) =>
      targetName === TARGET
        ? {
            ...{ targetName, alias: undefined, relativePortIdentifier: 1 },
            admit: () => (access.admitted ? admission : undefined),
          }
        : undefined,
  };
  const events: string[] = [];
  const sessions: Session[] = [];
  const loginLog = {
    login: () => events.push('logged: login'),
    refused: () => events.push('logged: refused'),
    abandoned: (_: unknown, reason: string) => events.push(`logged: abandoned, ${reason}`),
  };
  const network = '192.0.2.0';
  const { portalGroupTag } = PORTAL;
  const phase = new LoginPhase(
    {
      context: {
        ...{ directory, portal: PORTAL, random },
        settings: { negotiation: NEGOTIATION_DEFAULTS, chap: { md5: true } },
        allocateTsih: (login) => registry.reserveTsih({ ...login, network, portalGroupTag }),
        sessionExists: (name, isid, tsih) => registry.exists(name, isid, tsih),
      },
      ...{ registry, clock, queueDepth: 8, budget, network },
      newDiscovery: ({ initiatorName }) =>
        new DiscoveryService({ directory, initiatorName, ownTarget: undefined }, clock),
      loginLog: loginLog as unknown as LoginLog,
    },
    queue,
    {
      established: (session) => {
        sessions.push(session);
        events.push('established');
      },
      end: (reason, when) => events.push(`end ${when}: ${reason}`),
      resume: () => events.push('resume'),
    },
  );
  const logIn = (keys: readonly string[] = NAMES) => {
    const words = { 24: CMD_SN, 28: EXP_STAT_SN };
    phase.onPdu(received(loginRequest(keys, { words })));
  };
  /** What was sent since; an answer that waited for an end leaves in the turn after it. */
  const answers = async () => {
    await settle();
    await settle();
    return stream.take();
  };
  const told = () => events.splice(0);
  return { clock, phase, registry, budget, access, nexuses, sessions, logIn, answers, told };
}

/** A session that has the nexus of the login already, and ends when the test says so. */
function occupy({ registry }: { registry: SessionRegistry }) {
  const ended = Promise.withResolvers<void>();
  const tsih = registry.reserveTsih({
    ...{ network: '192.0.2.0', initiatorName: INITIATOR, isid: '400000000001' },
    ...{ targetName: TARGET, portalGroupTag: PORTAL.portalGroupTag, isNamed: true },
  })!;
  const identity = {
    ...{ initiatorName: INITIATOR, targetName: TARGET, isid: '400000000001', cid: 1 },
    ...{ portalGroupTag: PORTAL.portalGroupTag, tsih, proof: undefined },
  };
  const reasons: string[] = [];
  const session: RegisteredSession = {
    identity,
    terminate: async (reason) => {
      reasons.push(reason);
      await ended.promise;
      registry.leave(session);
    },
  };
  registry.enter(session);
  return { end: () => ended.resolve(), reasons };
}

test('a session goes on with the numbers of its login', async () => {
  const { phase, budget, nexuses, sessions, logIn, answers, told } = begin();
  assert.ok(phase.ready);
  logIn();
  const [answer] = await answers();
  assert.deepEqual([answer![0], answer!.readUInt16BE(36)], [0x23, 0]);
  assert.equal(answer!.readUInt32BE(24), EXP_STAT_SN, 'StatSN');
  assert.equal(answer!.readUInt32BE(28), CMD_SN, 'ExpCmdSN');
  const [session] = sessions;
  assert.equal(answer!.readUInt16BE(14), session!.identity.tsih);
  assert.deepEqual([session!.window.expCmdSn, session!.writer.statSn], [CMD_SN, EXP_STAT_SN + 1]);
  assert.deepEqual([nexuses.length, budget.sessions, session!.nexus], [1, 1, nexuses[0]]);
  assert.deepEqual(told(), ['logged: login', 'established', 'resume']);
  assert.ok(phase.ready);
});

test('a discovery session has no nexus', async () => {
  const { nexuses, sessions, logIn, answers } = begin();
  logIn(DISCOVERY);
  assert.equal((await answers())[0]!.readUInt16BE(36), 0);
  assert.deepEqual([sessions[0]!.nexus, nexuses.length], [undefined, 0]);
});

test('anything but a Login Request ends the connection without an answer or a line', async () => {
  const { phase, answers, told } = begin();
  phase.onPdu(received(pdu({ opcode: 0x40 })));
  assert.deepEqual([(await answers()).length, told()], [0, ['end now: no Login Request']]);
  phase.abandon('closed');
  assert.deepEqual(told(), []);
});

test('a login that is refused is answered, told once, and takes no place', async () => {
  const { phase, access, sessions, registry, logIn, answers, told } = begin(1);
  access.admitted = false;
  logIn();
  const [answer] = await answers();
  assert.equal(answer!.readUInt16BE(36), NOT_ADMITTED);
  const [line, end] = told();
  assert.deepEqual([line, end?.startsWith('end afterSending: ')], ['logged: refused', true]);
  phase.abandon('closed');
  assert.deepEqual([told(), sessions], [[], []]);
  occupy({ registry });
});

test('it waits for the end of the session before it, and takes nothing meanwhile', async () => {
  const world = begin();
  const { phase, sessions, logIn, answers, told } = world;
  const before = occupy(world);
  logIn();
  assert.deepEqual([(await answers()).length, phase.ready], [0, false]);
  assert.deepEqual(before.reasons, ['session reinstatement']);
  before.end();
  const [answer] = await answers();
  assert.deepEqual([answer!.readUInt16BE(36), sessions.length, phase.ready], [0, 1, true]);
  assert.deepEqual(told(), ['logged: login', 'established', 'resume']);
});

test('a wait that is too long ends with a status after which initiators try again', async () => {
  const world = begin();
  const { clock, sessions, logIn, answers, told } = world;
  occupy(world);
  logIn();
  await clock.advance(REINSTATEMENT_MAX_MS - 1);
  assert.equal((await answers()).length, 0);
  await clock.advance(1);
  const [answer] = await answers();
  assert.equal(answer!.readUInt16BE(36), SERVICE_UNAVAILABLE);
  assert.deepEqual([answer!.readUInt16BE(14), answer![1]! & 0x80], [0, 0], 'no TSIH, no transit');
  assert.deepEqual(sessions, []);
  assert.match(told().join(), /^logged: refused,end afterSending: /);
});

test('a login is authorized again after its wait', async () => {
  const world = begin();
  const { access, sessions, nexuses, logIn, answers } = world;
  const before = occupy(world);
  logIn();
  await settle();
  access.admitted = false;
  before.end();
  assert.equal((await answers())[0]!.readUInt16BE(36), NOT_ADMITTED);
  assert.deepEqual([sessions, nexuses], [[], []]);
});

test('a connection that is gone while its login waits leaves no session and no place', async () => {
  const world = begin(2);
  const { phase, registry, sessions, logIn, answers, told } = world;
  const before = occupy(world);
  logIn();
  await settle();
  phase.abandon('closed');
  assert.deepEqual(told(), ['logged: abandoned, closed']);
  before.end();
  assert.deepEqual([(await answers()).length, sessions], [0, []]);
  const places = ['a', 'b', 'c'].map((isid) =>
    registry.reserveTsih({
      ...{ network: 'n', initiatorName: `iqn.x:${isid}`, isid, targetName: TARGET },
      ...{ portalGroupTag: 1, isNamed: true },
    }),
  );
  assert.deepEqual(
    places.map((tsih) => tsih !== undefined),
    [true, true, false],
  );
});

test('a connection that ends before its login did is told, one that never began is not', () => {
  const silent = begin();
  silent.phase.abandon('closed');
  assert.deepEqual(silent.told(), []);
  const { phase, told } = begin();
  phase.onPdu(received(loginRequest(NAMES, { flags: 0x04 })));
  phase.abandon('login timed out');
  assert.deepEqual(told(), ['logged: abandoned, login timed out']);
});
