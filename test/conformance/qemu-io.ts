import { run } from '../support/run.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;
/** What `backgroundWrites` fills a disk with. */
export const BACKGROUND_BYTE = 0xa5;

/** Runs qemu-io's commands in one process and session; fails on its first complaint. */
export async function qemuIo(url: string, commands: readonly string[]): Promise<void> {
  const args = ['-f', 'raw', ...commands.flatMap((command) => ['-c', command]), url];
  const { code, stdout, stderr } = await run('qemu-io', args);
  const done = stdout.match(/^(read|wrote) \d+\/\d+ bytes/gm)?.length ?? 0;
  const wanted = commands.filter((command) => command !== 'map').length;
  const complaint = /^.*(failed|error).*$/im.exec(`${stdout}\n${stderr}`)?.[0];
  if (code !== 0 || complaint !== undefined || done !== wanted) {
    throw new Error(`qemu-io: ${complaint ?? stderr}, ${done} of ${wanted} done`);
  }
}

/** Commands that fill a disk. */
export function backgroundWrites(sizeBytes: number): readonly string[] {
  const writes: string[] = [];
  for (let offset = 0; offset < sizeBytes; offset += 16 * MIB) {
    writes.push(`write -P ${BACKGROUND_BYTE} ${offset} ${Math.min(16 * MIB, sizeBytes - offset)}`);
  }
  return writes;
}
