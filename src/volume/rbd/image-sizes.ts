import { cephFailure } from '../../ceph/ceph-failure.ts';
import { ENOENT } from '../../ceph/errno.ts';
import type { RadosPool } from '../../ceph/rados-pool.ts';
import { headerObject } from './image-settings.ts';

/** Headers that are read at one time. */
const READING_MAX = 32;
/** The key of an image's header that holds its size, 8 bytes with the lowest first. */
const SIZE_KEY = 'size';

/**
 * The sizes of images, in order of their names, each by one read of its header: opening them would
 * cost several. Those that are gone meanwhile are left out. Throws `Failure('cephFailed')`.
 */
export async function imageSizes(
  pool: Pick<RadosPool, 'read'>,
  images: readonly { readonly name: string; readonly id: string }[],
): Promise<readonly { readonly name: string; readonly sizeBytes: number }[]> {
  const sizes: { name: string; sizeBytes: number }[] = [];
  const rest = [...images].sort((a, b) => (a.name < b.name ? -1 : 1));
  while (rest.length > 0) {
    const few = rest.splice(0, READING_MAX);
    const read = await Promise.all(few.map(({ id }) => imageSize(pool, id)));
    for (const [index, sizeBytes] of read.entries()) {
      if (sizeBytes !== undefined) sizes.push({ name: few[index]!.name, sizeBytes });
    }
  }
  return sizes;
}

async function imageSize(pool: Pick<RadosPool, 'read'>, id: string): Promise<number | undefined> {
  const object = headerObject(id);
  const { errno, values } = await pool.read(object, [
    { step: 'omapGetValuesByKeys', keys: [SIZE_KEY] },
  ]);
  if (errno === ENOENT) return undefined;
  if (errno < 0) throw cephFailure('omap_get_vals_by_keys', errno, `the size in ${object}`);
  const found =
    values[0]?.step === 'omapGetValuesByKeys' ? values[0].values.get(SIZE_KEY) : undefined;
  if (found === undefined) return undefined;
  return Number(new DataView(found.buffer, found.byteOffset, found.length).getBigUint64(0, true));
}
