import { readdirSync, readFileSync } from 'node:fs';

/** What a process holds at a moment. */
export interface ProcessHoldings {
  readonly residentBytes: number;
  readonly handles: number;
  readonly threads: number;
}

/** Read from /proc: VmRSS and Threads of proc_pid_status(5), and the entries of `fd`. */
export function holdingsOf(pid: number): ProcessHoldings {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const number = (name: string) => {
    const found = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1];
    if (found === undefined) throw new Error(`process ${pid} has no ${name}`);
    return Number(found);
  };
  return {
    residentBytes: number('VmRSS') * 1024,
    handles: readdirSync(`/proc/${pid}/fd`).length,
    threads: number('Threads'),
  };
}
