import { Demo } from '../../test/support/demo.ts';
import { mustRun } from '../../test/support/run.ts';
import type { Server } from './server.ts';

const chunkBytes = 16 * 1024 * 1024;
const fillLimitMs = 300_000;

/** Starts Allpath with one gateway on a new store in `store`, its disk filled. */
export async function startAllpath(store: string, sizeBytes: number): Promise<Server> {
  const demo = await Demo.start({ gateways: 1, size: `${sizeBytes / 1024 ** 2}M`, store });
  try {
    const url = demo.url(0);
    await fillDisk(url, sizeBytes);
    const pid = demo.starts.at(-1)?.pid;
    if (pid === undefined) throw new Error('the demo named no gateway process');
    return {
      name: 'allpath',
      url,
      pid,
      [Symbol.asyncDispose]: async () => void (await demo.stop()),
    };
  } catch (error) {
    await demo.stop();
    throw error;
  }
}

/** Through the target, for where its blocks lie is the store's own matter; ends with a flush. */
async function fillDisk(url: string, sizeBytes: number): Promise<void> {
  const commands: string[] = [];
  for (let offset = 0; offset < sizeBytes; offset += chunkBytes) {
    const length = Math.min(chunkBytes, sizeBytes - offset);
    commands.push('-c', `write -q -P 0xa5 ${offset} ${length}`);
  }
  await mustRun('qemu-io', ['-f', 'raw', ...commands, '-c', 'flush', url], fillLimitMs);
}
