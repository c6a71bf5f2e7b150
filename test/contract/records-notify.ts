// The part of the records contract suite about notifications, watches and closing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHANNEL_MESSAGE_LENGTH_MAX, type Watcher } from '../../src/records/records.ts';
import { bytes, echo, fails, HANG_MS, text, type Use } from './records-world.ts';

export function notifyTests(use: Use): void {
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

  test('a message is a copy: neither its giver nor a watcher changes what others get', () =>
    use(async (a, b) => {
      const watcher: Watcher = {
        onNotify(message) {
          const answer = Buffer.from(message);
          message.fill(0);
          return answer;
        },
        onLost() {},
      };
      const watches = [];
      for (const records of [a, a, b, b]) watches.push(await records.watch('copy', watcher));
      const message = Buffer.from('given');
      const call = a.notify('copy', message, HANG_MS);
      message.fill(0);
      const { answers } = await call;
      assert.deepEqual(
        answers.map(({ payload }) => text(payload)),
        Array(4).fill('given'),
      );
      for (const watch of watches) await watch.close();
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
      await puppet.resume();
      const after = await a.notify('stop', bytes('3'), HANG_MS);
      assert.deepEqual(
        after.answers.map((answer) => text(answer.payload)),
        ['echo:3'],
      );
      await puppet.end();
    }));
}

export function watchTests(use: Use): void {
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

export function closeTests(use: Use): void {
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
      const calls: (() => Promise<unknown>)[] = [
        () => records.get('x'),
        () => records.compareAndSet('x', 0, bytes('')),
        () => records.list(''),
        () => records.setFields('x', {}),
        () => records.getFields('x'),
        () => records.notify('x', bytes(''), 1),
        () => records.watch('x', echo(String)),
      ];
      for (const call of calls) await assert.rejects(call(), fails('recordsClosed'));
      assert.equal(text((await a.get('leaver'))?.value), 'kept');
      assert.deepEqual(await a.notify('leaving', bytes(''), HANG_MS), { answers: [], missing: [] });
    }));
}
