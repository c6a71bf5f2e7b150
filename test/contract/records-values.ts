// The part of the records contract suite about values and fields of records.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CHANNEL_MESSAGE_LENGTH_MAX,
  FIELDS_LENGTH_MAX,
  KEY_LENGTH_MAX,
  type Records,
  VALUE_LENGTH_MAX,
} from '../../src/records/records.ts';
import { bytes, echo, fails, text, type Use } from './records-world.ts';

export function valueTests(use: Use): void {
  test('a record is made, read by another member, replaced and deleted', () =>
    use(async (a, b) => {
      assert.equal(await a.get('value/one'), undefined);
      const made = await a.compareAndSet('value/one', 0, bytes('first'));
      assert.equal(made.status, 'done');
      const first = await b.get('value/one');
      assert.equal(text(first?.value), 'first');
      assert.equal(first?.key, 'value/one');
      assert.equal(first?.version, made.status === 'done' && made.version);
      const replaced = await b.compareAndSet('value/one', first!.version, bytes('second'));
      assert.equal(replaced.status, 'done');
      const second = await a.get('value/one');
      assert.equal(text(second?.value), 'second');
      assert.ok(second!.version > first!.version);
      await a.compareAndSet('value/one', second!.version, undefined);
      assert.equal(await b.get('value/one'), undefined);
    }));

  test('a change against another version changes nothing and returns what stands there', () =>
    use(async (a, b) => {
      await a.compareAndSet('value/two', 0, bytes('x'));
      const { version } = (await a.get('value/two'))!;
      for (const expected of [0, version + 1, version - 1 || 99]) {
        for (const value of [bytes('y'), undefined]) {
          const conflict = await b.compareAndSet('value/two', expected, value);
          assert.equal(conflict.status, 'conflict');
          assert.ok(conflict.status === 'conflict');
          assert.equal(conflict.current?.version, version);
          assert.equal(text(conflict.current?.value), 'x');
        }
      }
      const absent = await b.compareAndSet('value/none', 1, bytes('y'));
      assert.deepEqual(absent, { status: 'conflict', current: undefined });
      assert.equal(text((await a.get('value/two'))?.value), 'x');
    }));

  test('versions never come back, over deletions of the same and of other records', () =>
    use(async (a, b) => {
      let last = 0;
      for (let round = 0; round < 5; round++) {
        for (const records of [a, b]) {
          const made = await records.compareAndSet('value/again', 0, bytes(`${round}`));
          assert.ok(made.status === 'done' && made.version > last, `${JSON.stringify(made)}`);
          const deleted = await records.compareAndSet('value/again', made.version, undefined);
          assert.ok(deleted.status === 'done');
          const late = await records.compareAndSet('value/again', made.version, bytes('late'));
          assert.equal(late.status, 'conflict');
          last = Math.max(made.version, deleted.version);
        }
      }
    }));

  test('values are copies: neither side sees the other change its bytes', () =>
    use(async (a) => {
      // A Buffer, as callers have them: its `slice` is no copy.
      const given = Buffer.from('given');
      const set = a.compareAndSet('value/copy', 0, given);
      given.fill(0);
      await set;
      const read = (await a.get('value/copy'))!.value;
      assert.equal(text(read), 'given');
      read.fill(0);
      assert.equal(text((await a.get('value/copy'))!.value), 'given');
      const field = Buffer.from('field');
      const guard = { field: 'y', equals: Buffer.from('y') };
      await a.setFields('value/copy', { y: bytes('y') });
      const setFields = a.setFields('value/copy', { x: field }, guard);
      field.fill(0);
      guard.equals.fill(0);
      assert.equal(await setFields, true);
      assert.equal(text((await a.getFields('value/copy')).get('x')), 'field');
    }));

  test('an empty value and the largest one come back as they were', () =>
    use(async (a, b) => {
      await a.compareAndSet('value/empty', 0, bytes(''));
      assert.equal((await b.get('value/empty'))?.value.length, 0);
      const large = new Uint8Array(VALUE_LENGTH_MAX).map((_, index) => index * 7);
      await a.compareAndSet('value/large', 0, large);
      assert.deepEqual((await b.get('value/large'))?.value, large);
    }));
}

