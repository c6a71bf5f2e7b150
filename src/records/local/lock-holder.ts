import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import type { Log } from '../../base/log.ts';
import { killProcess } from '../../host/process-end.ts';
import {
  type ProcessIdentity,
  processIdentity,
  processState,
} from '../../host/process-identity.ts';

/** How long a holder must have been seen stopped before it is ended. */
const STOPPED_HOLDER_PATIENCE_MS = 700;

/**
 * Finds processes that hold the store's locks while they are stopped (SIGSTOP, a debugger), and
 * ends them: they would hold up every member for as long as they sleep. The kernel's list of locks
 * names them, so that nothing needs to be read from the store itself. One that runs is left alone.
 */
export class LockHolderPatrol {
  readonly #databasePath: string;
  readonly #self: ProcessIdentity;
  readonly #log: Log;
  /** When each stopped holder was first seen so, by `pid/startTicks`. */
  #stoppedSinceMs = new Map<string, number>();

  constructor(databasePath: string, self: ProcessIdentity, log: Log) {
    this.#databasePath = databasePath;
    this.#self = self;
    this.#log = log;
  }

  /** To be called every while as long as the store is locked. Reads /proc only. */
  look(nowMs: number, opening: boolean): void {
    const seen = new Map<string, number>();
    for (const holder of this.#holders(opening)) {
      if (processState(holder, this.#self) !== 'stopped') continue;
      const key = `${holder.pid}/${holder.startTicks}`;
      const since = this.#stoppedSinceMs.get(key) ?? nowMs;
      seen.set(key, since);
      if (nowMs - since >= STOPPED_HOLDER_PATIENCE_MS) this.#end(holder);
    }
    this.#stoppedSinceMs = seen;
  }

  /** Forgets what was seen: the store is free again. */
  rest(): void {
    this.#stoppedSinceMs.clear();
  }

  #end(holder: ProcessIdentity): void {
    const killed = killProcess(holder, this.#self);
    const { pid } = holder;
    if (killed) this.#log.warn('ended a stopped process that held the store locked', { pid });
    else this.#log.error('cannot end a stopped process that holds the store locked', { pid });
  }

  /** While the store is being opened, locks for reading are in the way too. */
  #holders(opening: boolean): ProcessIdentity[] {
    const files = ['', '-shm'].flatMap((suffix) => statOf(this.#databasePath + suffix) ?? []);
    const pids = new Set<number>();
    for (const { kind, pid, inode } of parseLocks(readFileSync('/proc/locks', 'latin1'))) {
      if (pid <= 0 || pid === this.#self.pid || (kind !== 'WRITE' && !opening)) continue;
      if (files.some((file) => file.ino === inode)) pids.add(pid);
    }
    // An inode number counts in its file system only: the process must have that very file open.
    return [...pids].filter((pid) => hasOpen(pid, files)).flatMap((pid) => identityOf(pid));
  }
}

export interface HeldLock {
  readonly kind: string;
  readonly pid: number;
  readonly inode: number;
}

/** The POSIX locks held, out of the text of /proc/locks (proc(5)); who only waits is left out. */
export function parseLocks(text: string): HeldLock[] {
  const locks: HeldLock[] = [];
  for (const line of text.split('\n')) {
    const match = /^\d+: POSIX +\S+ +(\S+) +(-?\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /.exec(line);
    if (match === null) continue;
    locks.push({ kind: match[1]!, pid: Number(match[2]), inode: Number(match[3]) });
  }
  return locks;
}

function identityOf(pid: number): ProcessIdentity[] {
  const identity = processIdentity(pid);
  return identity === undefined ? [] : [identity];
}

function hasOpen(pid: number, files: readonly Stats[]): boolean {
  let descriptors: string[];
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return false;
  }
  return descriptors.some((descriptor) => {
    const open = statOf(`/proc/${pid}/fd/${descriptor}`);
    return open !== undefined && files.some((f) => f.ino === open.ino && f.dev === open.dev);
  });
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
