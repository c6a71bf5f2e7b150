// The suite that every driver of `src/records/records.ts` passes.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Failure } from '../../src/base/failure.ts';
import {
  CHANNEL_MESSAGE_LENGTH_MAX,
  KEY_LENGTH_MAX,
  type Member,
  type Records,
  type RecordsFailureCode,
  VALUE_LENGTH_MAX,
  type Watcher,
} from '../../src/records/records.ts';

/** One store and ways to open it. */
export interface RecordsWorld {
  open(name: string): Promise<Records>;
  /** A member that can be fenced and stopped; it watches `channel` and answers 'echo:' + message. */
  openPuppet(name: string, channel: string): Promise<Puppet>;
  /** Takes the member's place for notifications away. */
  loseWatches(records: Records): Promise<void>;
  dispose(): Promise<void>;
}

export interface Puppet {
  readonly member: Member;
  stop(): Promise<void>;
  resume(): Promise<void>;
  end(): Promise<void>;
}

const HANG_MS = 20_000;

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(value: Uint8Array | undefined): string | undefined {
  return value && new TextDecoder().decode(value);
}

function fails(code: RecordsFailureCode) {
  return (error: Failure) => {
    assert.equal(error.code, code, error.message);
    return true;
  };
}

function echo(answer: (message: string, from: Member) => string | Promise<string>): Watcher {
  return {
    onNotify: async (message, from) => bytes(await answer(text(message)!, from)),
    onLost: () => {},
  };
}

type Use = (body: (a: Records, b: Records, world: RecordsWorld) => Promise<void>) => Promise<void>;

/** Declares the suite for one driver. */
export function recordsContract(name: string, openWorld: () => Promise<RecordsWorld>): void {
  describe(`records contract: ${name}`, { timeout: 6 * HANG_MS }, () => {
    let world: RecordsWorld;
    let a: Records;
    let b: Records;
    before(async () => {
      world = await openWorld();
      [a, b] = await Promise.all([world.open('a'), world.open('b')]);
    });
    after(async () => {
      await Promise.all([a.close(), b.close()]);
      await world.dispose();
    });
    const use: Use = (body) => body(a, b, world);
    valueTests(use);
    listTests(use);
    concurrencyTests(use);
    fieldTests(use);
    boundTests(use);
    notifyTests(use);
    watchTests(use);
    memberTests(use);
    closeTests(use);
  });
}

