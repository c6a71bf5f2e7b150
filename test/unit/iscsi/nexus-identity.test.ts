// The names of a session's two ends, as RFC 7143 and SPC-4 write them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nexusIdentity } from '../../../src/iscsi/nexus-identity.ts';
import { hex } from '../../support/scsi-call.ts';

const ends = { initiatorName: 'iqn.a', targetName: 'iqn.b', portalGroupTag: 1 };
const isid = '8000023d0000';

test('port names follow RFC 7143: 12 and 4 hex digits', () => {
  const { initiatorPort, targetPort } = nexusIdentity({ ...ends, isid }, 9);
  assert.equal(initiatorPort.name, 'iqn.a,i,0x8000023d0000');
  assert.equal(targetPort.name, 'iqn.b,t,0x0001');
  assert.equal(targetPort.deviceName, 'iqn.b');
  assert.deepEqual([targetPort.portGroup, targetPort.relativePortIdentifier], [1, 9]);
});

test('a TransportID has the port format, a NUL at its end and a length in fours', () => {
  const { transportId } = nexusIdentity({ ...ends, isid }, 9).initiatorPort;
  assert.equal(
    hex(transportId),
    `45 00 00 18 69 71 6e 2e 61 2c 69 2c 30 78 38 30
30 30 30 32 33 64 30 30 30 30 00 00`,
  );
  for (const length of [5, 6, 7, 8, 223]) {
    const initiatorName = 'x'.repeat(length);
    const bytes = nexusIdentity({ ...ends, initiatorName, isid }, 9).initiatorPort.transportId;
    assert.equal(bytes.length % 4, 0);
    assert.equal((bytes[2]! << 8) | bytes[3]!, bytes.length - 4);
    assert.equal(bytes.indexOf(0, 4), 4 + length + ',i,0x'.length + isid.length);
  }
});

test('the ends that differ in the ISID alone are two initiator ports', () => {
  const [one, two] = [isid, '8000023d0001'].map((each) =>
    hex(nexusIdentity({ ...ends, isid: each }, 9).initiatorPort.transportId),
  );
  assert.notEqual(one, two);
});
