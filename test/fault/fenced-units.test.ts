// Proves that the checker of fenced units tells what may be seen from what may not: a write of the
// fenced gateway that lands late, one that is torn, one that is lost after it was answered.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeStamp, FencedUnits, stampedBytes } from '../support/fenced-units.ts';

const LENGTH = 4096;
const zeros = Buffer.alloc(LENGTH);
const fenced = (write = 1) => stampedBytes({ writer: 1, round: 7, unit: 0, write }, LENGTH);
const other = stampedBytes({ writer: 2, round: 7, unit: 0, write: 1 }, LENGTH);

test('a write in flight may be seen or not, but what was seen once stays', () => {
  for (const [first, second] of [
    [zeros, fenced()],
    [fenced(), zeros],
  ] as const) {
    const units = new FencedUnits(1, () => zeros);
    units.sent(0, fenced());
    assert.equal(units.seen(0, first), undefined);
    assert.equal(units.seen(0, first), undefined);
    assert.match(units.seen(0, second) ?? '', /^unit 0 shows .*, not /);
  }
});

test('either of two writes in flight may be seen, and then only that one', () => {
  const units = new FencedUnits(1, () => zeros);
  units.sent(0, fenced(1));
  units.sent(0, fenced(2));
  assert.equal(units.seen(0, fenced(2)), undefined);
  assert.match(units.seen(0, fenced(1)) ?? '', /write 1, not writer 1 round 7 unit 0 write 2$/);
});

test('what another gateway wrote is not undone', () => {
  const units = new FencedUnits(1, () => zeros);
  units.sent(0, fenced());
  units.sent(0, other);
  units.written(0, other);
  assert.match(units.seen(0, fenced()) ?? '', /shows writer 1 .*, not writer 2 /);
  assert.match(units.seen(0, zeros) ?? '', /shows zeros, not writer 2 /);
  assert.equal(units.seen(0, other), undefined);
});

test('no other value and no half write is ever seen', () => {
  const units = new FencedUnits(2, () => zeros);
  units.sent(0, fenced());
  assert.match(units.seen(0, other) ?? '', /shows writer 2 .*, not zeros or writer 1 /);
  const torn = Buffer.concat([fenced().subarray(0, 512), zeros.subarray(512)]);
  assert.match(units.seen(0, torn) ?? '', /\(torn\)/);
  assert.match(units.seen(1, fenced()) ?? '', /^unit 1 /);
});

test('a stamp is decoded as it was encoded', () => {
  assert.equal(describeStamp(fenced()), 'writer 1 round 7 unit 0 write 1');
  assert.match(describeStamp(Buffer.alloc(LENGTH, 9)), /^alien bytes 0909/);
});
