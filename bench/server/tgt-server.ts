import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { truncate, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../../test/support/demo.ts';
import { mustRun, run } from '../../test/support/run.ts';
import { fillDisk } from './fill-disk.ts';
import type { Server } from './server.ts';

const targetName = 'iqn.2026-11.io.allpath:bench-tgt';
const readyLimitMs = 10_000;
const pollMs = 20;

/** Starts Debian's tgtd with its defaults on a file of `sizeBytes`; pieces as in `fillDisk`. */
export async function startTgt(
  imagePath: string,
  sizeBytes: number,
  pieceBytes: number,
): Promise<Server> {
  await writeFile(imagePath, '', { flag: 'wx' });
  await truncate(imagePath, sizeBytes);
  const tgt = await startTgtOn('tgt', ['-b', imagePath]);
  try {
    await fillDisk(tgt.url, sizeBytes, pieceBytes);
    return tgt;
  } catch (error) {
    await tgt[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Starts Debian's tgtd with its defaults on one logical unit.
 *
 * @param backing options of tgtadm for it, for example `-b FILE`.
 */
export async function startTgtOn(name: string, backing: readonly string[]): Promise<Server> {
  const port = await freePorts(1);
  // Names the socket by which tgtadm reaches this daemon, and no other on the machine.
  const control = String((port % 30_000) + 1);
  const child = spawn(
    '/usr/sbin/tgtd',
    ['-f', '-C', control, '--iscsi', `portal=127.0.0.1:${port}`],
    { stdio: 'ignore' },
  );
  const ended = once(child, 'exit');
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await ended;
  };
  const admin = (...args: string[]) =>
    mustRun('tgtadm', ['-C', control, '--lld', 'iscsi', '--mode', ...args]);
  try {
    await untilAnswers(control);
    await admin('target', '--op', 'new', '--tid', '1', '-T', targetName);
    await admin('logicalunit', '--op', 'new', '--tid', '1', '--lun', '1', ...backing);
    await admin('target', '--op', 'bind', '--tid', '1', '-I', 'ALL');
  } catch (error) {
    await stop();
    throw error;
  }
  if (child.pid === undefined) throw new Error('tgtd has no pid');
  return {
    name,
    url: `iscsi://127.0.0.1:${port}/${targetName}/1`,
    pid: child.pid,
    [Symbol.asyncDispose]: stop,
  };
}

async function untilAnswers(control: string): Promise<void> {
  const deadlineMs = performance.now() + readyLimitMs;
  while (performance.now() < deadlineMs) {
    const { code } = await run('tgtadm', ['-C', control, '--mode', 'system', '--op', 'show']);
    if (code === 0) return;
    await sleep(pollMs);
  }
  throw new Error('tgtd does not answer (it needs root)');
}
