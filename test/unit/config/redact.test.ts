// Proves that no secret is left in a redacted document, and that one cannot be applied by mistake.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completeIdentities } from '../../../src/config/identity.ts';
import { parseDocument } from '../../../src/config/parse.ts';
import { redactSecrets } from '../../../src/config/redact.ts';

test('secrets are replaced everywhere', () => {
  const chap = '{user: u, secret: topsecret-one-a, mutual: {user: v, secret: topsecret-two-b}}';
  const parsed = parseDocument(`formatVersion: 1
discovery: {chap: ${chap}}
targets:
  - iqn: iqn.2026-11.com.example:x
    access: [{initiator: iqn.2026-11.com.example:i, chap: ${chap}}]
    chap: ${chap}`);
  assert.ok(parsed.ok);
  const random = { bytes: (length: number) => new Uint8Array(length), below: () => 0 };
  const redacted = redactSecrets(completeIdentities(parsed.document, undefined, random));
  const text = JSON.stringify(redacted);
  assert.ok(!text.includes('topsecret'));
  assert.ok(text.includes('"user":"u"'));
  const again = parseDocument(text);
  assert.ok(!again.ok);
  assert.equal(again.problems.filter(({ path }) => path.endsWith('secret')).length, 6);
});
