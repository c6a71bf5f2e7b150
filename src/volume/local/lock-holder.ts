import { readdir, readFile } from 'node:fs/promises';
import { killProcess } from '../../host/process-end.ts';
import {
  ownProcessIdentity,
  type ProcessIdentity,
  processIdentity,
  processState,
} from '../../host/process-identity.ts';
import { INTENTIONS_AT } from './lock-file.ts';

/**
 * Ends the processes that hold a part of the range in that lock file and are stopped: they would
 * keep others out for ever. Asks the kernel alone, never the store, and reads /proc without holding
 * the event loop. A holder that runs is left alone, however slow it is, unless `isAlive` denies it.
 */
export async function endStoppedHolders(
  lockInode: number,
  offset: number,
  length: number,
  isAlive: (pid: number) => boolean = () => true,
): Promise<readonly ProcessIdentity[]> {
  const here = ownProcessIdentity();
  const ended: ProcessIdentity[] = [];
  for (const pid of await otherProcesses(here.pid)) {
    const identity = processIdentity(pid);
    if (identity === undefined || identity.pidNamespace !== here.pidNamespace) continue;
    if (isAlive(pid) && !(await isStopped(identity, here))) continue;
    if (!(await holds(pid, lockInode, offset, length))) continue;
    if (killProcess(identity, here)) ended.push(identity);
  }
  return ended;
}

async function otherProcesses(ownPid: number): Promise<readonly number[]> {
  const names = await readdir('/proc');
  return names.map(Number).filter((pid) => Number.isInteger(pid) && pid > 1 && pid !== ownPid);
}

/**
 * A stop reaches threads one by one, and one inside a disk's system call (state D) only at its end:
 * such a process is as stopped as any, so each thread and the pending signals are looked at.
 */
async function isStopped(identity: ProcessIdentity, here: ProcessIdentity): Promise<boolean> {
  const state = processState(identity, here);
  if (state !== 'running') return state === 'stopped';
  const tasks = await readdir(`/proc/${identity.pid}/task`).catch(() => []);
  for (const task of tasks) {
    const path = `/proc/${identity.pid}/task/${task}/status`;
    const status = await readFile(path, 'latin1').catch(() => '');
    if (/^State:\s+[Tt]/m.test(status)) return true;
    const pending = /^ShdPnd:\s+([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
    if (/^State:\s+D/m.test(status) && (BigInt(`0x${pending}`) & SIGSTOP_BIT) !== 0n) return true;
  }
  return false;
}

/** Signal 19 in the masks of /proc/PID/status, which begin with signal 1. */
const SIGSTOP_BIT = 1n << 18n;

async function holds(
  pid: number,
  lockInode: number,
  offset: number,
  length: number,
): Promise<boolean> {
  const folder = `/proc/${pid}/fdinfo`;
  for (const descriptor of await readdir(folder).catch(() => [])) {
    const text = await readFile(`${folder}/${descriptor}`, 'latin1').catch(() => '');
    if (holdsRange(text, lockInode, offset, length)) return true;
  }
  return false;
}

/**
 * Whether the text of a /proc/PID/fdinfo file lists a lock on that inode that touches the range or
 * its intention: `lock: 1: OFDLCK ADVISORY WRITE -1 fe:00:1234 0 4095`.
 */
export function holdsRange(
  fdinfo: string,
  lockInode: number,
  offset: number,
  length: number,
): boolean {
  const lines = fdinfo.matchAll(/^lock:.*OFDLCK.* [0-9a-f]+:[0-9a-f]+:(\d+) (\d+) (\d+|EOF)$/gm);
  for (const [, inode, first, last] of lines) {
    if (Number(inode) !== lockInode) continue;
    const from = Number(first);
    const to = last === 'EOF' ? Number.POSITIVE_INFINITY : Number(last);
    for (const start of [offset, INTENTIONS_AT + offset]) {
      if (from < start + length && to >= start) return true;
    }
  }
  return false;
}
