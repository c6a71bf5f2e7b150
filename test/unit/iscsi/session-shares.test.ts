// Proves that nobody keeps others out by taking places: sessions, discovery sessions and logins
// under way are shared by network and initiator, a path that comes back has room, initiators that
// the document names have room of their own, and who keeps to few sessions never loses one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  DISCOVERY_SESSIONS_SHARE,
  RESERVED_SESSIONS_SHARE,
  SESSIONS_GUARANTEED,
} from '../../../src/iscsi/limits.ts';
import {
  type Applicant,
  type RegisteredSession,
  SessionRegistry,
} from '../../../src/iscsi/session-registry.ts';
import { loginRequest } from '../../support/iscsi-peer.ts';
import { IscsiWorld, NAMES } from '../../support/iscsi-world.ts';
import { settle } from '../../support/virtual-clock.ts';

const SESSIONS_MAX = 64;
const UNNAMED_MAX = SESSIONS_MAX - SESSIONS_MAX / RESERVED_SESSIONS_SHARE;
const ATTACKER = '198.51.100.1';
const HOST = '192.0.2.1';

interface Entered extends RegisteredSession {
  readonly applicant: Applicant;
  ended: boolean;
}

/** A registry, whose sessions end when `settle` is called for them. */
class Bench {
  readonly registry = new SessionRegistry(SESSIONS_MAX);
  readonly entered: Entered[] = [];
  #isid = 0;

  get living(): Entered[] {
    return this.entered.filter(({ ended }) => !ended);
  }

