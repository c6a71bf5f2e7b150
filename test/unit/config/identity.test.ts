// Proves that identities are generated once: unique, locally assigned unless the user has an OUI,
// and kept when the same document is applied again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Random } from '../../../src/base/random.ts';
import type { DocumentDraft } from '../../../src/config/document.ts';
import { generateNaa, generateUuid } from '../../../src/config/generate.ts';
import { completeIdentities } from '../../../src/config/identity.ts';
import { parseDocument } from '../../../src/config/parse.ts';

function counting(): Random {
  let next = 1;
  return {
    bytes: (length) => Uint8Array.from({ length }, () => next++ & 0xff),
    below: (bound) => next++ % bound,
  };
}

function draft(text: string): DocumentDraft {
  const result = parseDocument(`formatVersion: 1\n${text}`);
  assert.ok(result.ok);
  return result.document;
}

test('names are NAA 3h, or NAA 6h under an OUI of the user', () => {
  assert.match(generateNaa(counting(), undefined), /^naa\.3[0-9a-f]{15}$/);
  assert.match(generateNaa(counting(), '0a1b2c'), /^naa\.60a1b2c[0-9a-f]{25}$/);
});

test('a UUID says that it is random', () => {
  assert.match(
    generateUuid(counting()),
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/,
  );
});

test('the same document applied again changes nothing', () => {
  const text = `disks: [{name: a, size: 1G}, {name: b, size: 1G}]
gateways:
  - {name: g, portals: [{address: 10.0.0.1}, {address: 10.0.0.2}]}
  - {name: h, portals: [{address: 10.0.0.3}]}`;
  const random = counting();
  const first = completeIdentities(draft(text), undefined, random);
  const again = completeIdentities(draft(text), first, random);
  assert.deepEqual(again, first);
  const tags = first.gateways.flatMap((g) => g.portals.map((p) => p.portalGroupTag));
  assert.deepEqual(tags, [1, 2, 3]);
  assert.notEqual(first.disks[0]?.wwn, first.disks[1]?.wwn);
});

test('a completed document passes its own validation', () => {
  const text =
    'disks: [{name: a, size: 1G}]\ngateways: [{name: g, portals: [{address: 10.0.0.1}]}]';
  const complete = completeIdentities(draft(text), undefined, counting());
  const result = parseDocument(JSON.stringify(complete));
  assert.ok(result.ok);
  assert.deepEqual(result.document, complete);
});

test('a portal that comes takes no tag of one that stands further down', () => {
  const before = draft('gateways: [{name: g, portals: [{address: 10.0.0.1}]}]');
  const first = completeIdentities(before, undefined, counting());
  const after = draft(
    'gateways: [{name: f, portals: [{address: 10.0.0.9}]}, ' +
      '{name: g, portals: [{address: 10.0.0.1}]}]',
  );
  const second = completeIdentities(after, first, counting());
  assert.equal(second.gateways[1]?.portals[0]?.portalGroupTag, 1);
  assert.equal(second.gateways[0]?.portals[0]?.portalGroupTag, 2);
});
