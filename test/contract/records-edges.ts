// The part of the records contract suite about what is rarely asked: odd names, odd versions,
// changes of nothing, calls from inside a notification, and bounds of watches.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEY_LENGTH_MAX, WATCHES_MAX } from '../../src/records/records.ts';
import { bytes, echo, fails, HANG_MS, text, type Use } from './records-world.ts';

const oddNames = ['__proto__', 'constructor', '.', '..', 'a', 'a/b', 'A', '-', '0', 'floor'];
const longest = `${'k'.repeat(100)}/${'v'.repeat(KEY_LENGTH_MAX - 101)}`;
/** Alike at the beginning, for so long that a store may cut them there. */
const longOnes = [longest, longest.slice(0, -1), `${longest.slice(0, -2)}/w`];

export function edgeTests(use: Use): void {
  test('any key names a record and a map, apart from all others', () =>
    use(async (a, b) => {
      const odd = oddNames.map((name) => `odd/${name}`);
      const keys = [...odd, ...longOnes];
      for (const key of keys) {
        assert.equal((await a.compareAndSet(key, 0, bytes(key))).status, 'done', key);
        assert.equal(
          await a.setFields(key, { [key]: bytes('x'), ['__proto__']: bytes('y') }),
          true,
        );
      }
      for (const key of keys) {
        assert.equal(text((await b.get(key))?.value), key);
        const fields = [...(await b.getFields(key))].map(([name, value]) => [name, text(value)]);
        const wanted = [
          ['__proto__', 'y'],
          [key, 'x'],
        ];
        assert.deepEqual(fields.sort(), wanted.sort());
      }
      const listed = (await b.list('odd/')).map((entry) => entry.key);
      assert.deepEqual(listed, odd.sort());
      for (const key of keys) {
        const { version } = (await b.get(key))!;
        assert.equal((await b.compareAndSet(key, version, undefined)).status, 'done');
        assert.equal((await a.getFields(key)).size, 2, 'a map outlives the value of its key');
        await a.setFields(key, { [key]: undefined, ['__proto__']: undefined });
      }
      assert.deepEqual(await a.list('odd/'), []);
    }));

  test('what is no version matches no record', () =>
    use(async (a, b) => {
      await a.compareAndSet('version/one', 0, bytes('x'));
      const { version } = (await a.get('version/one'))!;
      for (const expected of [
        version + 0.5,
        -1,
        -version,
        Number.NaN,
        2 ** 53,
        2 ** 32 + version,
      ]) {
        for (const value of [bytes('y'), undefined]) {
          const result = await b.compareAndSet('version/one', expected, value);
          assert.equal(result.status, 'conflict', `${expected}`);
          const absent = await b.compareAndSet('version/none', expected, value);
          assert.deepEqual(absent, { status: 'conflict', current: undefined }, `${expected}`);
        }
      }
      assert.equal(text((await a.get('version/one'))?.value), 'x');
    }));

  test('to delete what is not there is done, and changes nothing', () =>
    use(async (a) => {
      assert.equal((await a.compareAndSet('nothing', 0, undefined)).status, 'done');
      assert.equal(await a.get('nothing'), undefined);
      assert.equal(await a.setFields('nothing', {}), true);
      assert.equal(await a.setFields('nothing', { x: undefined, y: undefined }), true);
      assert.equal((await a.getFields('nothing')).size, 0);
    }));

  test('a guard is asked also when no field is to be set, and where there is no map', () =>
    use(async (a) => {
      const holds = (equals: Uint8Array | undefined, fields = {}) =>
        a.setFields('guard/none', fields, { field: 'g', equals });
      assert.equal(await holds(bytes('1')), false);
      assert.equal(await holds(undefined), true);
      assert.equal(await holds(bytes('1'), { x: bytes('') }), false);
      assert.equal(await holds(undefined, { x: undefined }), true);
      assert.equal((await a.getFields('guard/none')).size, 0);
      await a.setFields('guard/none', { g: bytes('1') });
      assert.equal(await holds(bytes('1')), true);
      assert.equal(await holds(bytes('2')), false);
      assert.equal(await holds(undefined), false);
      assert.equal(await holds(bytes('1'), { g: undefined }), true);
      assert.equal(await holds(bytes('1')), false);
    }));

  test('of concurrent makers of one record, time after time, exactly one is done', () =>
    use(async (a, b) => {
      for (let round = 0; round < 10; round++) {
        const makers = [a, b, a, b].map((records) =>
          records.compareAndSet('makers', 0, bytes('same')),
        );
        const done = (await Promise.all(makers)).filter(({ status }) => status === 'done');
        assert.equal(done.length, 1);
        const { version } = (await b.get('makers'))!;
        const enders = [a, b].map((records) => records.compareAndSet('makers', version, undefined));
        const ended = (await Promise.all(enders)).filter(({ status }) => status === 'done');
        assert.equal(ended.length, 1);
      }
    }));

  test('a watcher may call the records, and notify its own channel, before it answers', () =>
    use(async (a, b) => {
      const own = await a.watch(
        'inside',
        echo(async (message) => {
          await a.compareAndSet(`inside/${message}`, 0, bytes(message));
          if (message === 'inner') return 'a inner';
          const { answers } = await a.notify('inside', bytes('inner'), HANG_MS);
          return `a saw ${answers.map(({ payload }) => text(payload)).sort()}`;
        }),
      );
      const other = await b.watch(
        'inside',
        echo((message) => `b ${message}`),
      );
      const { answers, missing } = await b.notify('inside', bytes('outer'), HANG_MS);
      const said = answers.map(({ payload }) => text(payload)).sort();
      assert.deepEqual([said, missing], [['a saw a inner,b inner', 'b outer'], []]);
      assert.equal((await b.list('inside/')).length, 2);
      for (const watch of [own, other]) await watch.close();
    }));

  test('a member has as many watches as it may, and closing one makes room', () =>
    use(async (_a, _b, world) => {
      const records = await world.open('watcher');
      const count = { onNotify: () => bytes('.'), onLost() {} };
      const watches = await Promise.all(
        Array.from({ length: WATCHES_MAX }, (_, index) => records.watch(`w/${index % 7}`, count)),
      );
      await assert.rejects(records.watch('w/0', count), fails('recordsTooLarge'));
      await watches[0]!.close();
      await watches[0]!.close();
      await records.watch('w/0', count);
      await assert.rejects(records.watch('w/0', count), fails('recordsTooLarge'));
      const { answers } = await records.notify('w/1', bytes(''), HANG_MS);
      assert.equal(answers.length, Math.ceil((WATCHES_MAX - 1) / 7));
      await records.close();
    }));
}