  /** Undefined: refused. */
  logIn(
    network: string,
    initiatorName: string,
    rest: Partial<Applicant> = {},
  ): Entered | undefined {
    const applicant: Applicant = {
      network,
      initiatorName,
      isid: String(this.#isid++),
      targetName: 'iqn.x:t',
      portalGroupTag: 1,
      isNamed: false,
      ...rest,
    };
    const tsih = this.registry.reserveTsih(applicant);
    if (tsih === undefined) return undefined;
    const before = this.registry.holderOf(applicant);
    if (before !== undefined) this.end(before as Entered);
    const { isid, targetName, portalGroupTag } = applicant;
    const names = { initiatorName, isid, targetName, portalGroupTag };
    const entered: Entered = {
      applicant,
      identity: { ...names, tsih, cid: 1, proof: undefined },
      ended: false,
      terminate: async () => {
        entered.ended = true;
      },
    };
    this.registry.enter(entered);
    this.entered.push(entered);
    return entered;
  }

  end(entered: Entered): void {
    entered.ended = true;
    this.registry.leave(entered);
  }

  /** Sessions that gave way are over. */
  settle(): void {
    for (const each of this.entered) if (each.ended) this.registry.leave(each);
  }

  countOf(network: string): number {
    return this.living.filter(({ applicant }) => applicant.network === network).length;
  }
}

function flood(bench: Bench, network = ATTACKER, nameOf = (_: number) => 'iqn.x:flood'): void {
  for (let i = 0; i < 3 * SESSIONS_MAX; i++) bench.logIn(network, nameOf(i));
}

for (const [what, nameOf] of [
  ['one initiator', () => 'iqn.x:flood'],
  ['invented names', (i: number) => `iqn.x:flood-${i}`],
] as const) {
  test(`a flood of sessions of ${what} keeps nobody from another network out`, () => {
    const bench = new Bench();
    flood(bench, ATTACKER, nameOf);
    assert.equal(bench.living.length, UNNAMED_MAX);
    const paths = Array.from({ length: SESSIONS_GUARANTEED }, () =>
      bench.logIn(HOST, 'iqn.x:host'),
    );
    flood(bench, ATTACKER, nameOf);
    assert.ok(
      paths.every((path) => path?.ended === false),
      'it comes in, and stays',
    );
    assert.equal(bench.living.length, UNNAMED_MAX);
  });
}

test('a flood of one initiator does not keep another of the same network out', () => {
  const bench = new Bench();
  flood(bench);
  const other = bench.logIn(ATTACKER, 'iqn.x:other');
  flood(bench);
  assert.equal(other?.ended, false);
});

test('a reinstatement has room when all places are taken', () => {
  const bench = new Bench();
  const path = bench.logIn(HOST, 'iqn.x:host', { isid: 'same' });
  flood(bench, ATTACKER, (i) => `iqn.x:flood-${i}`);
  const again = bench.logIn(HOST, 'iqn.x:host', { isid: 'same' });
  assert.ok(again !== undefined && path?.ended);
  assert.equal(bench.living.length, UNNAMED_MAX);
});

test('a session that gave way does not come back as a reinstatement', () => {
  const bench = new Bench();
  flood(bench);
  bench.logIn(HOST, 'iqn.x:host');
  const displaced = bench.entered.find(({ ended }) => ended)!;
  assert.equal(bench.logIn(ATTACKER, 'iqn.x:flood', { isid: displaced.identity.isid }), undefined);
});

test('unnamed initiators leave room for those that the document names', () => {
  const bench = new Bench();
  const networks = UNNAMED_MAX / SESSIONS_GUARANTEED;
  for (let network = 0; network < networks; network++) {
    for (let i = 0; i < SESSIONS_GUARANTEED; i++) bench.logIn(`unnamed ${network}`, 'iqn.x:s');
  }
  assert.equal(bench.logIn('unnamed', 'iqn.x:s'), undefined);
  for (let i = UNNAMED_MAX; i < SESSIONS_MAX; i++) {
    assert.ok(bench.logIn(`host ${i}`, 'iqn.x:host', { isNamed: true }));
  }
  assert.equal(bench.logIn('host', 'iqn.x:host', { isNamed: true }), undefined, 'all are taken');
  assert.ok(bench.living.length === SESSIONS_MAX, 'who keeps to few sessions loses none');
});

test('a host with many targets uses what is free', () => {
  const bench = new Bench();
  const paths = Array.from({ length: SESSIONS_MAX }, (_, i) =>
    bench.logIn(HOST, 'iqn.x:host', { isNamed: true, targetName: `iqn.x:${i}` }),
  );
  assert.ok(paths.every((path) => path !== undefined));
});

test('sessions that end do not count, but not without bound', () => {
  const bench = new Bench();
  flood(bench, ATTACKER);
  const hosts = Array.from({ length: SESSIONS_MAX }, (_, i) => bench.logIn(`host ${i}`, 'iqn.x:h'));
  const admitted = hosts.filter((host) => host !== undefined).length;
  assert.ok(admitted < hosts.length && admitted > 0);
  bench.settle();
  assert.ok(bench.logIn('host', 'iqn.x:h'), 'when they have ended there is room again');
});

test('whatever logs in, the bound holds, and no network with few sessions loses one', () => {
  const login = fc.record({
    network: fc.nat(12).map(String),
    name: fc.nat(3).map((n) => `iqn.x:${n}`),
    isNamed: fc.boolean(),
    isid: fc.option(
      fc.nat(5).map((n) => `isid ${n}`),
      { nil: undefined },
    ),
    times: fc.integer({ min: 1, max: 30 }),
    leaves: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(login, { maxLength: 40 }), (logins) => {
      const bench = new Bench();
      for (const { network, name, isNamed, isid, times, leaves } of logins) {
        for (let i = 0; i < times; i++) {
          const before = bench.living;
          bench.logIn(network, name, { isNamed, ...(isid === undefined ? {} : { isid }) });
          const [lost] = before.filter(({ ended, applicant }) => ended && applicant.isid !== isid);
          const held = before.filter((each) => each.applicant.network === lost?.applicant.network);
          assert.ok(lost === undefined || held.length > SESSIONS_GUARANTEED);
          assert.ok(bench.living.length <= SESSIONS_MAX);
        }
        bench.settle();
        if (leaves && bench.living[0] !== undefined) bench.end(bench.living[0]);
      }
    }),
    { numRuns: 100 },
  );
});

test('discovery sessions are counted apart, and the oldest of the largest network makes room', async () => {
  const world = new IscsiWorld({ sessionsMax: 2 * DISCOVERY_SESSIONS_SHARE });
  const first = await world.discover();
  const flooding = [await world.discover(), await world.discover()];
  assert.deepEqual(
    [first, ...flooding].map(({ destroyed }) => destroyed),
    [true, false, false],
  );
  const sessions = Array.from({ length: 2 * DISCOVERY_SESSIONS_SHARE }, (_, i) =>
    world.logIn([], { bytes: { 8: 0x40, 13: i } }, `192.0.2.${i}`),
  );
  await assert.rejects(Promise.all(sessions), /770/, 'unnamed initiators do not take all places');
  world.access.named = new Set(['iqn.2026-11.io.allpath:i']);
  await world.logIn([], { bytes: { 8: 0x40, 13: 99 } });
});

test('connections that do not log in make room for those of other networks', async () => {
  const pendingLoginsMax = 8;
  const world = new IscsiWorld({ pendingLoginsMax });
  const login = loginRequest(NAMES, { flags: 0x04 });
  const slow = world.connect(HOST);
  slow.feed(login);
  const other = world.connect('2001:db8::1');
  for (let i = 0; i < 100; i++) world.connect(ATTACKER);
  for (let i = 0; i < 100; i++) world.connect(`2001:db8:0:1::${i}`);
  await settle();
  assert.equal(slow.destroyed, false);
  assert.equal(other.destroyed, false);
});
