import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  ftruncateSync,
  openSync,
  unlinkSync,
} from 'node:fs';
import koffi from 'koffi';
import { conflictingLock, F_RDLCK, F_UNLCK, F_WRLCK, lockRange } from './kernel.ts';

/** A file system in memory: a store into a mapped page of it never waits for a disk. */
const FOLDER = '/dev/shm';
/** Others may take the file away while it is being opened; each time it is made once more. */
const ATTEMPTS_MAX = 64;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
/** Above the bytes that users lock for themselves: everybody who has the memory open holds it. */
const OPEN_AT = 2 ** 40;

const mmap = koffi
  .load(null)
  .func('void *mmap(uintptr_t, size_t, int, int, int, int64_t)') as unknown as (
  ...values: number[]
) => unknown;

/**
 * Memory that processes of one host share under a name, zeros at first. It is gone with the last
 * process that closes it. Bytes of it can be locked, as a sign of life that the kernel takes away.
 */
export class SharedMemory {
  readonly buffer: ArrayBuffer;
  readonly #descriptor: number;
  readonly #path: string;
  #isClosed = false;

  /** Throws where there is no such file system, or somebody other than `ownerId` has the name. */
  constructor(name: string, lengthBytes: number, ownerId: number) {
    this.#path = `${FOLDER}/${name}`;
    this.#descriptor = openLinked(this.#path, lengthBytes, ownerId);
    this.buffer = mappingOf(this.#descriptor, lengthBytes);
  }

  /** Holds the byte for as long as this is open; false while another does. */
  tryLock(at: number): boolean {
    return lockRange(this.#descriptor, F_WRLCK, at, 1) === 0;
  }

  /** Whether another open file holds a lock on the byte. */
  isLocked(at: number): boolean {
    return conflictingLock(this.#descriptor, F_WRLCK, at, 1) !== F_UNLCK;
  }

  /** Its buffer may still be touched, but is of no use. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const isLast = lockRange(this.#descriptor, F_WRLCK, OPEN_AT, 1) === 0;
    if (isLast && fstatSync(this.#descriptor).nlink > 0) {
      unlinkSync(this.#path);
      // Gives the pages back, which the mapping would keep.
      ftruncateSync(this.#descriptor, 0);
      ftruncateSync(this.#descriptor, this.buffer.byteLength);
    }
    closeSync(this.#descriptor);
  }
}

/** Opens or makes the file; it is linked, and stays so while the descriptor is open. */
function openLinked(path: string, lengthBytes: number, ownerId: number): number {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const descriptor = openOrMake(path, ownerId);
    if (descriptor === undefined) continue;
    const isOpen = lockRange(descriptor, F_RDLCK, OPEN_AT, 1) === 0;
    const { nlink, uid, size } = fstatSync(descriptor);
    if (isOpen && nlink > 0) {
      if (uid === ownerId) {
        if (size < lengthBytes) ftruncateSync(descriptor, lengthBytes);
        return descriptor;
      }
      closeSync(descriptor);
      throw new Error(`${path} belongs to user ${uid}, not to user ${ownerId}`);
    }
    closeSync(descriptor);
  }
  throw new Error(`${path} is removed again and again`);
}

/** Not made and opened in one call: the kernel refuses that for a file of another user. */
function openOrMake(path: string, ownerId: number): number | undefined {
  const { O_RDWR, O_NOFOLLOW, O_CREAT, O_EXCL } = constants;
  try {
    return openSync(path, O_RDWR | O_NOFOLLOW);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  try {
    const descriptor = openSync(path, O_RDWR | O_NOFOLLOW | O_CREAT | O_EXCL, 0o600);
    // Root makes it for the owner.
    if (fstatSync(descriptor).uid !== ownerId) fchownSync(descriptor, ownerId, -1);
    return descriptor;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return undefined;
  }
}

/** By file: a buffer may outlive its use, so nothing is unmapped, and nothing mapped twice. */
const mappings = new Map<string, ArrayBuffer>();

function mappingOf(descriptor: number, lengthBytes: number): ArrayBuffer {
  const { dev, ino, birthtimeMs } = fstatSync(descriptor);
  const key = `${dev}:${ino}:${birthtimeMs}`;
  let buffer = mappings.get(key);
  if (buffer === undefined) {
    // A mapping keeps its open file, and the locks of that: it gets one of its own.
    const mapped = openSync(`/proc/self/fd/${descriptor}`, constants.O_RDWR);
    const address = mmap(0, lengthBytes, PROT_READ_WRITE, MAP_SHARED, mapped, 0);
    closeSync(mapped);
    if (Number(koffi.address(address)) % 4096 !== 0) throw new Error('the memory cannot be mapped');
    buffer = koffi.view(address, lengthBytes);
    mappings.set(key, buffer);
  }
  return buffer;
}
