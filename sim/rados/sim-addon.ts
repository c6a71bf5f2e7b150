import type { CephNative, NativeStep } from '../../src/ceph/ceph-native.ts';
import { ENOENT, ENOSYS, ENOTCONN, ESHUTDOWN } from '../../src/ceph/errno.ts';
import { nativeProtocol } from '../../src/ceph/native-protocol.ts';
import { InputSource, type SimProcess } from '../time/sim-process.ts';
import { HandleTable } from './handle-table.ts';
import { runImageOperation } from './image-operation.ts';
import { applySteps, changes, errnoOfSteps, readSteps } from './object-operation.ts';
import type { SimClient } from './sim-client.ts';
import type { ObjectWork, SimCluster } from './sim-cluster.ts';
import { headerOf, imageInfoOf, POOL_ID, type SimImages, type WatchedImage } from './sim-images.ts';
import type { SimWatch } from './sim-watch.ts';
import type { StoredObject } from './stored-object.ts';

const CONNECT_MS = 15;
const FIELDS = nativeProtocol.descriptorFields;
const WATCH_TIMEOUT_DEFAULT_MS = 30_000;
/** RBD_IMAGE_OPTION_* of librbd. */
const OPTION_ORDER = 2;

type Implemented = Omit<
  CephNative,
  | 'fsid'
  | 'clusterStat'
  | 'poolStat'
  | 'listObjects'
  | 'closeListing'
  | 'setImageFeatures'
  | 'createSnapshot'
  | 'removeSnapshot'
  | 'cloneImage'
  | 'diffImage'
  | 'removeImage'
>;

interface SimImage extends WatchedImage {
  info: ReturnType<typeof imageInfoOf>;
  /** What librbd has counted of the changes of its header. */
  updates: number;
}

type OnMessage = (slot: number, errno: number, value: unknown) => void;

/**
 * The addon of one process: its calls to the cluster, and the answers, which go through its gate.
 */
export class SimAddon implements Implemented {
  readonly #cluster: SimCluster;
  readonly #images: SimImages;
  readonly #process: SimProcess;
  readonly #own = new InputSource();
  readonly #clients = new HandleTable<SimClient>();
  readonly #pools = new HandleTable<SimClient>();
  readonly #watches = new HandleTable<SimWatch>();
  readonly #open = new HandleTable<SimImage>();
  /** The functions that end the calls under way of a client when it is shut down, by client. */
  readonly #underWay = new Map<SimClient, Set<() => void>>();
  #results = new Float64Array();
  #onResults = (_: number): void => {};
  #onMessage: OnMessage = () => {};

  constructor(cluster: SimCluster, images: SimImages, process: SimProcess) {
    this.#cluster = cluster;
    this.#images = images;
    this.#process = process;
  }

  /** The whole interface, for its users: they do not call what the model lacks. */
  get native(): CephNative {
    return this as unknown as CephNative;
  }

  load(): undefined {
    return undefined;
  }

  attach(results: Float64Array, onResults: (count: number) => void, onMessage: OnMessage): void {
    this.#results = results as Float64Array<ArrayBuffer>;
    this.#onResults = onResults;
    this.#onMessage = onMessage;
  }

