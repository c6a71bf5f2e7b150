// A demo where a test wants it: on the embedded store, or on a throwaway Ceph of its own.

import type { OsdBackend } from '../../lab/ceph/ceph-conf.ts';
import { ThrowawayCeph } from '../../lab/ceph/throwaway-ceph.ts';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { Demo, type DemoOptions } from './demo.ts';

const poolName = 'allpath';

export interface PlacedDemo extends AsyncDisposable {
  readonly demo: Demo;
  /** Undefined on the embedded store. */
  readonly ceph: ThrowawayCeph | undefined;
}

/**
 * Starts a demo; its store is removed with it.
 *
 * @param osds of a throwaway Ceph; 0 for the embedded store.
 * @param backend `memstore` costs the least, and loses everything when its OSD is killed.
 */
export async function demoAt(
  osds: number,
  options: DemoOptions = {},
  backend: OsdBackend = 'bluestore',
): Promise<PlacedDemo> {
  if (osds === 0) {
    const demo = await Demo.start(options);
    return { demo, ceph: undefined, [Symbol.asyncDispose]: async () => void (await demo.stop()) };
  }
  const ceph = await ThrowawayCeph.start({ osds, backend });
  try {
    await createPool(ceph, poolName);
    const demo = await Demo.start({ ...options, ceph: { conf: ceph.conf, pool: poolName } });
    const stop = async () => {
      await demo.stop();
      await ceph.stop();
    };
    return { demo, ceph, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await ceph.stop();
    throw error;
  }
}
