// Proves of the system calls that Node does not offer that each does what its page in the manual
// says on a file of this machine, beyond 4 GiB too, and gives errors as negated errnos.

import assert from 'node:assert/strict';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  addressOf,
  bootTimeMs,
  conflictingLock,
  exchangeFiles,
  F_RDLCK,
  F_UNLCK,
  F_WRLCK,
  fallocate,
  IO_VECTOR_MAX,
  lockRange,
  lseek,
  PUNCH_HOLE,
  readIfCached,
  SEEK_DATA,
  SEEK_END,
  SEEK_HOLE,
  sendNow,
  unacknowledgedBytes,
  ZERO_RANGE,
} from '../../../src/host/kernel.ts';

const EAGAIN = 11;
const EBADF = 9;
const ENOENT = 2;
const ENXIO = 6;
const ENOTSOCK = 88;
const NO_FILE = 999_999;
const FAR = 5 * 2 ** 32;
const BLOCK_BYTES = 64 * 1024;

function begin(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'allpath-kernel-'));
  const path = join(folder, 'file');
  const descriptors: number[] = [];
  const open = () => {
    const descriptor = openSync(path, 'a+');
    closeSync(descriptor);
    descriptors.push(openSync(path, 'r+'));
    return descriptors.at(-1)!;
  };
  context.after(() => {
    for (const each of descriptors) closeSync(each);
    rmSync(folder, { recursive: true });
  });
  return { folder, path, open };
}

test('a read of what the page cache has fills the buffers in order, and is short at the end', (context) => {
  const { open } = begin(context);
  const file = open();
  writeSync(file, Uint8Array.of(1, 2, 3, 4, 5), 0, 5, 0);
  const [first, second] = [new Uint8Array(2), new Uint8Array(8).subarray(1, 7)];
  assert.equal(readIfCached(file, [first, second], 1), 4);
  assert.deepEqual(
    [[...first], [...second]],
    [
      [2, 3],
      [4, 5, 0, 0, 0, 0],
    ],
  );
  assert.equal(readIfCached(file, [first], 5), 0);
  assert.equal(readIfCached(NO_FILE, [first], 0), -EBADF);
});

test('a read takes as many buffers as the kernel does, and reaches beyond 4 GiB', (context) => {
  const { open } = begin(context);
  const file = open();
  writeSync(file, new Uint8Array(IO_VECTOR_MAX + 1).fill(9), 0, IO_VECTOR_MAX + 1, FAR);
  const into = Array.from({ length: IO_VECTOR_MAX + 1 }, () => new Uint8Array(1));
  assert.equal(readIfCached(file, into, FAR), IO_VECTOR_MAX);
  assert.deepEqual([into[0]![0], into[IO_VECTOR_MAX]![0]], [9, 0]);
});

test('locks of two open files keep each other off where their ranges meet', (context) => {
  const { open } = begin(context);
  const [a, b] = [open(), open()];
  assert.equal(lockRange(a, F_WRLCK, FAR, 10), 0);
  assert.equal(lockRange(b, F_RDLCK, FAR + 9, 1), -EAGAIN);
  assert.equal(lockRange(b, F_WRLCK, FAR + 10, 1), 0);
  assert.equal(lockRange(b, F_WRLCK, 0, FAR), 0, 'the upper half of a position counts');
  assert.equal(lockRange(a, F_UNLCK, FAR, 10), 0);
  assert.equal(lockRange(b, F_RDLCK, FAR + 9, 1), 0);
  assert.equal(lockRange(a, F_RDLCK, FAR + 9, 1), 0, 'readers share');
});

