// Proves that steps become the codes of the protocol, and what the addon gives becomes values.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nativeProtocol } from '../../../src/ceph/native-protocol.ts';
import { nativeReadStep, nativeWriteStep, readValue } from '../../../src/ceph/object-steps.ts';

const bytes = new Uint8Array([1]);

test('a write step is its code and what the code takes', () => {
  const { writeCreate, writeOmapCmp, writeOmapSet, writeExec } = nativeProtocol;
  assert.deepEqual(nativeWriteStep({ step: 'create', exclusive: true }), [writeCreate, 1]);
  const compared = nativeWriteStep({ step: 'omapCmp', key: 'k', comparison: 'gte', value: bytes });
  assert.deepEqual(compared, [writeOmapCmp, 4, 'k', bytes]);
  const entries = new Map([['k', bytes]]);
  assert.deepEqual(nativeWriteStep({ step: 'omapSet', entries }), [writeOmapSet, ['k'], [bytes]]);
  const call = { step: 'exec', objectClass: 'rbd', method: 'm', input: bytes } as const;
  assert.deepEqual(nativeWriteStep(call), [writeExec, 'rbd', 'm', bytes]);
});

test('a read step is its code, with what was left out filled in', () => {
  const { readOmapGetValues } = nativeProtocol;
  const page = nativeReadStep({ step: 'omapGetValues', max: 2 });
  assert.deepEqual(page, [readOmapGetValues, '', '', 2]);
});

test('what the addon gives becomes the value of its step', () => {
  const stat = readValue({ step: 'stat' }, [512, 9]);
  assert.deepEqual(stat, { step: 'stat', sizeBytes: 512, mtimeSeconds: 9 });
  const rows = { names: ['k'], values: [bytes], more: true };
  const values = new Map([['k', bytes]]);
  const page = readValue({ step: 'omapGetValues', max: 1 }, rows);
  assert.deepEqual(page, { step: 'omapGetValues', values, more: true });
  assert.deepEqual(readValue({ step: 'getxattrs' }, rows), { step: 'getxattrs', values });
});