export function listTests(use: Use): void {
  test('a list has the records that begin with the prefix, in key order', () =>
    use(async (a, b) => {
      const keys = [
        'list/b',
        'list/a/2',
        'list/a',
        'list/a/10',
        'list/Z',
        'list/a-b',
        'lis',
        'lisu',
      ];
      for (const key of keys) await a.compareAndSet(key, 0, bytes(key));
      const under = keys.filter((key) => key.startsWith('list/')).sort();
      const listed = await b.list('list/');
      assert.deepEqual(
        listed.map((entry) => entry.key),
        under,
      );
      assert.deepEqual(
        listed.map((entry) => text(entry.value)),
        under,
      );
      const part = await b.list('list/a');
      assert.deepEqual(
        part.map((entry) => entry.key),
        ['list/a', 'list/a-b', 'list/a/10', 'list/a/2'],
      );
      assert.deepEqual(await b.list('nothing/'), []);
      const all = (await b.list('')).map((entry) => entry.key);
      assert.ok(keys.every((key) => all.includes(key)));
    }));

  test('a list is of one moment: a pair that is changed in order is never seen out of order', () =>
    use(async (a, b) => {
      // `late` is changed after `early`: no moment has it ahead.
      let versionEarly = 0;
      let versionLate = 0;
      let writing = true;
      const writer = (async () => {
        for (let round = 1; round <= 40; round++) {
          const value = bytes(String(round));
          const early = await a.compareAndSet('moment/z-early', versionEarly, value);
          const late = await a.compareAndSet('moment/a-late', versionLate, value);
          assert.ok(early.status === 'done' && late.status === 'done');
          versionEarly = early.version;
          versionLate = late.version;
        }
        writing = false;
      })();
      while (writing) {
        const [late, early] = await b.list('moment/');
        const [lateRound, earlyRound] = [late, early].map((e) => Number(text(e?.value) ?? 0));
        if (early !== undefined) assert.ok(earlyRound! >= lateRound!);
        if (early !== undefined) assert.ok(earlyRound! <= lateRound! + 1);
      }
      await writer;
    }));
}

export function concurrencyTests(use: Use): void {
  test('of concurrent changes of one version exactly one is done', () =>
    use(async (a, b) => {
      for (let round = 0; round < 10; round++) {
        const expected = (await a.get('race/one'))?.version ?? 0;
        const results = await Promise.all(
          [a, b, a, b].map((records, index) =>
            records.compareAndSet('race/one', expected, bytes(`${round}/${index}`)),
          ),
        );
        assert.equal(results.filter(({ status }) => status === 'done').length, 1);
      }
    }));

  test('no increment of a shared counter by several members is lost', () =>
    use(async (a, b, world) => {
      const c = await world.open('counter');
      const increments = 25;
      async function increment(records: Records): Promise<void> {
        for (let done = 0; done < increments; ) {
          const entry = await records.get('race/counter');
          const next = bytes(String(Number(text(entry?.value) ?? 0) + 1));
          const set = await records.compareAndSet('race/counter', entry?.version ?? 0, next);
          if (set.status === 'done') done += 1;
        }
      }
      await Promise.all([a, b, c].map(increment));
      assert.equal(text((await a.get('race/counter'))?.value), String(3 * increments));
      await c.close();
    }));
}

