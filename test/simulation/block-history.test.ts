// The checker of blocks takes what one copy of a block could have shown, in whatever order the
// operations overlap, and refuses the rest: lost writes, stale reads, writes that come back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  BlockHistory,
  type BlockOperation,
  type BlockOutcome,
} from '../../sim/checkers/block-history.ts';

let ids = 0;

function operation(kind: BlockOperation['kind'], value = 0, expected = 0): BlockOperation {
  return { id: ++ids, kind, value, expected, by: 'test' };
}

/** One operation after the other. */
function sequence(
  ...steps: readonly [BlockOperation, BlockOutcome, seen?: number][]
): readonly boolean[] {
  const history = new BlockHistory();
  return steps.map(([each, outcome, seen]) => {
    history.begin(each);
    return history.end(each, outcome, seen);
  });
}

test('a read sees the last write', () => {
  const write = (value: number) => [operation('write', value), 'done'] as const;
  const read = (seen: number) => [operation('read'), 'done', seen] as const;
  assert.deepEqual(sequence([...read(0)], [...write(1)], [...read(1)]), [true, true, true]);
  assert.deepEqual(sequence([...write(1)], [...read(0)]), [true, false]);
  assert.deepEqual(sequence([...write(1)], [...write(2)], [...read(1)]), [true, true, false]);
});

test('a write of unknown outcome may be seen or not, but does not come and go', () => {
  const lost = () => [operation('write', 1), 'unknown'] as const;
  const read = (seen: number) => [operation('read'), 'done', seen] as const;
  assert.deepEqual(sequence([...lost()], [...read(0)]), [true, true]);
  assert.deepEqual(sequence([...lost()], [...read(1)]), [true, true]);
  assert.deepEqual(sequence([...lost()], [...read(0)], [...read(1)]), [true, true, false]);
});

test('COMPARE AND WRITE holds or miscompares by what was there', () => {
  const caw = (expected: number, value: number) => operation('compareAndWrite', value, expected);
  assert.deepEqual(sequence([caw(0, 1), 'done'], [caw(0, 2), 'done']), [true, false]);
  assert.deepEqual(sequence([caw(0, 1), 'done'], [caw(0, 2), 'miscompare']), [true, true]);
  assert.deepEqual(sequence([caw(0, 1), 'miscompare']), [false]);
});

test('overlapping operations may take effect in any one order', () => {
  const history = new BlockHistory();
  const [one, two, early, late] = [
    operation('write', 1),
    operation('write', 2),
    operation('read'),
    operation('read'),
  ];
  history.begin(one);
  history.begin(two);
  history.begin(early);
  assert.ok(history.end(one, 'done'));
  assert.ok(history.end(two, 'done'));
  history.begin(late);
  assert.ok(history.end(late, 'done', 1));
  assert.ok(history.end(early, 'done', 2));
  const last = operation('read');
  history.begin(last);
  assert.ok(!history.end(last, 'done', 2));
});

test('a held write is done by then, or not before its release', () => {
  const read = (history: BlockHistory, seen: number): boolean => {
    const each = operation('read');
    history.begin(each);
    return history.end(each, 'done', seen);
  };
  for (const isReleased of [false, true]) {
    const history = new BlockHistory();
    const write = operation('write', 1);
    history.begin(write);
    history.hold(write);
    assert.ok(read(history, 0));
    if (isReleased) history.release();
    assert.equal(history.end(write, 'done'), isReleased);
  }
  const history = new BlockHistory();
  const write = operation('write', 1);
  history.begin(write);
  history.hold(write);
  assert.ok(read(history, 1) && history.end(write, 'done'));
});

/** A correct block: each operation takes effect at one moment. */
test('every history of a correct block is accepted', () => {
  const steps = fc.array(fc.record({ slot: fc.nat(3), act: fc.nat(3), value: fc.nat(4) }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(steps, (all) => {
      const history = new BlockHistory();
      const slots: ({ of: BlockOperation; seen?: number; outcome?: BlockOutcome } | undefined)[] =
        [];
      let now = 0;
      for (const { slot, act, value } of all) {
        const open = slots[slot];
        if (open === undefined) {
          const kind = (['read', 'write', 'compareAndWrite'] as const)[act % 3]!;
          const of = operation(kind, value + 1, now);
          slots[slot] = { of };
          history.begin(of);
        } else if (open.outcome === undefined) {
          const { kind, expected, value: next } = open.of;
          const holds = kind !== 'compareAndWrite' || now === expected;
          slots[slot] = { of: open.of, seen: now, outcome: holds ? 'done' : 'miscompare' };
          if (kind !== 'read' && holds) now = next;
        } else {
          const isLost = act === 3 && open.of.kind !== 'read';
          const outcome = isLost ? 'unknown' : open.outcome;
          assert.ok(history.end(open.of, outcome, open.seen));
          slots[slot] = undefined;
        }
      }
    }),
  );
});
