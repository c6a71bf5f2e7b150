import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** CPU time of all threads of a process, in microseconds; proc_pid_stat(5). */
export function cpuUs(pid: number): number {
  const [userTicks, systemTicks] = statFields(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  return ticksToUs((userTicks ?? 0) + (systemTicks ?? 0));
}

/** CPU of the ended children of the process whose stat line this is, in microseconds. */
export function childrenCpuUs(stat: string): number {
  const [, , userTicks, systemTicks] = statFields(stat);
  return ticksToUs((userTicks ?? 0) + (systemTicks ?? 0));
}

/** Memory of a process that is in RAM, in bytes; proc_pid_status(5). */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kiB = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kiB === undefined) throw new Error(`process ${pid} has no memory`);
  return Number(kiB) * 1024;
}

/** utime, stime, cutime, cstime: fields 14 to 17, counted after the name in parentheses. */
function statFields(stat: string): readonly number[] {
  return stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number);
}

function ticksToUs(ticks: number): number {
  return (ticks / ticksPerSecond) * 1e6;
}
