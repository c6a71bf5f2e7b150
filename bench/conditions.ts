import { statfsSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { run } from '../test/support/run.ts';

/** The conditions on which a figure depends, besides the measured programs. */
export type Conditions = Readonly<Record<string, string>>;

/** Magic numbers of statfs(2). */
const fileSystems = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x01021994, 'tmpfs'],
  [0x794c7630, 'overlayfs'],
]);

export async function conditions(folder: string): Promise<Conditions> {
  const { type } = statfsSync(folder);
  return {
    cpu: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    kernel: release(),
    'file system': fileSystems.get(type) ?? `0x${type.toString(16)}`,
    node: process.version,
    tgt: await firstLine('tgtadm', '--version'),
    qemu: await firstLine('qemu-img', '--version'),
  };
}

async function firstLine(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(program, args);
  return stdout.split('\n')[0] ?? '';
}
