// A reader is told of every change of its range that was under way or has begun since, by any
// process, and of no other; what a process that has ended left behind counts for nothing.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { SharedMemory } from '../../../../src/host/shared-memory.ts';
import {
  ANNOUNCEMENTS_BYTES,
  WRITERS_MAX,
  WriteAnnouncements,
} from '../../../../src/volume/local/write-announcements.ts';

const VOLUME = 77;
const CHANGES_MAX = 1024;
const userId = process.getuid!();
let names = 0;

/** Opens announcements as a process does; each opening locks for itself. */
function opener(context: TestContext): () => WriteAnnouncements {
  const name = `allpath-test-${process.pid}-${names++}`;
  const opened: WriteAnnouncements[] = [];
  context.after(() => {
    for (const each of opened) each.close();
    assert.ok(!existsSync(`/dev/shm/${name}`), 'the last one takes it away');
  });
  return () => {
    const memory = new SharedMemory(name, ANNOUNCEMENTS_BYTES, userId);
    const announcements = new WriteAnnouncements(memory);
    opened.push(announcements);
    assert.ok(announcements.claim());
    return announcements;
  };
}

test('a change under way, or begun since the mark, is seen where it meets the range', (context) => {
  const open = opener(context);
  const [writer, reader] = [open(), open()];
  const mark = reader.newMark();
  for (const [volume, offset, length, meets] of [
    [VOLUME, 4096, 4096, true],
    [VOLUME, 0, 4097, true],
    [VOLUME, 8191, 1, true],
    [VOLUME, 0, 4096, false],
    [VOLUME, 8192, 4096, false],
    [VOLUME + 1, 4096, 4096, false],
  ] as const) {
    for (const by of [writer, reader]) {
      const before = by.begin(volume, offset, length);
      assert.equal(reader.mark(mark, VOLUME, 4096, 4096), !meets);
      by.end(before);
      assert.ok(reader.mark(mark, VOLUME, 4096, 4096));
      assert.ok(reader.isUnchanged(mark, VOLUME, 4096, 4096));
      by.end(by.begin(volume, offset, length));
      assert.equal(reader.isUnchanged(mark, VOLUME, 4096, 4096), !meets, 'begun and ended since');
    }
  }
});

test('more changes than are kept one by one count as everywhere', (context) => {
  const open = opener(context);
  const [writer, reader] = [open(), open()];
  const mark = reader.newMark();
  const changes = Array.from({ length: CHANGES_MAX }, (_, i) => writer.begin(VOLUME, i * 512, 512));
  assert.ok(reader.mark(mark, VOLUME, 2 ** 40, 512));
  const wide = writer.begin(VOLUME, 0, 512);
  assert.ok(!reader.isUnchanged(mark, VOLUME, 2 ** 40, 512));
  assert.ok(!reader.mark(mark, VOLUME, 2 ** 40, 512));
  for (const each of [...changes, wide]) writer.end(each);
  assert.ok(reader.mark(mark, VOLUME, 0, 2 ** 40));
  for (let i = 0; i < CHANGES_MAX; i++) writer.end(writer.begin(VOLUME, 0, 512));
  assert.ok(reader.isUnchanged(mark, VOLUME, 2 ** 40, 512));
  writer.end(writer.begin(VOLUME, 0, 512));
  assert.ok(!reader.isUnchanged(mark, VOLUME, 2 ** 40, 512), 'the log has wrapped around');
});

test('what a process left behind when it ended holds nobody up', (context) => {
  const open = opener(context);
  const reader = open();
  const mark = reader.newMark();
  const dead = open();
  dead.begin(VOLUME, 0, 512);
  assert.ok(!reader.mark(mark, VOLUME, 0, 512));
  // The kernel gives its locks back in this way.
  dead.close();
  assert.ok(reader.mark(mark, VOLUME, 0, 512));
  const heir = open();
  assert.ok(reader.mark(mark, VOLUME, 0, 512));
  heir.end(heir.begin(VOLUME, 0, 512));
  assert.ok(!reader.isUnchanged(mark, VOLUME, 0, 512));
});

test('there is room for so many writers, and a place is free again when one ends', (context) => {
  const open = opener(context);
  const all = Array.from({ length: WRITERS_MAX }, open);
  assert.throws(open);
  all[7]!.close();
  open();
});

test('a reader looks at what a count announces only after an ordered load of the count', (context) => {
  const open = opener(context);
  const [writer, reader] = [open(), open()];
  const mark = reader.newMark();
  const load = Atomics.load.bind(Atomics);
  // Arm64 may make plain loads in either order, x64 may not: here the order is only told.
  const counts: number[] = [];
  const loads = context.mock.method(Atomics, 'load', (words: Int32Array, index: number) => {
    const value = load(words, index);
    counts.push(value);
    return value;
  });
  writer.end(writer.begin(VOLUME, 0, 512));
  assert.ok(reader.mark(mark, VOLUME, 0, 512));
  assert.deepEqual(counts.splice(0), [2, 1, 0], 'the writers, and the count of each');
  writer.end(writer.begin(VOLUME, 0, 512));
  assert.ok(!reader.isUnchanged(mark, VOLUME, 0, 512));
  assert.deepEqual(counts.splice(0), [2, 2], 'the writers, and the count that differs');
  loads.mock.restore();
});