  connect(slot: number): void {
    this.#cluster.timeline.after(CONNECT_MS, () => {
      const client = this.#cluster.connect(this.#process);
      this.#cluster.monitor.ask(client, () => {
        return () => this.#onMessage(slot, 0, this.#clients.add(client));
      });
    });
  }

  shutdown(slot: number, handle: number): void {
    const client = this.#clients.take(handle);
    client.isClosed = true;
    this.#process.deliver(this.#own, () => {
      for (const fail of [...(this.#underWay.get(client) ?? [])]) fail();
      this.#onMessage(slot, 0, undefined);
    });
  }

  addresses(client: number): string {
    return this.#clients.get(client).address;
  }

  instanceId(client: number): bigint {
    return this.#clients.get(client).gid;
  }

  blocklist(slot: number, handle: number, address: string): void {
    const client = this.#clients.get(handle);
    const done = this.#begin(client, slot);
    this.#cluster.monitor.blocklist(client, address, () => done(0, undefined));
  }

  waitForLatestOsdmap(slot: number, handle: number): void {
    const client = this.#clients.get(handle);
    const done = this.#begin(client, slot);
    this.#cluster.monitor.ask(client, () => {
      const { mapEpoch } = this.#cluster.monitor;
      return () => {
        client.mapEpoch = Math.max(client.mapEpoch, mapEpoch);
        done(0, undefined);
      };
    });
  }

  monCommand(slot: number, handle: number, command: string): void {
    const client = this.#clients.get(handle);
    const done = this.#begin(client, slot);
    this.#cluster.monitor.ask(client, () => {
      const output = this.#commandOutput(command);
      return () => done(0, { output, status: '' });
    });
  }

  openPool(slot: number, client: number): void {
    this.#answer(slot, 0, this.#pools.add(this.#clients.get(client)));
  }

  openPoolById(slot: number, client: number, id: number): void {
    if (id === POOL_ID) this.openPool(slot, client);
    else this.#answer(slot, ENOENT, undefined);
  }

  closePool(pool: number): void {
    this.#pools.take(pool);
  }

  poolId(): number {
    return POOL_ID;
  }

  setSnapWriteContext(): number {
    return 0;
  }

  operate(slot: number, pool: number, object: string, steps: readonly NativeStep[]): void {
    const answer = this.#begin(this.#pools.get(pool), slot);
    this.#write(pool, object, steps, (errno, version) => {
      answer(errno, { version, stepErrnos: [] });
    });
  }

  compareAndWriteObject(
    slot: number,
    pool: number,
    object: string,
    offset: number,
    compare: Uint8Array,
    write: Uint8Array,
    mustExist: boolean,
  ): void {
    const result = this.#beginResult(this.#pools.get(pool), slot);
    const { writeAssertExists, writeCmpext, writeWrite } = nativeProtocol;
    const steps: NativeStep[] = mustExist ? [[writeAssertExists]] : [];
    steps.push([writeCmpext, offset, compare.slice()], [writeWrite, offset, write.slice()]);
    this.#write(pool, object, steps, result);
  }

  /** As of a librados that cannot copy. */
  copyObject(slot: number, pool: number, object: string): void {
    const client = this.#pools.get(pool);
    const result = this.#beginResult(client, slot);
    this.#cluster.operate(client, object, { changes: false, run: () => ENOSYS }, result);
  }

  readObject(slot: number, pool: number, object: string, steps: readonly NativeStep[]): void {
    const client = this.#pools.get(pool);
    const done = this.#begin(client, slot);
    const run = (found: StoredObject | undefined) => {
      if (found === undefined) return ENOENT;
      return { version: found.version, values: readSteps(found, steps) };
    };
    this.#cluster.operate(client, object, { changes: false, run }, (reply) => {
      if (typeof reply === 'number') done(reply, undefined);
      else done(0, reply);
    });
  }

  watch(slot: number, watchSlot: number, pool: number, object: string, seconds: number): void {
    const client = this.#pools.get(pool);
    const done = this.#begin(client, slot);
    const timeoutMs = seconds === 0 ? WATCH_TIMEOUT_DEFAULT_MS : seconds * 1000;
    // librados makes no callback once its client is shut down.
    const hear = (errno: number, value: unknown): void => {
      if (!client.isClosed) this.#onMessage(watchSlot, errno, value);
    };
    const listener = {
      notified: (notifyId: bigint, message: Uint8Array, fromGid: bigint) =>
        hear(0, { notifyId, message, fromGid }),
      lost: () => hear(ENOTCONN, undefined),
    };
    this.#cluster.watch(client, object, { timeoutMs, listener }, (watch) => {
      if (typeof watch === 'number') done(watch, undefined);
      else done(0, this.#watches.add(watch));
    });
  }

  watchCheck(handle: number): number {
    const watch = this.#watches.get(handle);
    return watch.isLost ? ENOTCONN : this.#cluster.timeline.nowMs - watch.heardMs;
  }

  watchAck(handle: number, notifyId: bigint, payload: Uint8Array): number {
    this.#cluster.acknowledge(this.#watches.get(handle), notifyId, payload.slice());
    return 0;
  }

  unwatch(slot: number, handle: number): void {
    const watch = this.#watches.take(handle);
    const done = this.#begin(watch.client, slot);
    this.#cluster.unwatch(watch, () => done(0, undefined));
  }

  notify(slot: number, pool: number, object: string, message: Uint8Array, timeoutMs: number): void {
    const client = this.#pools.get(pool);
    const done = this.#begin(client, slot);
    const options = { message: message.slice(), timeoutMs };
    this.#cluster.notify(client, object, options, done);
  }

  openImage(
    slot: number,
    updateSlot: number,
    pool: number,
    nameOrId: string,
    _readOnly: boolean,
    byId: boolean,
  ): void {
    const client = this.#pools.get(pool);
    const done = this.#begin(client, slot);
    const id = byId ? nameOrId : (this.#images.idOf(nameOrId) ?? '');
    this.#cluster.operate(client, headerOf(id), headerWork(id), (info) => {
      if (typeof info === 'number') {
        done(info, undefined);
        return;
      }
      const image: SimImage = { client, id, info, updates: 0, onUpdate: () => {} };
      image.onUpdate = () => {
        image.updates++;
        if (!client.isClosed) this.#onMessage(updateSlot, 0, undefined);
      };
      this.#images.watch(image);
      done(0, { handle: this.#open.add(image), info });
    });
  }

  /** librbd removes its watch of the header. */
  closeImage(slot: number, handle: number): void {
    const image = this.#open.take(handle);
    const { client, id } = image;
    this.#images.unwatch(image);
    image.onUpdate = () => {};
    const done = this.#begin(client, slot);
    this.#cluster.operate(client, headerOf(id), headerWork(id), () => done(0, undefined));
  }

  imageInfo(slot: number, handle: number): void {
    const image = this.#open.get(handle);
    const done = this.#begin(image.client, slot);
    this.#cluster.operate(image.client, headerOf(image.id), headerWork(image.id), (info) => {
      if (typeof info === 'number') {
        done(info, undefined);
        return;
      }
      image.info = info;
      done(0, info);
    });
  }

  imageUpdates(handle: number): number {
    return this.#open.find(handle)?.updates ?? 0;
  }

  resizeImage(slot: number, handle: number, sizeBytes: number, allowShrink: boolean): void {
    const { client, id } = this.#open.get(handle);
    const done = this.#begin(client, slot);
    const run = () => this.#images.resize(id, sizeBytes, allowShrink);
    this.#cluster.operate(client, headerOf(id), { changes: true, run }, (errno) => {
      done(errno, undefined);
    });
  }

  listImages(slot: number): void {
    this.#answer(slot, 0, this.#images.list());
  }

  createImage(
    slot: number,
    _pool: number,
    name: string,
    sizeBytes: number,
    options: readonly (readonly [number, bigint | string])[],
  ): void {
    const order = options.find(([option]) => option === OPTION_ORDER)?.[1] ?? 22n;
    this.#answer(slot, this.#images.create(name, sizeBytes, Number(order)), undefined);
  }

  imageMetadata(slot: number, handle: number, key: string): void {
    const value = this.#images.metadata(this.#open.get(handle).id, key);
    this.#answer(slot, value === undefined ? ENOENT : 0, value);
  }

  setImageMetadata(slot: number, handle: number, key: string, value: string | undefined): void {
    const { id } = this.#open.get(handle);
    this.#answer(slot, this.#images.setMetadata(id, key, value), undefined);
  }

  submit(count: number, descriptors: Float64Array, buffers: readonly Uint8Array[]): void {
    let at = 0;
    for (let i = 0; i < count; i++) {
      const fields = descriptors.subarray(i * FIELDS, (i + 1) * FIELDS);
      const [code = 0, handle = 0, slot = 0, offset = 0, length = 0, bufferCount = 0] = fields;
      const own = buffers.slice(at, at + bufferCount);
      at += bufferCount;
      const { client, info } = this.#open.get(handle);
      const result = this.#beginResult(client, slot);
      const operation = { code, offset, length, buffers: own };
      runImageOperation(this.#cluster, client, info, operation, result);
    }
  }

  #write(
    pool: number,
    name: string,
    steps: readonly NativeStep[],
    done: (errno: number, version: number) => void,
  ): void {
    const run = (object: StoredObject | undefined): number | { version: number } => {
      const errno = errnoOfSteps(object, steps);
      if (errno < 0) return errno;
      if (!changes(steps)) return { version: object?.version ?? 0 };
      const changed = this.#cluster.changed(name);
      applySteps(changed, steps);
      return { version: changed.version };
    };
    const work: ObjectWork<{ version: number }> = { changes: changes(steps), run };
    this.#cluster.operate(this.#pools.get(pool), name, work, (reply) => {
      if (typeof reply === 'number') done(reply, 0);
      else done(0, reply.version);
    });
  }

  /** For a call that ends once: by its answer, or because its client is shut down. */
  #begin(client: SimClient, slot: number): (errno: number, value: unknown) => void {
    return this.#once(client, (errno, value) => this.#onMessage(slot, errno, value));
  }

  #beginResult(client: SimClient, slot: number): (result: number) => void {
    return this.#once(client, (result) => {
      this.#results.set([slot, result, 0]);
      this.#onResults(1);
    });
  }

  #once(
    client: SimClient,
    tell: (errno: number, value: unknown) => void,
  ): (errno: number, value?: unknown) => void {
    const calls = this.#underWay.get(client) ?? new Set();
    this.#underWay.set(client, calls);
    const end = (errno: number, value?: unknown): void => {
      if (calls.delete(fail)) tell(errno, value);
    };
    const fail = (): void => end(ESHUTDOWN, undefined);
    calls.add(fail);
    return end;
  }

  #answer(slot: number, errno: number, value: unknown): void {
    this.#process.deliver(this.#own, () => this.#onMessage(slot, errno, value));
  }

  #commandOutput(command: string): string {
    const { prefix } = JSON.parse(command) as { readonly prefix: string };
    switch (prefix) {
      case 'osd blocklist ls':
        return JSON.stringify(this.#cluster.monitor.blocklisted.map((addr) => ({ addr })));
      case 'df':
        return JSON.stringify({ pools: [] });
      case 'osd pool ls':
        return JSON.stringify([{ pool_id: POOL_ID, pool_name: 'rbd', type: 1, flags_names: '' }]);
      default:
        throw new Error(`the model has no command ${prefix}`);
    }
  }
}

function headerWork(id: string): ObjectWork<ReturnType<typeof imageInfoOf>> {
  const run = (header: StoredObject | undefined) => {
    return header === undefined ? ENOENT : imageInfoOf(id, header);
  };
  return { changes: false, run };
}
