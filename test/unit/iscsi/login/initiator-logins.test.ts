import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import {
  CREDENTIALS,
  loginBench,
  OPERATIONAL_TO_FULL,
  pairsOf,
  SECURITY,
  SECURITY_TO_OPERATIONAL,
  TARGET,
  valueIn,
  WHO,
} from './login-fixture.ts';

/** What libiscsi 1.19 offers in the operational stage, in its order. */
const LIBISCSI = [
  'HeaderDigest=None,CRC32C',
  'DataDigest=None',
  'InitialR2T=No',
  'ImmediateData=Yes',
  'MaxBurstLength=262144',
  'FirstBurstLength=262144',
  'DefaultTime2Wait=2',
  'DefaultTime2Retain=0',
  'MaxOutstandingR2T=1',
  'ErrorRecoveryLevel=0',
  'IFMarker=No',
  'OFMarker=No',
  'MaxConnections=1',
  'MaxRecvDataSegmentLength=262144',
  'DataPDUInOrder=Yes',
  'DataSequenceInOrder=Yes',
];

/** What open-iscsi offers with its defaults. */
const OPEN_ISCSI = [
  'HeaderDigest=None',
  'DataDigest=None',
  'DefaultTime2Wait=2',
  'DefaultTime2Retain=0',
  'IFMarker=No',
  'OFMarker=No',
  'ErrorRecoveryLevel=0',
  'InitialR2T=No',
  'ImmediateData=Yes',
  'MaxBurstLength=16776192',
  'FirstBurstLength=262144',
  'MaxOutstandingR2T=1',
  'MaxConnections=1',
  'DataPDUInOrder=Yes',
  'DataSequenceInOrder=Yes',
  'MaxRecvDataSegmentLength=262144',
];

test('libiscsi logs in without authentication', () => {
  // Proves: security stage, names repeated in the operational stage, every offer answered.
  const { send } = loginBench();
  const first = send(SECURITY_TO_OPERATIONAL, ...WHO, 'AuthMethod=CHAP,None');
  assert.equal(valueIn(first, 'AuthMethod'), 'None');
  const last = send(OPERATIONAL_TO_FULL, ...WHO, ...LIBISCSI);
  assert.equal(last.outcome?.kind, 'established');
  const { parameters } = last.outcome.result;
  assert.equal(parameters.initialR2t, false);
  assert.equal(parameters.immediateData, true);
  assert.equal(parameters.firstBurstLength, 262144);
  assert.equal(parameters.headerDigest, false);
  assert.equal(valueIn(last, 'IFMarker'), 'No');
});

test('libiscsi logs in with mutual CHAP', () => {
  // Proves: its four requests, with SHA-256 and our proof in the last answer of the stage.
  const bench = loginBench();
  bench.directory.authentication = CREDENTIALS;
  const { send } = bench;
  const method = send(SECURITY_TO_OPERATIONAL, ...WHO, 'AuthMethod=CHAP,None');
  assert.equal(valueIn(method, 'AuthMethod'), 'CHAP');
  assert.ok(!method.reply.transit);

  const challenge = send(SECURITY, 'CHAP_A=7');
  assert.equal(valueIn(challenge, 'CHAP_A'), '7');
  const proof = send(
    SECURITY_TO_OPERATIONAL,
    'CHAP_N=alice',
    `CHAP_R=${answer('secret-of-alice', challenge)}`,
    'CHAP_I=17',
    'CHAP_C=0x00112233445566778899aabbccddeeff',
  );
  assert.ok(proof.reply.transit);
  assert.equal(valueIn(proof, 'CHAP_N'), 'gateway');
  const expected = createHash('sha256')
    .update(Buffer.of(17))
    .update('secret-of-target')
    .update(Buffer.from('00112233445566778899aabbccddeeff', 'hex'))
    .digest('hex');
  assert.equal(valueIn(proof, 'CHAP_R'), `0x${expected}`);
  assert.equal(send(OPERATIONAL_TO_FULL, ...LIBISCSI).outcome?.kind, 'established');
});

test('a wrong secret ends the login without a hint', () => {
  // Proves: 0201, no text, and the reason for the log does not hold what was sent.
  const bench = loginBench();
  bench.directory.authentication = CREDENTIALS;
  bench.send(SECURITY, ...WHO, 'AuthMethod=CHAP');
  const challenge = bench.send(SECURITY, 'CHAP_A=7');
  const response = answer('guess', challenge);
  const step = bench.send(SECURITY_TO_OPERATIONAL, 'CHAP_N=alice', `CHAP_R=${response}`);
  assert.equal(step.reply.status, 0x0201);
  assert.equal(step.reply.text.length, 0);
  assert.equal(step.outcome?.kind, 'failed');
  assert.equal(step.outcome.reason, 'CHAP failed');
});

test('open-iscsi logs in', () => {
  // Proves: its defaults, with the burst lowered to ours.
  const who = ['InitiatorName=iqn.1993-08.org.debian:01:abc', 'InitiatorAlias=host'];
  const { send } = loginBench();
  const first = send(
    SECURITY_TO_OPERATIONAL,
    ...who,
    `TargetName=${TARGET}`,
    'SessionType=Normal',
    'AuthMethod=None',
  );
  assert.deepEqual(pairsOf(first), [
    'TargetPortalGroupTag=7',
    'TargetAlias=a demo',
    'AuthMethod=None',
  ]);
  const last = send(OPERATIONAL_TO_FULL, ...OPEN_ISCSI);
  assert.equal(last.outcome?.kind, 'established');
  assert.equal(valueIn(last, 'MaxBurstLength'), '1048576');
  assert.equal(valueIn(last, 'FirstBurstLength'), '262144');
  assert.equal(last.outcome.result.initiatorAlias, 'host');
  assert.equal(last.outcome.result.parameters.defaultTime2Wait, 2);
});

test('open-iscsi discovers', () => {
  // Proves: the login of a discovery session with the keys that open-iscsi offers there.
  const step = loginBench().send(
    OPERATIONAL_TO_FULL,
    'InitiatorName=iqn.1993-08.org.debian:01:abc',
    'InitiatorAlias=host',
    'SessionType=Discovery',
    'HeaderDigest=None',
    'DataDigest=None',
    'DefaultTime2Wait=2',
    'DefaultTime2Retain=0',
    'IFMarker=No',
    'OFMarker=No',
    'ErrorRecoveryLevel=0',
    'MaxRecvDataSegmentLength=32768',
  );
  assert.equal(step.outcome?.kind, 'established');
  assert.equal(step.outcome.result.parameters.initiatorMaxRecvDataSegmentLength, 32768);
});

function answer(secret: string, challenge: ReturnType<ReturnType<typeof loginBench>['send']>) {
  const identifier = Number(valueIn(challenge, 'CHAP_I'));
  const bytes = Buffer.from(valueIn(challenge, 'CHAP_C')!.slice(2), 'hex');
  const hash = createHash('sha256').update(Buffer.of(identifier)).update(secret).update(bytes);
  return `0x${hash.digest('hex')}`;
}
