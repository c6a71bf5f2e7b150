import assert from 'node:assert/strict';
import { run } from '../support/run.ts';

/** What a demo needs for `runDeepQueues`. */
export const DEEP_QUEUES_SIZE_MIB = 128;

const MIB = 2 ** 20;
const DEPTH = 256;
const COMMANDS = 400;
/** Some seconds, on a machine that has nothing else to do. */
const LIMIT_MS = 240_000;

/**
 * More commands than there is memory for: QEMU keeps 256 of 1 MiB in flight, and gives one up that
 * ends TASK SET FULL eight times in a row. Rejects when a command fails.
 */
export async function runDeepQueues(url: string): Promise<void> {
  await bench(url, '-w', '--pattern=90');
  await bench(url);
}

async function bench(url: string, ...direction: string[]): Promise<void> {
  const args = ['bench', '-f', 'raw', '-c', String(COMMANDS), '-d', String(DEPTH)];
  args.push('-s', String(MIB), '-S', String(MIB), ...direction, url);
  const { code, stdout, stderr } = await run('qemu-img', args, LIMIT_MS);
  assert.equal(code, 0, `${stdout}\n${stderr}`);
}
