// What is pushed in one turn leaves with one write, in order; a lone answer leaves at once, but not
// while what was received is still parsed; nothing is sent or held after the end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../../../src/base/clock.ts';
import { SlabPool } from '../../../../src/base/slab-pool.ts';
import { SendQueue } from '../../../../src/iscsi/wire/send-queue.ts';

/** A queue on a stream that keeps what it is given, and the turn's end in the test's hand. */
function world() {
  const written: string[][] = [];
  const atEnd: (() => void)[] = [];
  const sent: (() => void)[] = [];
  const stream = {
    remote: { address: '', port: 0 },
    local: { address: '', port: 0 },
    start() {},
    pause() {},
    resume() {},
    end() {},
    destroy() {},
    unacknowledgedBytes: 0,
    write(chunks: readonly Uint8Array[], done: () => void) {
      written.push(chunks.map((chunk) => Buffer.from(chunk).toString()));
      sent.push(done);
    },
  };
  const clock: Clock = {
    now: () => 0,
    after: () => assert.fail('no timer'),
    endOfTurn: (action) => void atEnd.push(action),
  };
  const queue = new SendQueue(stream, new SlabPool(64, 2), clock);
  const push = (text: string, alone = false): void => {
    const region = queue.reserve(text.length);
    region.slab.bytes.set(Buffer.from(text), region.start);
    queue.push(region, text.length, alone);
  };
  const endTurn = (): void => {
    for (const action of atEnd.splice(0)) action();
  };
  const taken = () => sent.shift()?.();
  return { queue, push, endTurn, taken, written: () => written.shift(), atEnd };
}

test('answers of one turn leave together, those behind them when these have left', () => {
  const { queue, push, endTurn, taken, written, atEnd } = world();
  push('one.');
  push('two.');
  assert.equal(written(), undefined);
  assert.equal(atEnd.length, 1, 'one flush for a turn');
  endTurn();
  assert.deepEqual(written(), ['one.two.'], 'side by side in one chunk');
  push('more', true);
  assert.equal(written(), undefined, 'one write is on its way at a time');
  taken();
  assert.deepEqual(written(), ['more']);
  taken();
  assert.ok(queue.idle);
  assert.equal(queue.unsentBytes, 0);
});

test('a lone answer does not wait for the end of the turn', () => {
  const { push, taken, written, atEnd, endTurn } = world();
  push('lone', true);
  assert.deepEqual(written(), ['lone']);
  assert.equal(atEnd.length, 0);
  taken();
  push('with');
  push('last', true);
  assert.deepEqual(written(), ['withlast'], 'the last takes along what waits');
  endTurn();
  assert.equal(written(), undefined);
});

test('while what came in is parsed nothing leaves: more answers may follow', () => {
  const { queue, push, written, atEnd } = world();
  queue.gathers = true;
  push('a...', true);
  push('b...', true);
  assert.equal(written(), undefined);
  queue.gathers = false;
  queue.flush();
  assert.deepEqual(written(), ['a...b...']);
  assert.equal(atEnd.length, 0);
});

test('after the end nothing is sent, and nothing stays counted', () => {
  const { queue, push, written, endTurn } = world();
  push('gone');
  queue.close();
  push('late', true);
  endTurn();
  assert.equal(written(), undefined);
  assert.equal(queue.unsentBytes, 0);
});
