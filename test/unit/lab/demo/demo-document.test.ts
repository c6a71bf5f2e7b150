// Proves that what the demo cannot serve is told by the option that asked for it, once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DemoOptions, demoDocument } from '../../../../lab/demo/demo-document.ts';

const options: DemoOptions = {
  sizeBytes: 1 << 20,
  gateways: 2,
  port: 3260,
  listen: '127.0.0.1',
  blockLength: 512,
  target: 'iqn.2026-11.com.example:x',
};

test('a wrong value is told by its option', () => {
  const wrong: readonly (readonly [Partial<DemoOptions>, string])[] = [
    [{ sizeBytes: 1_000 }, '--size: must be a multiple of the block length 512'],
    [{ target: 'x' }, '--target: must be an iSCSI name (iqn.YYYY-MM.domain:name, eui, naa)'],
    [{ listen: '224.0.0.1' }, '--listen: initiators cannot reach this address'],
  ];
  for (const [part, message] of wrong) {
    assert.deepEqual(demoDocument({ ...options, ...part }), { ok: false, message });
  }
  const draft = demoDocument(options);
  assert.equal(draft.ok && draft.document.gateways.length, 2);
});
