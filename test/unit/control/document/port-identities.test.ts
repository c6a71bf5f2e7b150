// Proves that `apply` refuses a document that gives the identifier of a portal which is gone to
// another one, does nothing then, and takes what `get` prints without a change.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../../../src/base/failure.ts';
import type { DocumentDraft } from '../../../../src/config/document.ts';
import { changeDocument } from '../../../../src/control/document/change-document.ts';
import { readDocument } from '../../../../src/control/document/document-record.ts';
import { MembershipStore } from '../../../../src/membership/membership-store.ts';
import { MemoryRecordsWorld } from '../../../doubles/memory-records-world.ts';
import { MemoryStore } from '../../../doubles/memory-volumes.ts';
import { documentDraft } from '../../../support/cluster-document.ts';
import { SeededRandom } from '../../../support/seeded-random.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const clock = new VirtualClock();
const random = new SeededRandom(5);
const records = await new MemoryRecordsWorld({ clock, random }).open('tool');
const membership = new MembershipStore({ records, clock, random });
const volumes = new MemoryStore();
const context = { records, volumes, membership, clock, random, living: async () => [] };

function draft(...names: readonly string[]): DocumentDraft {
  const gateways = names.map((name, i) => ({
    name,
    portals: [{ address: '192.0.2.1', port: 3260 + i }],
  }));
  return documentDraft({ gateways });
}

test('a port identifier of a gateway that is gone is refused, and nothing is done', async () => {
  const apply = (next: DocumentDraft) => changeDocument(context, () => next);
  const { document } = await apply(draft('g', 'h'));
  const { version } = await apply(draft('g'));
  const stale = documentDraft({ gateways: document.gateways });
  await assert.rejects(apply(stale), (error: unknown) => {
    assert.ok(error instanceof Failure && error.code === 'applyRefused');
    return /gateway h .* identifier 2, which another target port has or had/.test(error.message);
  });
  assert.equal((await readDocument(records))?.version, version);
});

test('a gateway that comes back gets a new identifier; what `get` prints changes nothing', async () => {
  const next = draft('g', 'h');
  const { version, document } = await changeDocument(context, () => next);
  assert.equal(document.gateways[1]?.portals[0]?.relativePortIdentifier, 3);
  const printed = documentDraft(document);
  assert.equal((await changeDocument(context, () => printed)).version, version);
});
