import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { negotiate, startNegotiation } from '../../../../src/iscsi/login/negotiate.ts';
import { NEGOTIATION_DEFAULTS, offerOf } from '../../../../src/iscsi/login/negotiation-settings.ts';
import { sessionParameters } from '../../../../src/iscsi/login/session-parameters.ts';
import { KEYS } from '../../../../src/iscsi/standard/keys.ts';

const OFFER = offerOf(NEGOTIATION_DEFAULTS);

const pairsOf = (texts: readonly string[]) =>
  texts.map((text) => {
    const at = text.indexOf('=');
    return { key: text.slice(0, at), value: text.slice(at + 1) };
  });

function answers(offers: readonly string[], discovery = false, offer = OFFER): string[] {
  const step = negotiate(startNegotiation(discovery), pairsOf(offers), offer);
  assert.ok('replies' in step);
  return step.replies.map(({ key, value }) => `${key}=${value}`);
}

test('each kind of key has its result', () => {
  // Proves: lists, minimum and maximum, AND and OR, by cases worked out by hand.
  const cases: readonly [string, string][] = [
    ['HeaderDigest=CRC32C,None', 'CRC32C'],
    ['HeaderDigest=None,CRC32C', 'None'],
    ['DataDigest=X-sum,CRC32C', 'CRC32C'],
    ['DataDigest=X-sum', 'Reject'],
    ['TaskReporting=FastAbort,ResponseFence,RFC3720', 'ResponseFence'],
    ['TaskReporting=FastAbort', 'Reject'],
    ['MaxConnections=8', '1'],
    ['MaxBurstLength=16776192', '1048576'],
    ['MaxBurstLength=0x1000', '4096'],
    ['MaxBurstLength=511', 'Reject'],
    ['MaxBurstLength=16777216', 'Reject'],
    ['MaxBurstLength=many', 'Reject'],
    ['MaxOutstandingR2T=1', '1'],
    ['MaxOutstandingR2T=64', '8'],
    ['DefaultTime2Wait=0', '2'],
    ['DefaultTime2Wait=20', '20'],
    ['DefaultTime2Retain=20', '0'],
    ['ErrorRecoveryLevel=2', '0'],
    ['InitialR2T=No', 'No'],
    ['InitialR2T=Yes', 'Yes'],
    ['InitialR2T=Maybe', 'Reject'],
    ['ImmediateData=Yes', 'Yes'],
    ['ImmediateData=No', 'No'],
    ['DataPDUInOrder=No', 'Yes'],
    ['DataSequenceInOrder=No', 'Yes'],
    ['iSCSIProtocolLevel=1', '1'],
    ['iSCSIProtocolLevel=31', '2'],
    ['IFMarker=No', 'No'],
    ['OFMarker=Yes', 'No'],
    ['IFMarkInt=1~2048', 'Reject'],
    ['TargetAlias=x', 'Reject'],
    ['SendTargets=All', 'Reject'],
    ['X-org.example.key=1', 'NotUnderstood'],
  ];
  for (const [offer, expected] of cases) {
    assert.deepEqual(answers([offer]), [`${offer.split('=')[0]}=${expected}`], offer);
  }
});

test('settings change what is accepted', () => {
  // Proves: InitialR2T, ImmediateData and digests follow the settings.
  const strict = offerOf({
    ...NEGOTIATION_DEFAULTS,
    initialR2t: true,
    immediateData: false,
    digests: false,
  });
  assert.deepEqual(
    answers(['InitialR2T=No', 'ImmediateData=Yes', 'HeaderDigest=CRC32C,None'], false, strict),
    ['InitialR2T=Yes', 'ImmediateData=No', 'HeaderDigest=None'],
  );
});

test('the first burst never exceeds the burst', () => {
  // Proves: in whatever order the two are offered, and against the default.
  for (const offers of [
    ['MaxBurstLength=4096', 'FirstBurstLength=65536'],
    ['FirstBurstLength=65536', 'MaxBurstLength=4096'],
  ]) {
    assert.deepEqual(answers(offers), ['MaxBurstLength=4096', 'FirstBurstLength=4096']);
  }
  const step = negotiate(startNegotiation(false), pairsOf(['MaxBurstLength=4096']), OFFER);
  assert.ok('negotiated' in step);
  assert.equal(sessionParameters(step.negotiated, undefined).firstBurstLength, 4096);
});

test('declarations and constants are not answered', () => {
  // Proves: no answer to what needs none, so that two sides never echo each other.
  assert.deepEqual(
    answers([
      'InitiatorAlias=host',
      'X#NodeArchitecture=x86',
      'MaxRecvDataSegmentLength=4096',
      'TargetAlias=NotUnderstood',
      'Other=NotUnderstood',
    ]),
    [],
  );
});

test('a key comes once in a negotiation', () => {
  // Proves: the second offer is a fault, in one text or in two.
  const twice = ['MaxBurstLength=4096', 'MaxBurstLength=4096'];
  assert.ok('fault' in negotiate(startNegotiation(false), pairsOf(twice), OFFER));
  const first = negotiate(startNegotiation(false), pairsOf(twice.slice(1)), OFFER);
  assert.ok('negotiated' in first);
  assert.ok('fault' in negotiate(first.negotiated, pairsOf(twice.slice(1)), OFFER));
});

test('every random text is answered within the ranges of the table', () => {
  // Proves: no throw, one answer a key at most, parameters always within the standard's ranges.
  const key = fc.constantFrom(...[...KEYS.values()].map((row) => row.name), 'X-a', 'Unknown');
  const value = fc.oneof(
    fc.string({ maxLength: 300 }),
    fc.nat().map(String),
    fc.constantFrom('Yes', 'No', 'None', 'CRC32C', 'CRC32C,None', '0xff', 'Irrelevant'),
  );
  const texts = fc.array(fc.record({ key, value }), { maxLength: 40 });
  fc.assert(
    fc.property(texts, fc.boolean(), (pairs, discovery) => {
      const step = negotiate(startNegotiation(discovery), pairs, OFFER);
      if ('fault' in step) return;
      assert.ok(step.replies.length <= pairs.length);
      const parameters = sessionParameters(step.negotiated, 262144);
      assert.ok(parameters.firstBurstLength <= parameters.maxBurstLength);
      for (const length of [
        parameters.initiatorMaxRecvDataSegmentLength,
        parameters.maxBurstLength,
        parameters.firstBurstLength,
      ]) {
        assert.ok(length >= 512 && length <= 0xffffff);
      }
      assert.equal(parameters.errorRecoveryLevel, 0);
      assert.equal(parameters.maxConnections, 1);
      assert.ok(parameters.maxOutstandingR2t >= 1 && parameters.maxOutstandingR2t <= 8);
    }),
    { numRuns: 500 },
  );
});
