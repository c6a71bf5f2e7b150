// Whatever is asked in whatever order, records on RADOS answer as those in memory do; of changes
// made at one time, each version is given once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { valueObjectOf, valueObjects } from '../../../../src/records/rados/object-names.ts';
import { openRadosRecords } from '../../../../src/records/rados/open-rados-records.ts';
import type { Records } from '../../../../src/records/records.ts';
import { MemoryStore } from '../../../doubles/memory-records-store.ts';
import { ModelRados } from '../../../support/model-rados.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

async function openTwo(): Promise<[Records, Records]> {
  const clock = new VirtualClock();
  const rados = new ModelRados(clock);
  const open = (name: string) => {
    const self = { name, incarnation: `${name}#1` };
    return openRadosRecords({ pool: rados.client(), namespace: '', self, clock });
  };
  return [await open('a'), await open('b')];
}

const key = fc.constantFrom('a', 'a/b', 'a/b/c', 'b', 'k'.repeat(255), `${'k'.repeat(254)}l`);
const value = fc.uint8Array({ maxLength: 3 });
const optional = fc.option(value, { nil: undefined });
const field = fc.constantFrom('x', 'y', 'x/y');
const question = fc.oneof(
  fc.record({ ask: fc.constant('get' as const), key }),
  fc.record({
    ask: fc.constant('set' as const),
    key,
    value: optional,
    // 0: not there; else so many versions behind the newest.
    behind: fc.constantFrom(undefined, 0, 0, 0, 1),
  }),
  fc.record({ ask: fc.constant('list' as const), prefix: fc.constantFrom('', 'a', 'a/', 'k') }),
  fc.record({
    ask: fc.constant('fields' as const),
    key,
    fields: fc.dictionary(field, optional, { noNullPrototype: true }),
    guard: fc.option(fc.record({ field, equals: optional }), { nil: undefined }),
  }),
);
type Question = typeof question extends fc.Arbitrary<infer T> ? T : never;

/** The same question to both. Versions are their own matter: only that both agree or conflict. */
async function answers(records: Records, memory: MemoryStore, asked: Question): Promise<unknown[]> {
  switch (asked.ask) {
    case 'get':
      return [(await records.get(asked.key))?.value, memory.get(asked.key)?.value];
    case 'list': {
      const plain = ({ key, value }: { key: string; value: Uint8Array }) => [key, value];
      const listed = (await records.list(asked.prefix)).map(plain);
      return [listed, memory.list(asked.prefix).map(plain)];
    }
    case 'set': {
      const { key, value, behind } = asked;
      const versionOf = (version = 0) => (behind === undefined ? 0 : version - behind);
      const own = versionOf((await records.get(key))?.version);
      const other = versionOf(memory.get(key)?.version);
      const result = await records.compareAndSet(key, own, value);
      return [result.status, memory.compareAndSet(key, other, value).status];
    }
    case 'fields': {
      const { key, fields, guard } = asked;
      const applied = await records.setFields(key, fields, guard);
      return [
        [applied, [...(await records.getFields(key))].sort()],
        [memory.setFields(key, fields, guard), [...memory.getFields(key)].sort()],
      ];
    }
  }
}

test('records on RADOS answer as those in memory', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(question, fc.boolean()), { maxLength: 40 }),
      async (asked) => {
        const [a, b] = await openTwo();
        const memory = new MemoryStore();
        for (const [one, byA] of asked) {
          const [own, expected] = await answers(byA ? a : b, memory, one);
          assert.deepEqual(own, expected);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('each version of a key is given once, over deletions at any time', async () => {
  const [a, b] = await openTwo();
  // Of one object: the deletions of one key move what the others count from.
  const names = Array.from({ length: 500 }, (_, index) => `key/${index}`);
  const keys = names.filter((name) => valueObjectOf(name) === valueObjects[0]).slice(0, 4);
  assert.equal(keys.length, 4);
  const given = new Map<string, number[]>(keys.map((name) => [name, []]));
  const workers = [a, b, a, b].map(async (records, worker) => {
    for (let round = 0; round < 100; round++) {
      const name = keys[(round * 7 + worker) % keys.length]!;
      const version = (await records.get(name))?.version ?? 0;
      const next = (round + worker) % 3 === 0 && version > 0 ? undefined : Uint8Array.of(round);
      const set = await records.compareAndSet(name, version, next);
      if (set.status === 'done' && set.version > 0) given.get(name)!.push(set.version);
    }
  });
  await Promise.all(workers);
  for (const [name, versions] of given) {
    assert.ok(versions.length > 20);
    assert.equal(new Set(versions).size, versions.length, name);
  }
});
