import koffi from 'koffi';
import { type ProcessIdentity, processState } from './process-identity.ts';

/** System call numbers, the same on every Linux architecture (the generic table). */
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
const SIGKILL = 9;

type SystemCall = (number: number, a: number, b: number, c: number, d: number) => number;

/**
 * Kills exactly that process. A pidfd pins the process before its identity is compared, so that a
 * process id given away in between hits nobody. False: it could not be signalled, or has ended.
 */
export function killProcess(identity: ProcessIdentity, here: ProcessIdentity): boolean {
  if (identity.pid === here.pid || identity.pidNamespace !== here.pidNamespace) return false;
  const call = systemCall();
  const descriptor = call(SYS_PIDFD_OPEN, identity.pid, 0, 0, 0);
  if (descriptor < 0) return false;
  try {
    if (processState(identity, here) === 'ended') return false;
    return call(SYS_PIDFD_SEND_SIGNAL, descriptor, SIGKILL, 0, 0) === 0;
  } finally {
    closeDescriptor(descriptor);
  }
}

let bound: { call: SystemCall; close: (descriptor: number) => number } | undefined;

function libc(): NonNullable<typeof bound> {
  if (bound === undefined) {
    const library = koffi.load(null);
    bound = {
      call: library.func('long syscall(long, long, long, long, long)') as unknown as SystemCall,
      close: library.func('int close(int)') as unknown as (descriptor: number) => number,
    };
  }
  return bound;
}

function systemCall(): SystemCall {
  return libc().call;
}

function closeDescriptor(descriptor: number): void {
  libc().close(descriptor);
}
