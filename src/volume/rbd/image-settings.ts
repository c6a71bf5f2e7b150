import { cephFailure } from '../../ceph/ceph-failure.ts';
import { ENOENT } from '../../ceph/errno.ts';
import { OMAP_PAGE_MAX } from '../../ceph/object-steps.ts';
import type { RadosPool } from '../../ceph/rados-pool.ts';
import { SETTING_PREFIX } from './image-problems.ts';

/** The key under which librbd keeps a setting in the metadata of an image or a pool. */
export const SETTING_KEY_PREFIX = `metadata_${SETTING_PREFIX}`;

/** The object that holds the settings of a pool, in its default namespace. */
export const POOL_OBJECT = 'rbd_info';

/** The object that holds the settings of an image, and what else librbd keeps of it. */
export function headerObject(imageId: string): string {
  return `rbd_header.${imageId}`;
}

/**
 * Settings of librbd (such as `rbd_cache`) in the metadata of an image or a pool. They override
 * those of a client, so a client cannot disable a cache by itself. Throws `Failure('cephFailed')`.
 */
export async function librbdSettings(
  pool: Pick<RadosPool, 'read'>,
  object: string,
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (let startAfter = ''; ; ) {
    const { errno, values } = await pool.read(object, [
      { step: 'omapGetValues', startAfter, prefix: SETTING_KEY_PREFIX, max: OMAP_PAGE_MAX },
    ]);
    if (errno === ENOENT) return found;
    if (errno < 0) throw cephFailure('omap_get_vals', errno, `the settings in ${object}`);
    const page = values[0];
    if (page?.step !== 'omapGetValues') return found;
    for (const [key, value] of page.values) {
      found.set(key.slice(SETTING_KEY_PREFIX.length), Buffer.from(value).toString('utf8'));
      startAfter = key;
    }
    if (!page.more || page.values.size === 0) return found;
  }
}
