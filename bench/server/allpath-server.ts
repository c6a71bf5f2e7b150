import { Demo } from '../../test/support/demo.ts';
import { fillDisk } from './fill-disk.ts';
import type { Server } from './server.ts';

/** Starts Allpath with one gateway on a new store in `store`, filled in pieces if any. */
export async function startAllpath(
  store: string,
  sizeBytes: number,
  pieceBytes?: number,
): Promise<Server> {
  const demo = await Demo.start({ gateways: 1, size: `${sizeBytes / 1024 ** 2}M`, store });
  try {
    const url = demo.url(0);
    if (pieceBytes !== undefined) await fillDisk(url, sizeBytes, pieceBytes);
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
