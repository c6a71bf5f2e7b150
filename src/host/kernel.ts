import koffi from 'koffi';

/**
 * System calls that Node does not offer, bound thinly: raw numbers in, a result or a negated errno
 * out, no policy. The synchronous ones never wait; those that may are asynchronous and run in the
 * thread pool. Linux, 64 bit, little-endian.
 */

/** Error numbers as errno(3) names them. */
export const EINVAL = 22;
export const ENXIO = 6;
export const EXDEV = 18;
export const ENOSPC = 28;
export const ENOSYS = 38;
export const EOPNOTSUPP = 95;
export const EDQUOT = 122;
export const ECANCELED = 125;

/** Lock types of fcntl(2). */
export const F_RDLCK = 0;
export const F_WRLCK = 1;
export const F_UNLCK = 2;

/** Modes of fallocate(2). Both here keep the file's size. */
export const PUNCH_HOLE = 0x02 | 0x01;
export const ZERO_RANGE = 0x10 | 0x01;

/** Whences of lseek(2). */
export const SEEK_END = 2;
export const SEEK_DATA = 3;
export const SEEK_HOLE = 4;

/** readv(2) takes at most this many buffers (UIO_MAXIOV). */
export const IO_VECTOR_MAX = 1024;

const CLOCK_BOOTTIME = 7;
const RWF_NOWAIT = 0x08;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SIOCOUTQ = 0x5411;
const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
/** For the upper half of 64 bits. A Uint32Array takes the lower half of a number by itself. */
const TWO_TO_32 = 0x1_0000_0000;

type Call = (...values: number[]) => number;
type Blocking = Call & {
  async(...values: [...number[], (error: Error | null, result: number) => void]): void;
};

const library = koffi.load(null);

function bind(name: string, result: string, ...parameters: string[]): Blocking {
  return library.func(name, result, parameters) as unknown as Blocking;
}

const preadv2 = bind('preadv2', 'int64_t', 'int', 'uintptr_t', 'int', 'int64_t', 'int');
const fcntl = bind('fcntl', 'int', 'int', 'int', 'uintptr_t');
const ioctl = bind('ioctl', 'int', 'int', 'uint64_t', 'uintptr_t');
const sendmsg = bind('sendmsg', 'int64_t', 'int', 'uintptr_t', 'int');
const fallocateCall = bind('fallocate', 'int', 'int', 'int', 'int64_t', 'int64_t');
const clockGettime = bind('clock_gettime', 'int', 'int', 'uintptr_t');
const copyFileRangeCall = bind(
  'copy_file_range',
  'int64_t',
  'int',
  'uintptr_t',
  'int',
  'uintptr_t',
  'uint64_t',
  'uint',
);
const lseekCall = bind('lseek', 'int64_t', 'int', 'int64_t', 'int');

const renameat2 = library.func('renameat2', 'int', ['int', 'str', 'int', 'str', 'uint']);
const AT_FDCWD = -100;
const RENAME_EXCHANGE = 2;

function orErrno(result: number): number {
  return result < 0 ? -koffi.errno() : result;
}

const addresses = new WeakMap<ArrayBufferLike, number>();
/** Asked for last: buffers come in runs. */
let lastMemory: ArrayBufferLike | undefined;
let lastAddress = 0;

/**
 * The address of memory. The lookup is expensive, so it is done once per ArrayBuffer. An address
 * keeps nothing alive but the last memory: whoever hands it to the kernel holds the buffer until
 * the kernel is done.
 */
export function addressOf(memory: ArrayBufferLike): number {
  if (memory === lastMemory) return lastAddress;
  let address = addresses.get(memory);
  if (address === undefined) {
    address = Number(koffi.address(memory));
    addresses.set(memory, address);
  }
  lastMemory = memory;
  lastAddress = address;
  return address;
}

/** struct iovec[IO_VECTOR_MAX]; each call refills it, and none outlives its turn. */
const vector = new Uint32Array(IO_VECTOR_MAX * 4);
const vectorAddress = addressOf(vector.buffer);

/**
 * Reads into `into` (at most `IO_VECTOR_MAX` buffers) what the page cache has, from `offset` on.
 * The number of bytes, which may be short; -EAGAIN when the first byte is not cached.
 */
export function readIfCached(
  descriptor: number,
  into: readonly Uint8Array[],
  offset: number,
): number {
  const count = fillVector(into);
  return orErrno(preadv2(descriptor, vectorAddress, count, offset, RWF_NOWAIT));
}

/** struct msghdr, 8 bytes each: name, vector and control, each with its length, and flags. */
const message = new Uint32Array(14);
const messageAddress = addressOf(message.buffer);
message[4] = vectorAddress;
message[5] = vectorAddress / TWO_TO_32;

/**
 * Sends on a connected socket what its buffer has room for now of these (at most `IO_VECTOR_MAX`),
 * without waiting: the number of bytes, or a negated errno (-EAGAIN: no room).
 */
