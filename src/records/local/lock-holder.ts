import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { assert } from '../../base/assert.ts';
import { systemReason } from '../../base/system-reason.ts';
import { killProcess } from '../../host/process-end.ts';
import {
  type ProcessIdentity,
  processIdentity,
  processState,
} from '../../host/process-identity.ts';
import type { Log } from '../../log/log.ts';

/** A holder that was seen stopped at this many checks in a row is killed. */
const STOPPED_CHECKS_MAX = 8;
/** A holder that still runs after this many checks in a row is logged. */
const CHECKS_UNTIL_LOGGED = 20;

assert(
  STOPPED_CHECKS_MAX < CHECKS_UNTIL_LOGGED,
  'a stopped holder is ended before one that runs is logged',
);

interface Holder {
  checks: number;
  stoppedChecks: number;
}

/**
 * Finds processes that hold the store's locks while they are stopped (SIGSTOP, a debugger), and
 * kills them: they would hold up every member for as long as they sleep. The kernel's list of locks
 * names them, so that nothing needs to be read from the store itself. A process that runs is left
 * alone.
 */
export class LockHolderWatch {
  readonly #databasePath: string;
  readonly #self: ProcessIdentity;
  readonly #log: Log;
  /** The holders at the last check, by `pid/startTicks`. */
  #seen = new Map<string, Holder>();
  #isBlind = false;

  constructor(databasePath: string, self: ProcessIdentity, log: Log) {
    this.#databasePath = databasePath;
    this.#self = self;
    this.#log = log;
  }

  /** To be called about every 0.1 s as long as the store is locked. Reads /proc only. */
  check(opening: boolean): void {
    try {
      this.#update(this.#holders(opening));
      this.#isBlind = false;
    } catch (error) {
      // For example, no descriptor is free. Earlier findings still count at the next check.
      if (this.#isBlind) return;
      this.#isBlind = true;
      this.#log.write('store_lock_holder_unknown', { reason: systemReason(error) });
    }
  }

  /** Drops all findings: the store is free again. */
  reset(): void {
    this.#seen.clear();
  }

  #update(holders: readonly ProcessIdentity[]): void {
    const seen = new Map<string, Holder>();
    for (const process of holders) {
      const key = `${process.pid}/${process.startTicks}`;
      const holder = this.#seen.get(key) ?? { checks: 0, stoppedChecks: 0 };
      const stopped = processState(process, this.#self) === 'stopped';
      holder.checks += 1;
      holder.stoppedChecks = stopped ? holder.stoppedChecks + 1 : 0;
      assert(holder.stoppedChecks <= holder.checks, 'a stopped holder is counted as seen');
      seen.set(key, holder);
      if (holder.stoppedChecks >= STOPPED_CHECKS_MAX) this.#end(process);
      else if (holder.checks === CHECKS_UNTIL_LOGGED) {
        this.#log.write('store_locked', { holderPid: process.pid });
      }
    }
    this.#seen = seen;
  }

  #end(holder: ProcessIdentity): void {
    assert(holder.pid > 0 && holder.pid !== this.#self.pid, 'a process does not end itself here');
    const killed = killProcess(holder, this.#self);
    const fields = { holderPid: holder.pid };
    this.#log.write(killed ? 'store_lock_holder_ended' : 'store_lock_holder_not_ended', fields);
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

interface HeldLock {
  readonly kind: string;
  readonly pid: number;
  readonly inode: number;
}

/** The POSIX locks held, parsed from /proc/locks (proc(5)); waiting processes are left out. */
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