export function fieldTests(use: Use): void {
  test('fields are set, removed and read whole by another member', () =>
    use(async (a, b) => {
      assert.equal((await a.getFields('map/one')).size, 0);
      assert.equal(await a.setFields('map/one', { x: bytes('1'), y: bytes('2') }), true);
      assert.equal(await b.setFields('map/one', { y: undefined, z: bytes('') }), true);
      const fields = [...(await a.getFields('map/one'))].map(([n, v]) => [n, text(v)]).sort();
      assert.deepEqual(fields, [
        ['x', '1'],
        ['z', ''],
      ]);
      assert.equal(await a.get('map/one'), undefined, 'a map of fields is no value');
      await a.setFields('map/one', { x: undefined, z: undefined });
      assert.equal((await b.getFields('map/one')).size, 0);
    }));

  test('a guard that does not hold changes nothing', () =>
    use(async (a, b) => {
      await a.setFields('map/two', { inc: bytes('open') });
      const set = (equals: Uint8Array | undefined, field = 'inc') =>
        b.setFields('map/two', { hb: bytes('1'), inc: undefined }, { field, equals });
      assert.equal(await set(bytes('closed')), false);
      assert.equal(await set(bytes('ope')), false);
      assert.equal(await set(bytes('')), false);
      assert.equal(await set(undefined), false);
      assert.equal(await set(bytes('open'), 'other'), false);
      assert.deepEqual([...(await a.getFields('map/two')).keys()], ['inc']);
      assert.equal(await set(undefined, 'other'), true);
      assert.deepEqual([...(await a.getFields('map/two')).keys()], ['hb']);
      assert.equal(await set(bytes('1'), 'hb'), true);
    }));

  test('writers of different fields do not conflict', () =>
    use(async (a, b) => {
      const writers = [a, b, a, b].map(async (records, index) => {
        for (let beat = 1; beat <= 10; beat++) {
          const field = `hb-${index}`;
          assert.equal(await records.setFields('map/three', { [field]: bytes(`${beat}`) }), true);
        }
      });
      await Promise.all(writers);
      const fields = await a.getFields('map/three');
      assert.deepEqual([...fields.values()].map(text), ['10', '10', '10', '10']);
    }));

  test('of concurrent writers under one guard exactly one is applied', () =>
    use(async (a, b) => {
      const guard = { field: 'owner', equals: undefined };
      const applied = await Promise.all(
        [a, b, a, b].map((records, index) =>
          records.setFields('map/four', { owner: bytes(`${index}`) }, guard),
        ),
      );
      assert.equal(applied.filter(Boolean).length, 1);
    }));
}

export function boundTests(use: Use): void {
  test('what is no key is refused', () =>
    use(async (a) => {
      const long = 'k'.repeat(KEY_LENGTH_MAX);
      assert.equal(await a.get(long), undefined);
      for (const key of [
        '',
        '/',
        'a/',
        '/a',
        'a//b',
        'a b',
        'ä',
        'a\0',
        `${long}k`,
        "a'b",
        'a\n',
      ]) {
        await assert.rejects(a.get(key), fails('recordsBadKey'));
        await assert.rejects(a.compareAndSet(key, 0, bytes('')), fails('recordsBadKey'));
        await assert.rejects(a.getFields(key), fails('recordsBadKey'));
        await assert.rejects(a.setFields(key, {}), fails('recordsBadKey'));
        await assert.rejects(a.setFields('a', { [key]: bytes('') }), fails('recordsBadKey'));
        await assert.rejects(a.notify(key, bytes(''), 1), fails('recordsBadKey'));
        await assert.rejects(a.watch(key, echo(String)), fails('recordsBadKey'));
      }
      await assert.rejects(a.list('a//'), fails('recordsBadKey'));
      await assert.rejects(a.list('/'), fails('recordsBadKey'));
      await assert.rejects(a.list('%'), fails('recordsBadKey'));
    }));

  test('what is too large is refused', () =>
    use(async (a) => {
      const large = new Uint8Array(VALUE_LENGTH_MAX + 1);
      await assert.rejects(a.compareAndSet('large', 0, large), fails('recordsTooLarge'));
      await assert.rejects(a.setFields('large', { x: large }), fails('recordsTooLarge'));
      const message = new Uint8Array(CHANNEL_MESSAGE_LENGTH_MAX + 1);
      await assert.rejects(a.notify('large', message, 1), fails('recordsTooLarge'));
      const most = new Uint8Array(VALUE_LENGTH_MAX);
      const fields = Math.floor(FIELDS_LENGTH_MAX / VALUE_LENGTH_MAX);
      const names = Array.from({ length: fields }, (_, index) => `f${index}`);
      const full = Object.fromEntries(names.map((name) => [name, most]));
      assert.equal(await a.setFields('large', full), true);
      const beyond = a.setFields('large', { one: bytes('1') });
      await assert.rejects(beyond, fails('recordsTooLarge'));
      assert.equal((await a.getFields('large')).size, fields);
      const none = Object.fromEntries(names.map((name) => [name, undefined]));
      assert.equal(await a.setFields('large', none), true);
      assert.equal(await a.get('large'), undefined);
    }));
}