test('a lock in the way is seen with its type', (context) => {
  const { open } = begin(context);
  const [a, b] = [open(), open()];
  assert.equal(conflictingLock(b, F_WRLCK, 0, 10), F_UNLCK);
  lockRange(a, F_RDLCK, 5, 1);
  assert.equal(conflictingLock(b, F_WRLCK, 0, 10), F_RDLCK);
  assert.equal(conflictingLock(b, F_RDLCK, 0, 10), F_UNLCK);
  lockRange(a, F_WRLCK, 5, 1);
  assert.equal(conflictingLock(b, F_RDLCK, 0, 10), F_WRLCK);
  assert.equal(conflictingLock(a, F_WRLCK, 0, 10), F_UNLCK, 'its own is none');
  assert.equal(conflictingLock(NO_FILE, F_WRLCK, 0, 1), -EBADF);
});

test('two files change names at once', (context) => {
  const { folder } = begin(context);
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  writeFileSync(a, 'of a');
  writeFileSync(b, 'of b');
  assert.equal(exchangeFiles(a, b), 0);
  assert.deepEqual([String(readFileSync(a)), String(readFileSync(b))], ['of b', 'of a']);
  assert.equal(exchangeFiles(a, join(folder, 'none')), -ENOENT);
  assert.equal(String(readFileSync(a)), 'of b');
});

test('a hole is punched and a range zeroed, and the size stays', async (context) => {
  const { open, path } = begin(context);
  const file = open();
  writeSync(file, new Uint8Array(3 * BLOCK_BYTES).fill(7));
  assert.equal(await fallocate(file, PUNCH_HOLE, BLOCK_BYTES, BLOCK_BYTES), 0);
  const zeroed = await fallocate(file, ZERO_RANGE, 0, 16);
  const bytes = readFileSync(path);
  assert.equal(bytes.length, 3 * BLOCK_BYTES);
  assert.ok(bytes.subarray(BLOCK_BYTES, 2 * BLOCK_BYTES).every((byte) => byte === 0));
  assert.equal(bytes[2 * BLOCK_BYTES], 7);
  // Some file systems cannot zero a range: they say so.
  assert.ok(zeroed === 0 ? bytes[0] === 0 && bytes[16] === 7 : zeroed < 0);
  assert.equal(await fallocate(NO_FILE, PUNCH_HOLE, 0, 1), -EBADF);
});

test('data, holes and the end of a file are found', async (context) => {
  const { open } = begin(context);
  const file = open();
  ftruncateSync(file, FAR + BLOCK_BYTES);
  writeSync(file, new Uint8Array(BLOCK_BYTES).fill(1), 0, BLOCK_BYTES, FAR);
  assert.equal(await lseek(file, 0, SEEK_END), FAR + BLOCK_BYTES);
  assert.equal(await lseek(file, 0, SEEK_DATA), FAR);
  assert.equal(await lseek(file, FAR, SEEK_HOLE), FAR + BLOCK_BYTES);
  assert.equal(await lseek(file, FAR + BLOCK_BYTES, SEEK_DATA), -ENXIO);
});

test('calls in the thread pool all end, however many there are', async (context) => {
  const { open } = begin(context);
  const file = open();
  const ends = await Promise.all(Array.from({ length: 50 }, () => lseek(file, 0, SEEK_END)));
  assert.deepEqual(ends, Array(50).fill(0));
});

test('what is no socket is refused with its errno', (context) => {
  const { open } = begin(context);
  const file = open();
  assert.equal(sendNow(file, [Uint8Array.of(1)]), -ENOTSOCK);
  assert.ok(unacknowledgedBytes(NO_FILE) === -EBADF);
});

test('the time since the boot does not go back', () => {
  const first = bootTimeMs();
  const second = bootTimeMs();
  assert.ok(first > 0 && second >= first && Number.isFinite(second));
});

test('memory has one address, and views share that of their buffer', () => {
  const [one, other] = [new Uint8Array(16), new Uint8Array(16)];
  const address = addressOf(one.buffer);
  assert.notEqual(addressOf(other.buffer), address);
  assert.equal(addressOf(one.subarray(4).buffer), address);
  assert.ok(Number.isSafeInteger(address) && address > 0);
});
