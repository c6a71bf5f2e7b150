// Proves that a relative target port identifier names one target port for ever: through any
// sequence of documents, after portals are gone, when a document names it by hand, and for what
// older releases stored. The sequences are random; the test remembers what it has seen.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { diffDocuments } from '../../../src/config/diff.ts';
import type { ClusterDocument } from '../../../src/config/document.ts';
import { completeIdentities } from '../../../src/config/identity.ts';
import { PORT_IDENTIFIER_MAX } from '../../../src/config/limits.ts';
import { nextPortIdentifier } from '../../../src/config/port-identity.ts';
import { documentDraft } from '../../support/cluster-document.ts';
import { SeededRandom } from '../../support/seeded-random.ts';

interface Portal {
  readonly address: string;
  readonly portalGroupTag?: number | undefined;
  readonly relativePortIdentifier?: number | undefined;
}

const random = new SeededRandom(1);

function complete(gateways: object, current?: ClusterDocument, next?: number): ClusterDocument {
  const list = Object.entries(gateways).map(([name, portals]) => ({ name, portals }));
  const parts = { gateways: list, nextRelativePortIdentifier: next };
  return completeIdentities(documentDraft(parts), current, random);
}

function identities({ gateways }: ClusterDocument): (readonly [tag: number, id: number])[] {
  const portals = gateways.flatMap((gateway) => gateway.portals);
  return portals.map((portal) => [portal.portalGroupTag, portal.relativePortIdentifier]);
}

const [a, b, c] = [{ address: '10.0.0.1' }, { address: '10.0.0.2' }, { address: '10.0.0.3' }];

test('a portal that is gone takes its identifier with it', () => {
  const both = complete({ g: [a, b] });
  assert.deepEqual(identities(both), [
    [1, 1],
    [2, 2],
  ]);
  const one = complete({ g: [a] }, both);
  assert.equal(one.nextRelativePortIdentifier, 3);
  // Its tag names a port of the target, which is gone; the identifier is the cluster's.
  const again = complete({ g: [a, b] }, one);
  assert.deepEqual(identities(again), [
    [1, 1],
    [2, 3],
  ]);
  assert.deepEqual(diffDocuments(one, again).refusals, []);
});

test('an identifier goes with the tag: to another address, another gateway, another order', () => {
  const first = complete({ g: [a], h: [b] });
  const moved = complete(
    { h: [{ ...c, portalGroupTag: 1 }], i: [{ ...a, portalGroupTag: 2 }] },
    first,
  );
  assert.deepEqual(identities(moved), [
    [1, 1],
    [2, 2],
  ]);
  assert.deepEqual(diffDocuments(first, moved).refusals, []);
  const printed = complete({ g: [{ ...a, portalGroupTag: 7, relativePortIdentifier: 1 }] }, first);
  assert.deepEqual(diffDocuments(first, printed).refusals, [], 'the portal is the same');
});

test('portals of one group share an identifier, also where one of them leaves the group', () => {
  const first = complete({
    g: [
      { ...a, portalGroupTag: 4 },
      { ...b, portalGroupTag: 4 },
    ],
  });
  assert.deepEqual(identities(first), [
    [4, 1],
    [4, 1],
  ]);
  const split = complete(
    {
      g: [
        { ...a, portalGroupTag: 5 },
        { ...b, portalGroupTag: 4 },
      ],
    },
    first,
  );
  assert.deepEqual(identities(split), [
    [5, 2],
    [4, 1],
  ]);
});

test('an identifier that another target port has or had is refused, with one that will do', () => {
  const both = complete({ g: [a, b] });
  const one = complete({ g: [a] }, both);
  const cases: readonly (readonly [object, ClusterDocument])[] = [
    [{ g: [a, { ...b, relativePortIdentifier: 2 }] }, one],
    [{ g: [a], h: [{ ...c, relativePortIdentifier: 2 }] }, one],
    [{ g: [{ ...c, portalGroupTag: 3, relativePortIdentifier: 1 }] }, both],
    [{ g: [{ ...a, portalGroupTag: 1, relativePortIdentifier: 2 }] }, both],
  ];
  for (const [gateways, current] of cases) {
    const { refusals } = diffDocuments(current, complete(gateways, current));
    assert.equal(refusals.length, 1, JSON.stringify(gateways));
    assert.match(
      refusals[0]!,
      /portal 10\.0\.0\.\d port 3260 of gateway [gh] .* take 3 or higher$/,
    );
  }
  const higher = complete({ g: [a, { ...b, relativePortIdentifier: 9 }] }, one);
  assert.deepEqual(diffDocuments(one, higher).refusals, []);
  assert.equal(higher.nextRelativePortIdentifier, 10);
});

