import { closeSync, fstatSync, openSync } from 'node:fs';
import { conflictingLock, F_RDLCK, F_UNLCK, F_WRLCK, lockRange } from '../../host/kernel.ts';

/**
 * The lock file of one volume: its byte ranges stand for those of the volume, because a device may
 * have several inodes and a file of its own has one. The kernel drops the locks of a process when
 * it ends, however it ends. The file is never written to.
 *
 * Above the ranges of the data lie those of intentions, and above these one byte that every process
 * with the volume open locks.
 */
export class LockFile {
  readonly #descriptor: number;
  /** Device and inode as the kernel writes them into lock lists. */
  readonly inode: number;

  constructor(path: string) {
    this.#descriptor = openSync(path, 'a+', 0o600);
    this.inode = fstatSync(this.#descriptor).ino;
  }

  /** Whether the file is still linked in a folder. */
  get isLinked(): boolean {
    return fstatSync(this.#descriptor).nlink > 0;
  }

  tryShared(offset: number, length: number): boolean {
    return lockRange(this.#descriptor, F_RDLCK, offset, length) === 0;
  }

  tryExclusive(offset: number, length: number): boolean {
    return lockRange(this.#descriptor, F_WRLCK, offset, length) === 0;
  }

  unlock(offset: number, length: number): void {
    lockRange(this.#descriptor, F_UNLCK, offset, length);
  }

  /** Says that this process waits to hold the range exclusively; false when another does. */
  tryIntention(offset: number, length: number): boolean {
    return this.tryExclusive(INTENTIONS_AT + offset, length);
  }

  dropIntention(offset: number, length: number): void {
    this.unlock(INTENTIONS_AT + offset, length);
  }

  /** Whether another process waits to hold a part of the range exclusively. */
  isIntended(offset: number, length: number): boolean {
    return conflictingLock(this.#descriptor, F_RDLCK, INTENTIONS_AT + offset, length) === F_WRLCK;
  }

  /** Whether another process waits to hold any range exclusively. */
  isAnyIntended(): boolean {
    return this.isIntended(0, INTENTIONS_AT - 1);
  }

  /** Says that the volume is open; false while it is being deleted. */
  tryOpen(): boolean {
    return this.tryShared(OPEN_AT, 1);
  }

  /** Keeps everybody from opening the volume; false while somebody has it open. */
  tryClaim(): boolean {
    return this.tryExclusive(OPEN_AT, 1);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** Where intentions lie: no volume is longer. Doubles are exact up to twice this. */
export const INTENTIONS_AT = 2 ** 52;

const OPEN_AT = 2 ** 53 - 1;
