import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** One process of one host, so named that a process id used again is not taken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to the process's start: field 22 of /proc/PID/stat (proc(5)). */
  readonly startTicks: number;
  /** /proc/sys/kernel/random/boot_id: another one at each boot of a kernel. */
  readonly bootId: string;
  /** Inode of the PID namespace in which `pid` counts. */
  readonly pidNamespace: string;
}

/**
 * `ended`: no thread of it runs, and all its files and locks are released. Only an observation
 * proves that: a process that cannot be examined, for example for want of a descriptor, is
 * `running`.
 */
export type ProcessState = 'running' | 'stopped' | 'ended';

/** The identity of this process. */
export function ownProcessIdentity(): ProcessIdentity {
  // In the /proc of another PID namespace, the same ids are other processes.
  const identity = readlinkSync('/proc/self') === `${process.pid}` && processIdentity(process.pid);
  if (!identity) throw new Error('/proc does not show this process under its own process id');
  return identity;
}

/** Identity of the process that has `pid` now; undefined if none has it. Throws if unsure. */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  const status = readStatus(pid);
  if (status === undefined) return undefined;
  return {
    pid,
    startTicks: status.startTicks,
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'ascii').trim(),
    pidNamespace: readlinkSync('/proc/self/ns/pid').replace(/\D/g, ''),
  };
}

/**
 * What became of a process of this PID namespace and boot. A process of another boot has ended; one
 * of another PID namespace cannot be checked, and the caller must not ask.
 */
export function processState(identity: ProcessIdentity, here: ProcessIdentity): ProcessState {
  if (identity.bootId !== here.bootId) return 'ended';
  try {
    return stateOf(identity);
  } catch {
    return 'running';
  }
}

/**
 * Whether the process that has `pid` now is stopped, by a signal or a tracer; false when there is
 * none, or it cannot be seen. For who knows that the process is his child and has not ended.
 */
export function isProcessStopped(pid: number): boolean {
  try {
    return isStopped(readStatus(pid)?.state);
  } catch {
    return false;
  }
}

function isStopped(state: string | undefined): boolean {
  return state === 'T' || state === 't';
}

/** Throws if it cannot be seen. */
function stateOf(identity: ProcessIdentity): ProcessState {
  const status = readStatus(identity.pid);
  if (status === undefined || status.startTicks !== identity.startTicks) return 'ended';
  if (isStopped(status.state)) return 'stopped';
  switch (status.state) {
    case 'X':
      return 'ended';
    case 'Z':
      // The first thread may be gone while another one still ends a system call.
      return threadsOf(identity.pid) > 1 ? 'running' : 'ended';
    default:
      return 'running';
  }
}

interface Status {
  readonly state: string;
  readonly startTicks: number;
}

/** Undefined: there is no such process. */
function readStatus(pid: number): Status | undefined {
  const path = `/proc/${pid}/stat`;
  const text = unlessGone(() => readFileSync(path, 'latin1'));
  if (text === undefined) return undefined;
  // The second field is a name in parentheses that may itself hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const startTicks = Number(fields[19]);
  if (!state || !Number.isSafeInteger(startTicks)) throw new Error(`cannot read ${path}`);
  return { state, startTicks };
}

function threadsOf(pid: number): number {
  return unlessGone(() => readdirSync(`/proc/${pid}/task`).length) ?? 0;
}

/** What `look` sees in /proc; undefined when the process is gone (ESRCH: while it was read). */
function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
