import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { LOGIN_REQUESTS_MAX } from '../../../../src/iscsi/login/login-machine.ts';
import type { LoginRequestHeader } from '../../../../src/iscsi/login/login-pdu.ts';
import { KEYS } from '../../../../src/iscsi/standard/keys.ts';
import {
  CREDENTIALS,
  INITIATOR,
  loginBench,
  OPERATIONAL,
  OPERATIONAL_TO_FULL,
  pairsOf,
  SECURITY,
  SECURITY_TO_FULL,
  SECURITY_TO_OPERATIONAL,
  TARGET,
  textOf,
  valueIn,
  WHO,
} from './login-fixture.ts';

test('an open target is entered with one request', () => {
  // Proves: operational stage straight to full feature phase, with TSIH, target, parameters.
  const { send } = loginBench();
  const step = send(OPERATIONAL_TO_FULL, ...WHO, 'MaxRecvDataSegmentLength=262144');
  assert.equal(step.reply.status, 0);
  assert.ok(step.reply.transit);
  assert.equal(step.reply.nextStage, 3);
  assert.equal(step.reply.tsih, 42);
  assert.deepEqual(pairsOf(step), [
    'TargetPortalGroupTag=7',
    'TargetAlias=a demo',
    'MaxRecvDataSegmentLength=262144',
  ]);
  assert.equal(step.outcome?.kind, 'established');
  const { result } = step.outcome;
  assert.deepEqual([result.initiatorName, result.isid], [INITIATOR, '8000023d0000']);
  assert.equal(result.target?.targetName, TARGET);
  assert.equal(result.parameters.initiatorMaxRecvDataSegmentLength, 262144);
  assert.equal(result.parameters.sessionType, 'normal');
});

test('security stage without authentication leads on', () => {
  // Proves: None is chosen, TSIH stays 0 until the last answer, stages follow each other.
  const { send } = loginBench();
  const first = send(SECURITY_TO_OPERATIONAL, ...WHO, 'AuthMethod=CHAP,None');
  assert.equal(valueIn(first, 'AuthMethod'), 'None');
  assert.equal(valueIn(first, 'TargetPortalGroupTag'), '7');
  assert.ok(first.reply.transit);
  assert.equal(first.reply.nextStage, 1);
  assert.equal(first.reply.tsih, 0);
  const last = send(OPERATIONAL_TO_FULL);
  assert.equal(last.outcome?.kind, 'established');
  assert.equal(valueIn(last, 'TargetPortalGroupTag'), undefined);
});

test('a login that skips the operational stage has the defaults', () => {
  // Proves: without our declaration the initiator may send no more than the standard's default.
  const step = loginBench().send(SECURITY_TO_FULL, ...WHO, 'AuthMethod=None');
  assert.equal(step.outcome?.kind, 'established');
  const { parameters } = step.outcome.result;
  assert.equal(parameters.targetMaxRecvDataSegmentLength, 8192);
  assert.equal(parameters.initialR2t, true);
  assert.equal(parameters.maxBurstLength, 262144);
});

test('a text may go over several requests', () => {
  // Proves: the C bit gathers, is answered by an empty text, and may cut a pair anywhere.
  const { send, sendBytes } = loginBench();
  const text = textOf(WHO);
  const part = sendBytes({ ...OPERATIONAL, continue: true }, text.subarray(0, 20));
  assert.equal(part.reply.text.length, 0);
  assert.equal(part.outcome, undefined);
  const whole = sendBytes(OPERATIONAL_TO_FULL, text.subarray(20));
  assert.equal(whole.outcome?.kind, 'established');
  assert.throws(() => send(OPERATIONAL));
});

const TO_FULL = OPERATIONAL_TO_FULL;

