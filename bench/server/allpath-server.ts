import { Demo, type DemoOptions } from '../../test/support/demo.ts';
import { fillDisk } from './fill-disk.ts';
import type { Server } from './server.ts';

/** Starts Allpath with one gateway on a new store in `store`, filled in pieces if any. */
export async function startAllpath(
  store: string,
  sizeBytes: number,
  pieceBytes?: number,
): Promise<Server> {
  const server = await startDemo({ store }, sizeBytes);
  try {
    if (pieceBytes !== undefined) await fillDisk(server.url, sizeBytes, pieceBytes);
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** Starts Allpath with one gateway on a new image in a pool of a Ceph cluster. */
export async function startAllpathOnCeph(
  ceph: { readonly conf: string; readonly pool: string },
  sizeBytes: number,
): Promise<Server> {
  return await startDemo({ ceph }, sizeBytes);
}

/** Starts one gateway, of another tree if `where` names its program. */
export async function startDemo(where: DemoOptions, sizeBytes: number): Promise<Server> {
  const demo = await Demo.start({ ...where, gateways: 1, size: `${sizeBytes / 1024 ** 2}M` });
  try {
    const pid = demo.starts.at(-1)?.pid;
    if (pid === undefined) throw new Error('the demo named no gateway process');
    return {
      name: 'allpath',
      url: demo.url(0),
      pid,
      [Symbol.asyncDispose]: async () => void (await demo.stop()),
    };
  } catch (error) {
    await demo.stop();
    throw error;
  }
}
