import { Failure } from '../../base/failure.ts';
import { cephFailure } from '../../ceph/ceph-failure.ts';
import { ENOENT } from '../../ceph/errno.ts';
import type { RadosPool } from '../../ceph/rados-pool.ts';
import type { VolumeDisk, VolumeEntry } from '../volume.ts';
import { DISK_METADATA, decodeImageDisk } from './image-disk.ts';
import { volumeId } from './image-id.ts';
import { headerObject } from './image-settings.ts';

/** Headers that are read at one time. */
const READING_MAX = 32;
/** Keys of an image's header; numbers there have the lowest byte first. */
const SIZE_KEY = 'size';
/** One byte: the object size is `2 ** order`. */
const ORDER_KEY = 'order';
/** Absent from an image without a data pool. */
const DATA_POOL_KEY = 'data_pool_id';

/** The metadata key that says whose data it holds, as librbd keeps it. */
const DISK_KEY = `metadata_${DISK_METADATA}`;

/** The facts about an image in its header. */
interface HeaderFacts {
  readonly id: string;
  readonly disk?: VolumeDisk;
  readonly sizeBytes: number;
  readonly objectSizeBytes: number;
  readonly dataPoolId?: number;
}

interface ImageEntriesOptions {
  readonly pool: Pick<RadosPool, 'read' | 'id'>;
  readonly images: readonly { readonly name: string; readonly id: string }[];
  /** Names of pools by id; asked when an image has a data pool. */
  readonly poolNames: () => Promise<ReadonlyMap<number, string>>;
}

/**
 * The images in order of their names, each by one read of its header: opening them would cost
 * several. Images that disappear meanwhile are left out. Throws `Failure('cephFailed')`.
 */
export async function imageEntries(options: ImageEntriesOptions): Promise<readonly VolumeEntry[]> {
  const { pool, images, poolNames } = options;
  const found: (HeaderFacts & { readonly name: string })[] = [];
  const rest = [...images].sort((a, b) => (a.name < b.name ? -1 : 1));
  while (rest.length > 0) {
    const few = rest.splice(0, READING_MAX);
    const read = await Promise.all(few.map(({ id }) => headerFacts(pool, id)));
    for (const [index, facts] of read.entries()) {
      if (facts !== undefined) found.push({ ...facts, name: few[index]!.name });
    }
  }
  const isNamed = found.some(({ dataPoolId }) => dataPoolId !== undefined);
  const names = isNamed ? await poolNames() : new Map<number, string>();
  return found.map(({ name, sizeBytes, objectSizeBytes, dataPoolId, id, disk }) => {
    const dataPool =
      dataPoolId === undefined ? undefined : (names.get(dataPoolId) ?? `number ${dataPoolId}`);
    return {
      ...{ name, sizeBytes, id: volumeId(pool.id, id) },
      layout: { objectSizeBytes, ...(dataPool === undefined ? {} : { dataPool }) },
      ...(disk === undefined ? {} : { disk }),
    };
  });
}

async function headerFacts(
  pool: Pick<RadosPool, 'read'>,
  id: string,
): Promise<HeaderFacts | undefined> {
  const object = headerObject(id);
  const { errno, values } = await pool.read(object, [
    { step: 'omapGetValuesByKeys', keys: [SIZE_KEY, ORDER_KEY, DATA_POOL_KEY, DISK_KEY] },
  ]);
  if (errno === ENOENT) return undefined;
  if (errno < 0) throw cephFailure('omap_get_vals_by_keys', errno, `the size in ${object}`);
  const found = values[0]?.step === 'omapGetValuesByKeys' ? values[0].values : undefined;
  const size = found?.get(SIZE_KEY);
  if (found === undefined || size === undefined) return undefined;
  const order = found.get(ORDER_KEY)?.[0];
  if (order === undefined) throw new Failure('volumeBroken', `${object} has no object size`);
  const dataPool = found.get(DATA_POOL_KEY);
  const said = found.get(DISK_KEY);
  const disk = said === undefined ? undefined : decodeImageDisk(Buffer.from(said).toString(), id);
  return {
    id,
    ...(disk === undefined ? {} : { disk }),
    sizeBytes: number64(size),
    objectSizeBytes: 2 ** order,
    ...(dataPool === undefined ? {} : { dataPoolId: number64(dataPool) }),
  };
}

function number64(bytes: Uint8Array): number {
  return Number(new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigInt64(0, true));
}
