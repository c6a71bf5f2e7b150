import type { Clock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { cephFailure, errnoOf } from '../../ceph/ceph-failure.ts';
import { EBUSY, EEXIST, EINVAL, ENOENT } from '../../ceph/errno.ts';
import type { RadosClient } from '../../ceph/rados-client.ts';
import type { RadosPool } from '../../ceph/rados-pool.ts';
import { RbdImage } from '../../ceph/rbd-image.ts';
import { RbdImages } from '../../ceph/rbd-images.ts';
import type { Log } from '../../log/log.ts';
import type {
  CreateOptions,
  DeleteOptions,
  KnownVolume,
  PlaceSpace,
  ResizeOptions,
  SpaceOf,
  VolumeDisk,
  VolumeEntry,
  VolumeLayout,
  VolumeStore,
} from '../volume.ts';
import { wouldShrink } from '../volume-size.ts';
import type { PoolNeed } from './capabilities.ts';
import type { ClientInstance } from './client-instance.ts';
import { ClientRenewal } from './client-renewal.ts';
import { DISK_METADATA, encodeImageDisk } from './image-disk.ts';
import { imageEntries } from './image-entries.ts';
import { imageIdOf, volumeId } from './image-id.ts';
import { imagePools } from './image-pools.ts';
import { type ImageFacts, type ImageProblem, imageProblems, unsuitable } from './image-problems.ts';
import { repairImage } from './image-repair.ts';
import { headerObject, librbdSettings, POOL_OBJECT } from './image-settings.ts';
import { ImageSnapshots } from './image-snapshots.ts';
import { checkImageName, type ImagePlace, imageSpec } from './image-spec.ts';
import type { ImageSettings } from './image-verdict.ts';
import { type InstanceGuard, InstancePool } from './instance-pool.ts';
import { createHint, layoutRefusal, orderOf, poolNames } from './layout-refusal.ts';
import { OpenImage, type OpenImageListener } from './open-image.ts';
import { poolPlace, poolSpaces } from './pool-spaces.ts';
import { RbdVolume } from './rbd-volume.ts';

export interface RbdVolumeStoreOptions extends ImagePlace {
  /** A new client instance, connected. */
  readonly connect: () => Promise<RadosClient>;
  readonly guard: InstanceGuard;
  /** Client instances that the volumes share; see `InstancePool`. */
  readonly instances: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** `-ENOTEMPTY`: rbd_remove of an image with snapshots. */
const ENOTEMPTY = -39;

/** Settings of a pool by which librbd moves removed images to the trash. */
const keptInTrash = ['rbd_move_to_trash_on_remove', 'rbd_move_parent_to_trash_on_remove'];

/** Attempts to open an image while each client is replaced by another one. */
const OPEN_ATTEMPTS_MAX = 3;

/** The images of one pool and namespace as volumes. */
export class RbdVolumeStore implements VolumeStore {
  readonly instances: InstancePool;
  readonly snapshots: ImageSnapshots;
  readonly #options: RbdVolumeStoreOptions;
  readonly #open = new Set<RbdVolume>();
  readonly #renewal: ClientRenewal;
  readonly #needs = new WeakMap<OpenImage, readonly PoolNeed[]>();

  /** Connects when something is asked of it. */
  constructor(options: RbdVolumeStoreOptions) {
    const { connect, instances, guard, clock, log } = options;
    this.#options = options;
    this.instances = new InstancePool({ connect, instances, guard, clock, log });
    this.#renewal = new ClientRenewal({ ...options, instances: this.instances });
    this.snapshots = new ImageSnapshots({
      list: () => this.list(),
      withImage: (name, known, work) => this.#withImage(name, known, work),
      clone: (parent, snapshot, name, layout) => {
        checkImageName(name);
        return this.#inPool((pool) => new RbdImages(pool).clone(parent, snapshot, name, layout));
      },
      noteDisk: (name, disk) => this.#noteDisk(name, disk),
      spec: (name) => this.#spec(name),
    });
  }

  /** An object size is a power of two from 4 KiB to 32 MiB; 4 MiB unless given. */
  async create(
    name: string,
    sizeBytes: number,
    { layout = {}, disk }: CreateOptions = {},
  ): Promise<string> {
    checkImageName(name);
    checkSize(sizeBytes);
    const reason = await this.layoutRefusal(layout);
    if (reason !== undefined) throw new Failure('layoutRefused', reason, { name });
    const { dataPool } = layout;
    const order = orderOf(layout)!;
    const errno = await this.#inPool((pool) =>
      new RbdImages(pool).create(name, sizeBytes, {
        order,
        ...(dataPool === undefined ? {} : { dataPool }),
      }),
    );
    if (errno === EEXIST) {
      throw new Failure('volumeExists', `an image ${this.#spec(name)} exists`, { name });
    }
    if (errno < 0) {
      const hint = createHint(this.#options, errno);
      throw cephFailure('rbd_create', errno, `the image ${this.#spec(name)}`, hint);
    }
    return await this.#noteDisk(name, disk);
  }

  /** Resolves with the id of a new volume. */
  async #noteDisk(name: string, disk: VolumeDisk | undefined): Promise<string> {
    return await this.#withImage(name, {}, async (image) => {
      if (disk !== undefined) await this.#assign(image, disk);
      return volumeId(image.pool.id, image.info.id);
    });
  }

  async sizeRefusal(sizeBytes: number): Promise<string | undefined> {
    return isSize(sizeBytes) ? undefined : BAD_SIZE;
  }

  async layoutRefusal(layout: VolumeLayout): Promise<string | undefined> {
    const { client } = await this.instances.any();
    return await layoutRefusal(client, this.#options, layout);
  }

  async open(name: string, known: KnownVolume = {}): Promise<RbdVolume> {
    checkImageName(name);
    const wanted = { ...known };
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#openVolume(name, wanted);
      } catch (error) {
        const isReplaced = error instanceof Failure && error.code === 'clientReplaced';
        if (!isReplaced || attempt === OPEN_ATTEMPTS_MAX) throw error;
      }
    }
  }

  async resize(name: string, sizeBytes: number, options: ResizeOptions = {}): Promise<void> {
    checkSize(sizeBytes);
    const { mayShrink: allowShrink = false, ...known } = options;
    const id = await this.#withImage(name, known, async (image) => {
      const errno = await image.resize(sizeBytes, { allowShrink });
      if (errno === EINVAL && !allowShrink) {
        throw wouldShrink(name, image.info.sizeBytes);
      }
      if (errno < 0) throw cephFailure('rbd_resize', errno, `the image ${this.#spec(name)}`);
      return image.info.id;
    });
    // Other gateways are notified by their watches; our own open images know it when this resolves.
    const own = [...this.#open].filter((volume) => volume.imageId === id);
    await Promise.all(own.map((volume) => volume.refresh()));
  }

  async delete(name: string, { id, onProgress }: DeleteOptions = {}): Promise<void> {
    const called = id === undefined ? name : (await this.names()).get(id);
    // In the trash it has no name.
    if (called === undefined) throw this.#notFound(name);
    const spec = this.#spec(called);
    await this.#requireRemoval();
    const errno = await this.#inPool((pool) => new RbdImages(pool).remove(called, onProgress));
    if (errno === ENOENT) throw this.#notFound(called);
    if (errno === EBUSY) {
      throw new Failure(
        'volumeInUse',
        `the image ${spec} is open, or was by a client that died less than 30 s ago`,
        { name },
      );
    }
    if (errno === ENOTEMPTY) {
      const message = `the image ${spec} has snapshots: rbd snap ls ${spec} --all (for clones too)`;
      throw new Failure('volumeInUse', message, { name });
    }
    if (errno < 0) throw cephFailure('rbd_remove', errno, `the image ${spec}`);
  }

  /** The pool's own setting overrides a client's: a removed image would stay, with its space. */
  async #requireRemoval(): Promise<void> {
    const { pool } = this.#options;
    const { client } = await this.instances.any();
    const plainPool = await client.openPool(pool);
    try {
      const settings = await librbdSettings(plainPool, POOL_OBJECT);
      const name = keptInTrash.find((each) => isOn(settings.get(each)));
      if (name === undefined) return;
      throw new Failure(
        'poolKeepsRemoved',
        `the pool ${pool} keeps removed images in its trash (${name}): move the image there by ` +
          `"rbd trash mv", or switch that off: rbd config pool remove ${pool} ${name}`,
        { pool, setting: name },
      );
    } finally {
      plainPool.close();
    }
  }

  async assign(name: string, disk: VolumeDisk, known: KnownVolume = {}): Promise<void> {
    await this.#withImage(name, known, (image) => this.#assign(image, disk));
  }

  async list(): Promise<readonly VolumeEntry[]> {
    return await this.#inPool(async (pool, { client }) => {
      const { errno, images } = await new RbdImages(pool).list();
      if (errno < 0) throw cephFailure('rbd_list', errno, `the pool ${this.#options.pool}`);
      return await imageEntries({ pool, images, poolNames: () => poolNames(client) });
    });
  }

  async names(): Promise<ReadonlyMap<string, string>> {
    return await this.#inPool(async (pool) => {
      const { errno, images } = await new RbdImages(pool).list();
      if (errno < 0) throw cephFailure('rbd_list', errno, `the pool ${this.#options.pool}`);
      return new Map(images.map(({ name, id }) => [volumeId(pool.id, id), name]));
    });
  }

  async prepare(name: string, repair: boolean, known: KnownVolume = {}): Promise<void> {
    await this.#withImage(name, known, async (image, { client }) => {
      const plainPool = await client.openPool(this.#options.pool);
      try {
        const found = await this.#problemsOf(image, plainPool);
        if (repair) await repairImage(image, this.#spec(name), found);
        const left = repair && found.length > 0 ? await this.#problemsOf(image, plainPool) : found;
        if (left.length > 0) throw unsuitable(this.#spec(name), left);
      } finally {
        plainPool.close();
      }
    });
  }

  async space(): Promise<SpaceOf> {
    const { client } = await this.instances.any();
    const spaces = await poolSpaces(client);
    return (volume) => {
      const own = [...this.#open].find((each) => each === volume);
      return own === undefined ? undefined : spaces.get(own.dataPoolId);
    };
  }

  async places(dataPools: readonly string[]): Promise<readonly PlaceSpace[]> {
    const { client } = await this.instances.any();
    const wanted = new Set([this.#options.pool, ...dataPools].map(poolPlace));
    return [...(await poolSpaces(client)).values()].filter(({ place }) => wanted.has(place));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((volume) => volume.close()));
    await this.instances.close();
  }

  async #openVolume(name: string, wanted: { id?: string | undefined }): Promise<RbdVolume> {
    const { clock, log } = this.#options;
    const volume: RbdVolume = await this.instances.place((instance) =>
      RbdVolume.open({
        name,
        spec: this.#spec(name),
        instance,
        openImage: (on, listener) => this.#openImage(on, name, wanted, listener),
        renew: (refused, image) =>
          this.#renewal.refused(refused, this.#spec(name), this.#needs.get(image) ?? []),
        clock,
        log,
        onClose: () => this.#open.delete(volume),
      }),
    );
    this.#open.add(volume);
    return volume;
  }

  /**
   * Opens the parts one by one, and releases them all if one cannot be opened. `wanted` is that
   * image from then on, whatever image gets its name.
   */
  async #openImage(
    instance: ClientInstance,
    name: string,
    wanted: { id?: string | undefined },
    listener: OpenImageListener,
  ): Promise<OpenImage> {
    const { pool: poolName, namespace = '', clock, log } = this.#options;
    const releases: (() => unknown)[] = [instance.retain()];
    const release = async () => {
      for (const step of releases.splice(0).reverse()) await step();
    };
    const openPool = async (pool: string | number, within = namespace) => {
      const opened = await instance.client.openPool(pool, { namespace: within });
      // A client that has closed has nothing in flight, so it needs no fence later.
      releases.push(() => opened.idle().then(() => opened.close()));
      return opened;
    };
    try {
      const pool = await openPool(poolName);
      const { image, needs } = await this.#image(instance, pool, name, wanted.id);
      releases.push(() => image.close());
      wanted.id = volumeId(pool.id, image.info.id);
      const plainPool = await openPool(poolName, '');
      const readSettings = () => this.#settings(image, plainPool);
      const settings = await readSettings();
      const problems = imageProblems({ ...image.info, ...settings, ...this.#place(image) });
      if (problems.length > 0) throw unsuitable(this.#spec(name), problems);
      const dataPool = await openPool(image.info.dataPoolId);
      const open = await OpenImage.open({
        image,
        place: this.#place(image),
        dataPool,
        settings,
        readSettings,
        clock,
        log,
        listener,
        maySubmit: () => instance.submits,
        onBlocklisted: () => void instance.fence(),
        release,
      });
      this.#needs.set(open, needs);
      return open;
    } catch (error) {
      void release();
      throw error;
    }
  }

  async #problemsOf(image: RbdImage, plainPool: RadosPool): Promise<readonly ImageProblem[]> {
    const settings = await this.#settings(image, plainPool);
    return imageProblems({ ...image.info, ...settings, ...this.#place(image) });
  }

  /** `plainPool`: the default namespace, where the settings of the pool are. */
  async #settings(image: RbdImage, plainPool: RadosPool): Promise<ImageSettings> {
    return {
      imageSettings: await librbdSettings(image.pool, headerObject(image.info.id)),
      poolSettings: await librbdSettings(plainPool, POOL_OBJECT),
    };
  }

  #place({ name }: RbdImage): Pick<ImageFacts, 'spec' | 'pool'> {
    return { spec: this.#spec(name), pool: this.#options.pool };
  }

  /** Checks, before librbd opens it, that all its pools exist and may be used. */
  async #image(
    instance: ClientInstance,
    pool: RadosPool,
    name: string,
    id: string | undefined,
  ): Promise<{ image: RbdImage; needs: readonly PoolNeed[] }> {
    checkImageName(name);
    const { pool: poolName, namespace = '' } = this.#options;
    const imageId = id === undefined ? undefined : imageIdOf(id, pool.id);
    const others = await imagePools(instance.client, pool, { name, id: imageId, namespace });
    const needs: PoolNeed[] = [{ pool: poolName, namespace, access: 'write' }, ...others];
    await this.#renewal.require(instance, this.#spec(name), needs);
    try {
      return { image: await RbdImage.open(pool, name, { id: imageId }), needs };
    } catch (error) {
      if (errnoOf(error) !== ENOENT) throw error;
      throw imageId === undefined ? this.#notFound(name) : await this.#gone(pool, name, imageId);
    }
  }

  /** The image is not there; what may be called by its name now is another one. */
  async #gone(pool: RadosPool, name: string, id: string): Promise<Failure> {
    const spec = this.#spec(name);
    const { images } = await new RbdImages(pool).list();
    const other = images.find((image) => image.name === name);
    const gone = `the image ${spec} with the id ${id} is not there`;
    if (other === undefined) return new Failure('volumeNotFound', gone, { name, id });
    return new Failure(
      'volumeOfOtherDisk',
      `${gone}; the image that now has this name has the id ${other.id} and other data. It is ` +
        `not served instead unless you run: allpath disk import --replace`,
      { name, id, found: other.id },
    );
  }

  async #assign(image: RbdImage, disk: VolumeDisk): Promise<void> {
    const text = encodeImageDisk(disk, image.info.id);
    const errno = await image.setMetadata(DISK_METADATA, text);
    const what = `the image ${this.#spec(image.name)}`;
    if (errno < 0) throw cephFailure('rbd_metadata_set', errno, what);
  }

  async #inPool<T>(work: (pool: RadosPool, instance: ClientInstance) => Promise<T>): Promise<T> {
    const instance = await this.instances.any();
    const release = instance.retain();
    const { pool: name, namespace = '' } = this.#options;
    try {
      const pool = await instance.client.openPool(name, { namespace });
      try {
        return await work(pool, instance);
      } finally {
        pool.close();
      }
    } finally {
      release();
    }
  }

  async #withImage<T>(
    name: string,
    { id }: KnownVolume,
    work: (image: RbdImage, instance: ClientInstance) => Promise<T>,
  ): Promise<T> {
    return await this.#inPool(async (pool, instance) => {
      const { image } = await this.#image(instance, pool, name, id);
      try {
        return await work(image, instance);
      } finally {
        await image.close();
      }
    });
  }

  #spec(name: string): string {
    return imageSpec(this.#options, name);
  }

  #notFound(name: string): Failure {
    return new Failure('volumeNotFound', `there is no image ${this.#spec(name)}`, { name });
  }
}

/** As Ceph reads a switch. */
function isOn(value: string | undefined): boolean {
  return value !== undefined && ['true', '1', 'yes'].includes(value.toLowerCase());
}

const BAD_SIZE = 'a size is a positive multiple of 512 bytes';

function isSize(sizeBytes: number): boolean {
  return Number.isSafeInteger(sizeBytes) && sizeBytes > 0 && sizeBytes % 512 === 0;
}

function checkSize(sizeBytes: number): void {
  if (!isSize(sizeBytes)) throw new Failure('volumeBadSize', BAD_SIZE, { sizeBytes });
}