test('each refusal has the status of the standard', () => {
  // Proves: the login statuses, one case each.
  const cases: readonly [number, Partial<LoginRequestHeader>, readonly string[]][] = [
    [0x0200, TO_FULL, ['InitiatorName=nonsense', `TargetName=${TARGET}`]],
    [0x0200, TO_FULL, [...WHO, 'NoEquals']],
    [0x0200, TO_FULL, [...WHO, 'MaxBurstLength=1024', 'MaxBurstLength=2048']],
    [0x0200, TO_FULL, [...WHO, 'MaxRecvDataSegmentLength=100']],
    [0x0200, TO_FULL, [...WHO, 'CHAP_A=5']],
    [0x0200, { ...TO_FULL, continue: true }, WHO],
    [0x0200, { ...TO_FULL, nextStage: 2 }, WHO],
    [0x0200, { ...TO_FULL, nextStage: 1 }, WHO],
    [0x0200, { currentStage: 2 }, WHO],
    [0x0200, { currentStage: 3 }, WHO],
    [0x0201, SECURITY_TO_FULL, [...WHO, 'AuthMethod=CHAP']],
    [0x0201, SECURITY, [...WHO, 'AuthMethod=None', 'CHAP_A=5']],
    [0x0203, TO_FULL, [`InitiatorName=${INITIATOR}`, 'TargetName=iqn.2026-11.io.allpath:none']],
    [0x0203, TO_FULL, [`InitiatorName=${INITIATOR}`, 'TargetName=nonsense']],
    [0x0205, { ...TO_FULL, versionMin: 1, versionMax: 1 }, WHO],
    [0x0207, TO_FULL, []],
    [0x0207, TO_FULL, [`TargetName=${TARGET}`]],
    [0x0207, TO_FULL, [`InitiatorName=${INITIATOR}`]],
    [0x0209, TO_FULL, [`InitiatorName=${INITIATOR}`, 'SessionType=Other']],
    [0x020a, { ...TO_FULL, tsih: 5 }, WHO],
  ];
  for (const [status, header, pairs] of cases) {
    const step = loginBench().send(header, ...pairs);
    const what = `${JSON.stringify(header)} ${pairs.join(' ')}`;
    assert.equal(step.reply.status, status, what);
    assert.equal(step.outcome?.kind, 'failed', what);
    assert.ok(!step.reply.transit);
    assert.equal(step.reply.text.length, 0);
  }
});

test('the directory decides who comes in, and may change its mind', () => {
  // Proves: access list, drain, removal and new credentials are checked at the last request too.
  const changes = [
    [0x0202, (bench: Bench) => Object.assign(bench.directory, { admitted: false })],
    [0x0203, (bench: Bench) => Object.assign(bench.directory, { present: false })],
    [0x0301, (bench: Bench) => Object.assign(bench.directory, { draining: true })],
    [0x0201, (bench: Bench) => Object.assign(bench.directory, { authentication: CREDENTIALS })],
  ] as const;
  for (const [status, change] of changes) {
    const early = loginBench();
    change(early);
    assert.equal(early.send(TO_FULL, ...WHO).reply.status, status);
    const late = loginBench();
    assert.equal(late.send(OPERATIONAL, ...WHO).reply.status, 0);
    change(late);
    assert.equal(late.send(TO_FULL).reply.status, status);
  }
});

type Bench = ReturnType<typeof loginBench>;

test('authentication cannot be skipped', () => {
  // Proves: no path to full feature phase without CHAP where it is asked for.
  const attempts: readonly [Partial<LoginRequestHeader>, readonly string[]][] = [
    [TO_FULL, WHO],
    [OPERATIONAL, WHO],
    [SECURITY_TO_OPERATIONAL, WHO],
    [SECURITY_TO_FULL, WHO],
    [SECURITY_TO_FULL, [...WHO, 'AuthMethod=None']],
    [SECURITY, [...WHO, 'AuthMethod=KRB5,SRP']],
    [SECURITY, [...WHO, 'CHAP_N=alice', 'CHAP_R=0x00']],
  ];
  for (const [header, pairs] of attempts) {
    const bench = loginBench();
    bench.directory.authentication = CREDENTIALS;
    assert.equal(bench.send(header, ...pairs).reply.status, 0x0201, JSON.stringify(header));
  }
  const bench = loginBench();
  bench.directory.authentication = CREDENTIALS;
  const step = bench.send(SECURITY_TO_FULL, ...WHO, 'AuthMethod=CHAP,None');
  assert.equal(valueIn(step, 'AuthMethod'), 'CHAP');
  assert.ok(!step.reply.transit);
  assert.equal(bench.send(OPERATIONAL).reply.status, 0x0200);
});

test('what identifies a login must not change during it', () => {
  // Proves: ISID, TSIH, CID, names and the stage are held fast.
  for (const change of [{ isid: '8000023d0001' }, { tsih: 1 }, { cid: 2 }, SECURITY]) {
    const { send } = loginBench();
    assert.equal(send(OPERATIONAL, ...WHO).reply.status, 0);
    assert.equal(send({ ...OPERATIONAL, ...change }).reply.status, 0x0200);
  }
  const { send } = loginBench();
  send(OPERATIONAL, ...WHO);
  assert.equal(send(OPERATIONAL, 'InitiatorName=iqn.2026-11.io.other:x').reply.status, 0x0200);
});