test('the next identifier never falls, and raising it alone is a change', () => {
  const first = complete({ g: [a] }, undefined, 40);
  assert.deepEqual(identities(first), [[1, 40]]);
  const older = complete({ g: [a] }, first, 2);
  assert.equal(older.nextRelativePortIdentifier, 41);
  assert.deepEqual(diffDocuments(first, older).changes, []);
  const raised = complete({ g: [a] }, first, 50);
  assert.deepEqual(diffDocuments(first, raised).changes, [
    'assign no relative port identifier below 50',
  ]);
});

test('when all identifiers have been used, new portals are refused and old ones serve on', () => {
  const last = complete({ g: [a] }, undefined, PORT_IDENTIFIER_MAX);
  assert.deepEqual(diffDocuments(undefined, last).refusals, []);
  assert.deepEqual(diffDocuments(last, complete({ g: [a] }, last)).refusals, []);
  const { refusals } = diffDocuments(last, complete({ g: [a, b] }, last));
  assert.match(refusals.join(), /all 65535 relative port identifiers have been used/);
});

test('a document of an older release goes on after its highest identifier', () => {
  const { gateways } = complete({ g: [{ ...a, relativePortIdentifier: 7 }, b] });
  assert.equal(nextPortIdentifier(gateways), 9);
  assert.equal(nextPortIdentifier([]), 1);
});

const identifier = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined, freq: 4 });
const portals = fc.uniqueArray(
  fc.record({
    address: fc.integer({ min: 1, max: 5 }).map((last) => `10.0.0.${last}`),
    portalGroupTag: identifier,
    relativePortIdentifier: identifier,
  }),
  { selector: ({ address }: Portal) => address, minLength: 1, maxLength: 4 },
);

test('through any documents, no identifier comes back, and none is shared by two tags', () => {
  let [applied, refused] = [0, 0];
  fc.assert(
    fc.property(fc.array(portals, { minLength: 2, maxLength: 12 }), (drafts) => {
      const everHeld = new Set<number>();
      let current: ClusterDocument | undefined;
      for (const draft of drafts) {
        let next: ClusterDocument;
        try {
          next = complete({ g: draft }, current);
        } catch {
          continue; // The draft contradicts itself.
        }
        if (diffDocuments(current, next).refusals.length > 0) {
          refused++;
          continue;
        }
        applied++;
        const before = new Set(
          current === undefined ? [] : identities(current).map(([, id]) => id),
        );
        const held = new Map<number, number>();
        for (const [tag, id] of identities(next)) {
          assert.equal(held.get(id) ?? tag, tag);
          held.set(id, tag);
          assert.ok(before.has(id) || !everHeld.has(id), `${id} came back`);
          assert.ok(id < next.nextRelativePortIdentifier);
        }
        for (const id of held.keys()) everHeld.add(id);
        assert.ok(next.nextRelativePortIdentifier >= (current?.nextRelativePortIdentifier ?? 1));
        const repeated = complete({ g: draft }, next);
        assert.deepEqual(repeated, next, 'the same draft changes nothing');
        assert.deepEqual(diffDocuments(next, repeated).refusals, []);
        const { gateways, nextRelativePortIdentifier } = next;
        const printed = completeIdentities(
          documentDraft({ gateways, nextRelativePortIdentifier }),
          next,
          random,
        );
        assert.deepEqual(diffDocuments(next, printed), diffDocuments(next, next));
        current = next;
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(applied > 500 && refused > 100, `${applied} applied, ${refused} refused`);
});
