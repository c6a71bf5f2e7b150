import { EEXIST, EINVAL, ENOENT } from '../../src/ceph/errno.ts';
import type { NativeImageInfo } from '../../src/ceph/rbd-image-info.ts';
import type { SimClient } from './sim-client.ts';
import type { SimCluster } from './sim-cluster.ts';
import type { StoredObject } from './stored-object.ts';

export const POOL_ID = 1;
const FEATURE_LAYERING = 1n;
const DIRECTORY = 'rbd_directory';
const METADATA_PREFIX = 'metadata_';

/** An open image: librbd is notified of each change of its header. */
export interface WatchedImage {
  readonly client: SimClient;
  readonly id: string;
  /** An input of its process. */
  onUpdate: () => void;
}

/** What librbd keeps of an image in its objects. */
export class SimImages {
  readonly #cluster: SimCluster;
  readonly #watched = new Set<WatchedImage>();
  #count = 0;

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
  }

  list(): readonly { readonly name: string; readonly id: string }[] {
    const directory = this.#cluster.objects.get(DIRECTORY);
    if (directory === undefined) return [];
    return directory.sortedKeys().map((name) => {
      return { name, id: Buffer.from(directory.omap.get(name)!).toString() };
    });
  }

  create(name: string, sizeBytes: number, order: number): number {
    const { objects } = this.#cluster;
    if (objects.get(DIRECTORY)?.omap.has(name)) return EEXIST;
    const id = `image${++this.#count}`;
    this.#cluster.changed(DIRECTORY).omap.set(name, Buffer.from(id));
    const idBytes = Buffer.alloc(4 + id.length);
    idBytes.writeUInt32LE(id.length);
    idBytes.write(id, 4);
    this.#cluster.changed(`rbd_id.${name}`).write(0, idBytes);
    const header = this.#cluster.changed(headerOf(id));
    header.omap.set('size', number64(BigInt(sizeBytes)));
    header.omap.set('order', Uint8Array.of(order));
    header.omap.set('features', number64(FEATURE_LAYERING));
    return 0;
  }

  /** What an OSD does to the header. */
  resize(id: string, sizeBytes: number, allowShrink: boolean): number {
    const header = this.#cluster.objects.get(headerOf(id));
    if (header === undefined) return ENOENT;
    if (!allowShrink && sizeBytes < imageInfoOf(id, header).sizeBytes) return EINVAL;
    this.#cluster.changed(headerOf(id)).omap.set('size', number64(BigInt(sizeBytes)));
    const osd = this.#cluster.osdOf(headerOf(id));
    for (const image of this.#watched) {
      if (image.id === id) image.client.fromOsd(osd, () => image.onUpdate());
    }
    return 0;
  }

  watch(image: WatchedImage): void {
    this.#watched.add(image);
  }

  unwatch(image: WatchedImage): void {
    this.#watched.delete(image);
  }

  idOf(name: string): string | undefined {
    return this.list().find((image) => image.name === name)?.id;
  }

  setMetadata(id: string, key: string, value: string | undefined): number {
    if (!this.#cluster.objects.has(headerOf(id))) return ENOENT;
    const header = this.#cluster.changed(headerOf(id));
    if (value === undefined) header.omap.delete(METADATA_PREFIX + key);
    else header.omap.set(METADATA_PREFIX + key, Buffer.from(value));
    return 0;
  }

  metadata(id: string, key: string): string | undefined {
    const value = this.#cluster.objects.get(headerOf(id))?.omap.get(METADATA_PREFIX + key);
    return value === undefined ? undefined : Buffer.from(value).toString();
  }
}

export function headerOf(id: string): string {
  return `rbd_header.${id}`;
}

export function imageInfoOf(id: string, header: StoredObject): NativeImageInfo {
  const order = header.omap.get('order')![0]!;
  return {
    sizeBytes: Number(Buffer.from(header.omap.get('size')!).readBigInt64LE()),
    objectSizeBytes: 2 ** order,
    order,
    blockNamePrefix: `rbd_data.${id}`,
    features: Buffer.from(header.omap.get('features')!).readBigUInt64LE(),
    stripeUnitBytes: 2 ** order,
    stripeCount: 1,
    dataPoolId: POOL_ID,
    id,
    parent: undefined,
    parentOverlapBytes: 0,
    snapshots: [],
  };
}

function number64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}
