import { mustRun } from '../../test/support/run.ts';
import { childrenCpuUs } from '../process-figures.ts';

/** The shell waits for the client, and prints from its own stat line the CPU of its child. */
const script = '"$@" || exit 1; read -r stat < /proc/$$/stat; echo "stat $stat"';
const runLimitMs = 600_000;

export interface MeasuredRun {
  readonly stdout: string;
  /** CPU of the client. */
  readonly cpuUs: number;
}

export async function measuredRun(file: string, args: readonly string[]): Promise<MeasuredRun> {
  const stdout = await mustRun('sh', ['-c', script, 'sh', file, ...args], runLimitMs);
  const stat = /^stat (.*)$/m.exec(stdout)?.[1];
  if (stat === undefined) throw new Error(`${file} left no figures`);
  return { stdout, cpuUs: childrenCpuUs(stat) };
}