export function sendNow(descriptor: number, chunks: readonly Uint8Array[]): number {
  message[6] = fillVector(chunks);
  return orErrno(sendmsg(descriptor, messageAddress, MSG_DONTWAIT | MSG_NOSIGNAL));
}

const unacknowledged = new Int32Array(2);
const unacknowledgedAddress = addressOf(unacknowledged.buffer);

/**
 * The number of bytes in the send buffer of a connected TCP socket, all of which the peer has not
 * acknowledged; or a negated errno.
 */
export function unacknowledgedBytes(descriptor: number): number {
  const result = orErrno(ioctl(descriptor, SIOCOUTQ, unacknowledgedAddress));
  return result < 0 ? result : unacknowledged[0]!;
}

function fillVector(views: readonly Uint8Array[]): number {
  const count = Math.min(views.length, IO_VECTOR_MAX);
  for (let i = 0; i < count; i++) {
    const view = views[i]!;
    const address = addressOf(view.buffer) + view.byteOffset;
    vector[4 * i] = address;
    vector[4 * i + 1] = address / TWO_TO_32;
    vector[4 * i + 2] = view.length;
  }
  return count;
}

/** struct timespec: long seconds, nanoseconds. */
const timespec = new Uint32Array(4);
const timespecAddress = addressOf(timespec.buffer);

/**
 * CLOCK_BOOTTIME in milliseconds since the machine's boot, its sleep included. Costs what
 * `performance.now` does.
 */
export function bootTimeMs(): number {
  clockGettime(CLOCK_BOOTTIME, timespecAddress);
  return (timespec[0]! + timespec[1]! * TWO_TO_32) * 1_000 + timespec[2]! / 1_000_000;
}

/** struct flock: short type, whence; long start, length; int pid. */
const flock = new Uint32Array(8);
const flockType = new Uint16Array(flock.buffer, 0, 2);
const flockAddress = addressOf(flock.buffer);

function setFlock(type: number, start: number, length: number): void {
  flockType[0] = type;
  flockType[1] = 0;
  flock[2] = start;
  flock[3] = start / TWO_TO_32;
  flock[4] = length;
  flock[5] = length / TWO_TO_32;
  flock[6] = 0;
}

/** F_OFD_SETLK: 0, or -EAGAIN when another open file description holds a part of the range. */
export function lockRange(descriptor: number, type: number, start: number, length: number): number {
  setFlock(type, start, length);
  return orErrno(fcntl(descriptor, F_OFD_SETLK, flockAddress));
}

/** F_OFD_GETLK: the type of a lock elsewhere that keeps `type` off the range, F_UNLCK if none. */
export function conflictingLock(
  descriptor: number,
  type: number,
  start: number,
  length: number,
): number {
  setFlock(type, start, length);
  const result = orErrno(fcntl(descriptor, F_OFD_GETLK, flockAddress));
  return result < 0 ? result : flockType[0]!;
}

/** renameat2(2) with RENAME_EXCHANGE: 0, or a negated errno (-EINVAL: not on this file system). */
export function exchangeFiles(a: string, b: string): number {
  return orErrno(renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) as number);
}

/**
 * fallocate(2) in the thread pool: 0 or a negated errno; -ECANCELED if it may not start when its
 * turn comes.
 */
export function fallocate(
  descriptor: number,
  mode: number,
  offset: number,
  length: number,
  mayStart = always,
): Promise<number> {
  return inPool(fallocateCall, [descriptor, mode, offset, length], mayStart);
}

/** lseek(2) in the thread pool: the position or a negated errno. Positional I/O ignores it. */
export function lseek(descriptor: number, offset: number, whence: number): Promise<number> {
  return inPool(lseekCall, [descriptor, offset, whence]);
}

/**
 * copy_file_range(2) in the thread pool: bytes copied, 0 at the end of the source, or a negated
 * errno. File systems that can share the blocks do so. `mayStart` as for `fallocate`.
 */
export async function copyFileRange(
  source: number,
  sourceOffset: number,
  destination: number,
  offset: number,
  length: number,
  mayStart = always,
): Promise<number> {
  const offsets = BigInt64Array.of(BigInt(sourceOffset), BigInt(offset));
  const at = addressOf(offsets.buffer);
  const values = [source, at, destination, at + 8, length, 0];
  const copied = await inPool(copyFileRangeCall, values, mayStart);
  // The kernel writes to them until now.
  offsets.fill(0n);
  return copied;
}

/** So many of these calls run at a time; the pool's other threads serve reads and writes. */
const POOL_CALLS_MAX = 2;
let poolCalls = 0;
const waiting: (() => void)[] = [];

const always = (): boolean => true;

function inPool(call: Blocking, values: readonly number[], mayStart = always): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = () => {
      if (!mayStart()) {
        resolve(-ECANCELED);
        waiting.shift()?.();
        return;
      }
      poolCalls++;
      call.async(...values, (error, result) => {
        const outcome = orErrno(result);
        poolCalls--;
        waiting.shift()?.();
        if (error === null) resolve(outcome);
        else reject(error);
      });
    };
    if (poolCalls < POOL_CALLS_MAX) start();
    else waiting.push(start);
  });
}
