import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NEGOTIATION_DEFAULTS, offerOf } from '../../../../src/iscsi/login/negotiation-settings.ts';
import { KEYS } from '../../../../src/iscsi/standard/keys.ts';

/** Key, default, rule: typed from the standard's text, apart from the table under test. */
const STANDARD: readonly (readonly [string, string | undefined, string])[] = [
  ['HeaderDigest', 'None', 'list'],
  ['DataDigest', 'None', 'list'],
  ['MaxConnections', '1', 'number 1 65535 minimum'],
  ['SendTargets', undefined, 'request'],
  ['TargetName', undefined, 'declaredText'],
  ['InitiatorName', undefined, 'declaredText'],
  ['TargetAlias', undefined, 'declaredText'],
  ['InitiatorAlias', undefined, 'declaredText'],
  ['TargetAddress', undefined, 'declaredText'],
  ['TargetPortalGroupTag', undefined, 'declaredNumber 0 65535'],
  ['InitialR2T', 'Yes', 'boolean or'],
  ['ImmediateData', 'Yes', 'boolean and'],
  ['MaxRecvDataSegmentLength', '8192', 'declaredNumber 512 16777215'],
  ['MaxBurstLength', '262144', 'number 512 16777215 minimum'],
  ['FirstBurstLength', '65536', 'number 512 16777215 minimum'],
  ['DefaultTime2Wait', '2', 'number 0 3600 maximum'],
  ['DefaultTime2Retain', '20', 'number 0 3600 minimum'],
  ['MaxOutstandingR2T', '1', 'number 1 65535 minimum'],
  ['DataPDUInOrder', 'Yes', 'boolean or'],
  ['DataSequenceInOrder', 'Yes', 'boolean or'],
  ['ErrorRecoveryLevel', '0', 'number 0 2 minimum'],
  ['SessionType', 'Normal', 'declaredText'],
  ['TaskReporting', 'RFC3720', 'list'],
  ['iSCSIProtocolLevel', '1', 'number 0 31 minimum'],
  ['X#NodeArchitecture', undefined, 'declaredText'],
  ['IFMarker', undefined, 'obsolete'],
  ['OFMarker', undefined, 'obsolete'],
  ['IFMarkInt', undefined, 'obsolete'],
  ['OFMarkInt', undefined, 'obsolete'],
  ['AuthMethod', 'None', 'list'],
  ['CHAP_A', undefined, 'security'],
  ['CHAP_I', undefined, 'security'],
  ['CHAP_C', undefined, 'security'],
  ['CHAP_N', undefined, 'security'],
  ['CHAP_R', undefined, 'security'],
];

test('every key stands in the table with the default and rule of the standard', () => {
  // Proves: the key table against a second, independent listing of RFC 7143 and RFC 7144.
  for (const [name, standardDefault, rule] of STANDARD) {
    const row = KEYS.get(name);
    assert.ok(row, name);
    assert.equal(row.default, standardDefault, name);
    const { kind, ...facts } = row.rule;
    const known = ['number', 'boolean', 'declaredNumber'].includes(kind);
    const text = known ? [kind, ...Object.values(facts)].join(' ') : kind;
    assert.equal(text, rule, name);
  }
});

test('keys without meaning in discovery sessions are those of the standard', () => {
  // Proves: the "Irrelevant when: SessionType=Discovery" column.
  const irrelevant = [...KEYS.values()].filter((row) => row.irrelevantInDiscovery);
  assert.deepEqual(irrelevant.map((row) => row.name).sort(), [
    'DataPDUInOrder',
    'DataSequenceInOrder',
    'FirstBurstLength',
    'ImmediateData',
    'InitialR2T',
    'MaxBurstLength',
    'MaxConnections',
    'MaxOutstandingR2T',
    'TaskReporting',
    'iSCSIProtocolLevel',
  ]);
});

test('the target has an offer for every negotiated key', () => {
  // Proves: no key of the table can meet a missing offer.
  const offer = offerOf(NEGOTIATION_DEFAULTS);
  for (const { name, rule, use } of KEYS.values()) {
    if (use === 'security') continue;
    if (rule.kind === 'number') assert.ok(offer.numbers[name] !== undefined, name);
    if (rule.kind === 'boolean') assert.ok(offer.booleans[name] !== undefined, name);
    if (rule.kind === 'list') {
      assert.ok(
        offer.lists[name]?.every((value) => rule.values.includes(value)),
        name,
      );
    }
  }
  assert.ok(!offer.lists['TaskReporting']?.includes('FastAbort'));
});