function valueTests(use: Use): void {
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
      const given = bytes('given');
      const set = a.compareAndSet('value/copy', 0, given);
      given.fill(0);
      await set;
      const read = (await a.get('value/copy'))!.value;
      assert.equal(text(read), 'given');
      read.fill(0);
      assert.equal(text((await a.get('value/copy'))!.value), 'given');
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

function listTests(use: Use): void {
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

function concurrencyTests(use: Use): void {
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

function fieldTests(use: Use): void {
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

function boundTests(use: Use): void {
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
      assert.equal(await a.get('large'), undefined);
    }));
}

function notifyTests(use: Use): void {
  test('a notification is answered by every watcher of the channel, own and others', () =>
    use(async (a, b) => {
      const watches = await Promise.all([
        a.watch(
          'lu/1',
          echo((message, from) => `a ${from.name} ${message}`),
        ),
        b.watch(
          'lu/1',
          echo((message, from) => `b1 ${from.name} ${message}`),
        ),
        b.watch(
          'lu/1',
          echo((message, from) => `b2 ${from.name} ${message}`),
        ),
        b.watch(
          'lu/2',
          echo(() => 'another channel'),
        ),
      ]);
      const { answers, missing } = await a.notify('lu/1', bytes('event'), HANG_MS);
      assert.deepEqual(missing, []);
      const said = answers.map(({ payload }) => text(payload)).sort();
      assert.deepEqual(said, ['a a event', 'b1 a event', 'b2 a event']);
      const from = new Set(answers.map((answer) => answer.from.incarnation));
      assert.deepEqual(from, new Set([a.self.incarnation, b.self.incarnation]));
      for (const watch of watches) await watch.close();
      const after = await a.notify('lu/1', bytes('event'), HANG_MS);
      assert.deepEqual(after, { answers: [], missing: [] });
    }));

  test('messages and answers of any bytes and of the greatest length arrive whole', () =>
    use(async (a, b) => {
      const large = new Uint8Array(CHANNEL_MESSAGE_LENGTH_MAX).map((_, index) => index * 31);
      const watch = await b.watch('large', { onNotify: (message) => message, onLost() {} });
      for (const message of [large, new Uint8Array(0), new Uint8Array(256).map((_, i) => i)]) {
        const { answers } = await a.notify('large', message, HANG_MS);
        assert.deepEqual(answers[0]?.payload, message);
      }
      await watch.close();
    }));

  test('a watcher that does not answer in time, or throws, is missing; the others count', () =>
    use(async (a, b) => {
      const never = await b.watch(
        'slow',
        echo(() => new Promise(() => {})),
      );
      const good = await b.watch(
        'slow',
        echo(() => 'good'),
      );
      const own = await a.watch(
        'slow',
        echo(() => 'own'),
      );
      const slow = await a.notify('slow', bytes(''), 300);
      assert.deepEqual(slow.missing, [b.self]);
      assert.deepEqual(slow.answers.map((answer) => text(answer.payload)).sort(), ['good', 'own']);
      await never.close();
      const thrower = await b.watch('slow', {
        onNotify() {
          throw new Error('planted');
        },
        onLost() {},
      });
      const thrown = await a.notify('slow', bytes(''), HANG_MS);
      assert.deepEqual(thrown.missing, [b.self]);
      for (const watch of [good, own, thrower]) await watch.close();
    }));

  test('many notifications at one time each get their own answers', () =>
    use(async (a, b) => {
      const watches = [await a.watch('many', echo(String)), await b.watch('many', echo(String))];
      const calls = Array.from({ length: 40 }, async (_, index) => {
        const { answers, missing } = await (index % 2 ? a : b).notify(
          'many',
          bytes(`${index}`),
          HANG_MS,
        );
        assert.deepEqual(missing, []);
        assert.deepEqual(
          answers.map((answer) => text(answer.payload)),
          [`${index}`, `${index}`],
        );
      });
      await Promise.all(calls);
      for (const watch of watches) await watch.close();
    }));

  test('a stopped member is missing after the time-out, and answers again when it goes on', () =>
    use(async (a, _b, world) => {
      const puppet = await world.openPuppet('stopped', 'stop');
      const before = await a.notify('stop', bytes('1'), HANG_MS);
      assert.deepEqual(
        before.answers.map((answer) => text(answer.payload)),
        ['echo:1'],
      );
      await puppet.stop();
      const during = await a.notify('stop', bytes('2'), 200);
      assert.deepEqual(during, { answers: [], missing: [puppet.member] });
      assert.ok(
        (await a.members()).some(({ name }) => name === 'stopped'),
        'it still counts',
      );
      await puppet.resume();
      const after = await a.notify('stop', bytes('3'), HANG_MS);
      assert.deepEqual(
        after.answers.map((answer) => text(answer.payload)),
        ['echo:3'],
      );
      await puppet.end();
    }));
}

function watchTests(use: Use): void {
  test('a lost watch is told once, and watching again works', () =>
    use(async (a, b, world) => {
      let lost = 0;
      const told = new Promise<void>((resolve) => {
        const onLost = () => {
          lost += 1;
          resolve();
        };
        void a.watch('lost', { onNotify: (message) => message, onLost });
      });
      const kept = await a.watch(
        'lost',
        echo(() => ''),
      );
      await world.loseWatches(a);
      await told;
      const watch = await a.watch(
        'lost',
        echo(() => 'again'),
      );
      const { answers } = await b.notify('lost', bytes(''), HANG_MS);
      assert.deepEqual(
        answers.map((answer) => text(answer.payload)),
        ['again'],
      );
      assert.equal(lost, 1);
      await kept.close();
      await watch.close();
      assert.deepEqual(await b.notify('lost', bytes(''), HANG_MS), { answers: [], missing: [] });
    }));
}

function memberTests(use: Use): void {
  test('members are those who have the store open, each with an incarnation of its own', () =>
    use(async (a, b, world) => {
      const c = await world.open('third');
      for (const records of [a, b, c]) {
        assert.deepEqual(await records.members(), [a.self, b.self, c.self]);
      }
      await c.close();
      assert.deepEqual(await a.members(), [a.self, b.self]);
      const again = await world.open('third');
      assert.notEqual(again.self.incarnation, c.self.incarnation);
      await again.close();
    }));

  test('the name of a living member is refused, and that member is not harmed', () =>
    use(async (a, b, world) => {
      await assert.rejects(world.open('a'), fails('recordsNameTaken'));
      assert.deepEqual(await b.members(), [a.self, b.self]);
      await a.get('still/works');
    }));

  test('of several that take one name at one time exactly one gets it', () =>
    use(async (a, _b, world) => {
      const opened = await Promise.allSettled([1, 2, 3].map(() => world.open('wanted')));
      const got = opened.filter((result) => result.status === 'fulfilled');
      assert.equal(got.length, 1);
      for (const result of opened) {
        if (result.status === 'rejected') fails('recordsNameTaken')(result.reason);
      }
      assert.equal((await a.members()).filter(({ name }) => name === 'wanted').length, 1);
      await got[0]!.value.close();
    }));

  test('what is no name of a member is refused', () =>
    use(async (_a, _b, world) => {
      for (const name of ['', 'a/b', '..\0', 'x'.repeat(65), 'a b']) {
        await assert.rejects(world.open(name), fails('recordsBadKey'));
      }
    }));

  test('a fenced member is gone: no member, no answer, its name free; fencing again is true', () =>
    use(async (a, b, world) => {
      const puppet = await world.openPuppet('victim', 'fence');
      const bystander = await world.openPuppet('bystander', 'fence');
      assert.equal(await a.fence(puppet.member), true);
      await b.barrier();
      assert.deepEqual(await a.members(), [a.self, b.self, bystander.member]);
      const { answers, missing } = await a.notify('fence', bytes('?'), HANG_MS);
      assert.deepEqual(
        answers.map((answer) => answer.from),
        [bystander.member],
      );
      assert.deepEqual(missing, []);
      assert.equal(await b.fence(puppet.member), true);
      const heir = await world.open('victim');
      assert.equal(await b.fence(puppet.member), true);
      assert.deepEqual((await heir.members()).length, 4, 'the heir of the name is not touched');
      await heir.close();
      await puppet.end();
      await bystander.end();
    }));

  test('a stopped member can be fenced', () =>
    use(async (a, _b, world) => {
      const puppet = await world.openPuppet('sleeper', 'sleep');
      await puppet.stop();
      assert.equal(await a.fence(puppet.member), true);
      await puppet.end();
    }));

  test('a member does not fence itself', () =>
    use(async (a) => {
      await assert.rejects(a.fence(a.self), fails('recordsSelfFence'));
      await a.get('still/works');
    }));
}

function closeTests(use: Use): void {
  test('after closing every call is refused, and nothing of it is left', () =>
    use(async (a, _b, world) => {
      const records = await world.open('leaver');
      await records.watch(
        'leaving',
        echo(() => ''),
      );
      const last = records.compareAndSet('leaver', 0, bytes('kept'));
      await Promise.all([records.close(), records.close()]);
      assert.equal((await last).status, 'done');
      const { self } = records;
      const calls: (() => Promise<unknown>)[] = [
        () => records.get('x'),
        () => records.compareAndSet('x', 0, bytes('')),
        () => records.list(''),
        () => records.setFields('x', {}),
        () => records.getFields('x'),
        () => records.notify('x', bytes(''), 1),
        () => records.watch('x', echo(String)),
        () => records.members(),
        () => records.fence(a.self),
        () => records.barrier(),
      ];
      for (const call of calls) await assert.rejects(call(), fails('recordsClosed'));
      assert.equal(text((await a.get('leaver'))?.value), 'kept');
      assert.deepEqual(await a.notify('leaving', bytes(''), HANG_MS), { answers: [], missing: [] });
      assert.equal(await a.fence(self), true, 'who has left changes nothing any more');
    }));
}