test('a connection is not added to a living session', () => {
  // Proves: 0206 for a session that lives, 0302 when no session is free.
  const living = loginBench({ sessionExists: () => true });
  assert.equal(living.send({ ...TO_FULL, tsih: 5 }, ...WHO).reply.status, 0x0206);
  const full = loginBench({ allocateTsih: () => undefined });
  assert.equal(full.send(TO_FULL, ...WHO).reply.status, 0x0302);
});

test('a discovery session needs no target', () => {
  // Proves: SessionType=Discovery, its irrelevant keys, and its own authentication.
  const who = [`InitiatorName=${INITIATOR}`, 'SessionType=Discovery'];
  const step = loginBench().send(TO_FULL, ...who, 'InitialR2T=No', 'HeaderDigest=None');
  assert.equal(step.outcome?.kind, 'established');
  assert.equal(step.outcome.result.parameters.sessionType, 'discovery');
  assert.equal(step.outcome.result.target, undefined);
  assert.equal(valueIn(step, 'InitialR2T'), 'Irrelevant');
  assert.equal(valueIn(step, 'HeaderDigest'), 'None');
  assert.equal(valueIn(step, 'TargetPortalGroupTag'), undefined);

  const guarded = loginBench();
  guarded.directory.discoveryAuthentication = CREDENTIALS;
  assert.equal(guarded.send(TO_FULL, ...who).reply.status, 0x0201);
});

test('a login that never ends is ended', () => {
  // Proves: the number of requests and the length of a text are bounded.
  const slow = loginBench();
  slow.send(OPERATIONAL, ...WHO);
  for (let i = 1; i < LOGIN_REQUESTS_MAX; i++) assert.equal(slow.send(OPERATIONAL).reply.status, 0);
  assert.equal(slow.send(OPERATIONAL).reply.status, 0x0200);

  const long = loginBench();
  const chunk = `K=${'v'.repeat(8000)}`;
  let sent = 0;
  for (;;) {
    const step = long.send({ ...OPERATIONAL, continue: true }, chunk);
    sent += chunk.length + 1;
    if (step.outcome !== undefined) break;
    assert.ok(sent <= 65_536);
  }
});

test('random requests never break the machine', () => {
  // Proves: any sequence of headers and texts is answered or ended, with short answers, and full
  // feature phase is never reached unauthenticated.
  const key = fc.oneof(fc.constantFrom(...KEYS.keys()), fc.constantFrom('X-foo', 'Bar'));
  const value = fc.oneof(
    fc.constantFrom('Yes', 'No', 'None', 'CHAP', '5,6', '0x10', '8192', 'Reject', 'Normal'),
    fc.constantFrom('Discovery', TARGET, INITIATOR, '', '0b', `0x${'ab'.repeat(32)}`),
    fc.string({ maxLength: 20 }),
  );
  const pair = fc.tuple(key, value).map(([k, v]) => `${k}=${v}`);
  const rarely = (most: number, ...others: number[]) =>
    fc.oneof({ weight: 9, arbitrary: fc.constant(most) }, fc.constantFrom(most, ...others));
  const request = fc.record({
    transit: fc.boolean(),
    continue: fc.nat(9).map((n) => n === 0),
    currentStage: rarely(0, 1, 2, 3),
    nextStage: fc.nat(3),
    versionMin: rarely(0, 1),
    tsih: rarely(0, 9),
    isid: fc.constant('8000023d0000'),
    pairs: fc.array(pair, { maxLength: 6 }),
    who: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 12 }), fc.boolean(), (requests, guarded) => {
      const bench = loginBench();
      if (guarded) bench.directory.authentication = CREDENTIALS;
      if (guarded) bench.directory.discoveryAuthentication = CREDENTIALS;
      for (const { pairs, who, ...header } of requests) {
        const step = bench.send(header, ...(who ? WHO : []), ...pairs);
        assert.ok(step.reply.text.length <= 8192);
        if (guarded) assert.notEqual(step.outcome?.kind, 'established');
        if (step.outcome !== undefined) break;
      }
    }),
    { numRuns: 1000 },
  );
});
