import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import { packageFolder } from '../host/package-folder.ts';
import { protocolDifference } from './native-protocol.ts';

/**
 * The addon of `native/` as it is: numbers, buffers and strings in, negated errno values out. Every
 * call that waits takes a slot first and is answered by one message with that slot. Handles are
 * small numbers that this thread alone knows. Only the other files of this folder use it.
 */
export interface CephNative {
  /** Loads the libraries of Ceph. Undefined, or the file name of the one that could not be had. */
  load(): MissingLibrary | undefined;

  /**
   * Where answers go. `results` holds `resultFields` numbers (slot, result, detail) for each
   * operation of the data path that `onResults(count)` delivers; everything else arrives by
   * `onMessage`.
   */
  attach(
    results: Float64Array,
    onResults: (count: number) => void,
    onMessage: (slot: number, errno: number, value: unknown) => void,
  ): void;

  /** Submits image operations: `descriptorFields` numbers each, and all their buffers in a row. */
  submit(count: number, descriptors: Float64Array, buffers: readonly Uint8Array[]): void;

  connect(slot: number, user: string, conf: string, settings: readonly string[]): void;
  shutdown(slot: number, client: number): void;
  addresses(client: number): string;
  instanceId(client: number): bigint;
  fsid(slot: number, client: number): void;
  blocklist(slot: number, client: number, address: string, seconds: number): void;
  waitForLatestOsdmap(slot: number, client: number): void;
  monCommand(slot: number, client: number, command: string): void;
  clusterStat(slot: number, client: number): void;

  openPool(slot: number, client: number, name: string, namespace: string): void;
  openPoolById(slot: number, client: number, id: number, namespace: string): void;
  closePool(pool: number): void;
  poolId(pool: number): number;
  poolStat(slot: number, pool: number): void;
  listObjects(slot: number, pool: number, cursor: number, prefix: string, max: number): void;
  closeListing(cursor: number): void;
  setSnapWriteContext(pool: number, newest: bigint, ids: readonly bigint[]): number;
  operate(slot: number, pool: number, object: string, steps: readonly NativeStep[]): void;
  /** Answered as an image operation is, by `onResults`. */
  compareAndWriteObject(
    slot: number,
    pool: number,
    object: string,
    offset: number,
    compare: Uint8Array,
    write: Uint8Array,
    mustExist: boolean,
  ): void;
  /** As the one above; -ENOSYS: not in this librados, or the handle of the source is closed. */
  copyObject(slot: number, pool: number, object: string, sourcePool: number, source: string): void;
  readObject(slot: number, pool: number, object: string, steps: readonly NativeStep[]): void;
  watch(slot: number, watchSlot: number, pool: number, object: string, seconds: number): void;
  watchCheck(watch: number): number;
  watchAck(watch: number, notifyId: bigint, payload: Uint8Array): number;
  unwatch(slot: number, watch: number): void;
  notify(slot: number, pool: number, object: string, message: Uint8Array, timeoutMs: number): void;

  openImage(
    slot: number,
    updateSlot: number,
    pool: number,
    nameOrId: string,
    readOnly: boolean,
    byId: boolean,
  ): void;
  closeImage(slot: number, image: number): void;
  imageInfo(slot: number, image: number): void;
  imageUpdates(image: number): number;
  resizeImage(slot: number, image: number, sizeBytes: number, allowShrink: boolean): void;
  setImageFeatures(slot: number, image: number, features: number, enabled: boolean): void;
  createSnapshot(slot: number, image: number, name: string): void;
  removeSnapshot(slot: number, image: number, name: string): void;
  diffImage(
    slot: number,
    image: number,
    offset: number,
    length: number,
    extentsMax: number,
    wholeObject: boolean,
  ): void;
  imageMetadata(slot: number, image: number, key: string): void;
  setImageMetadata(slot: number, image: number, key: string, value: string | undefined): void;
  listImages(slot: number, pool: number): void;
  createImage(
    slot: number,
    pool: number,
    name: string,
    sizeBytes: number,
    options: readonly (readonly [number, bigint | string])[],
  ): void;
  cloneImage(
    slot: number,
    pool: number,
    parent: string,
    snapshot: string,
    name: string,
    options: readonly (readonly [number, bigint | string])[],
  ): void;
  removeImage(slot: number, pool: number, name: string, progressSlot: number): void;
}

interface MissingLibrary {
  readonly library: string;
  /** The message of the dynamic loader. */
  readonly reason: string;
}

/** A step of an object operation: its code, then what the code takes. */
export type NativeStep = readonly [
  code: number,
  ...values: (number | bigint | string | Uint8Array | readonly (string | Uint8Array)[])[],
];

const packages: Readonly<Record<string, string>> = {
  'librados.so.2': 'librados2',
  'librbd.so.1': 'librbd1',
};

let loaded: CephNative | undefined;

/**
 * The addon with Ceph's libraries loaded. Throws `Failure('cephAddonMissing')` when it was not
 * built, `Failure('cephAddonMismatch')` when it was built from other sources, and
 * `Failure('cephMissing')` with `library` and `package` when Ceph is not installed.
 */
export function cephNative(): CephNative {
  if (loaded !== undefined) return loaded;
  const file = addonFile();
  if (file === undefined) {
    throw new Failure(
      'cephAddonMissing',
      'the addon for Ceph was not built: install a C++ compiler (Debian package g++) and run ' +
        '`npm rebuild allpath`, or `node scripts/build-native.mjs` in a clone',
    );
  }
  const native = createRequire(import.meta.url)(file) as CephNative & {
    readonly protocol?: Readonly<Record<string, number>>;
  };
  const difference = protocolDifference(native.protocol);
  if (difference !== undefined) {
    throw new Failure(
      'cephAddonMismatch',
      `the addon for Ceph was built from other sources than this program (${difference}): run ` +
        '`npm rebuild allpath`, or `node scripts/build-native.mjs` in a clone',
    );
  }
  const missing = native.load();
  if (missing !== undefined) throw missingFailure(missing);
  loaded = native;
  return native;
}

export function missingFailure({ library, reason }: MissingLibrary): Failure<'cephMissing'> {
  const debianPackage = packages[library] ?? library;
  return new Failure(
    'cephMissing',
    `Ceph's library ${library} is missing on this machine (${reason}): ` +
      `install the Debian package ${debianPackage}`,
    { library, package: debianPackage, reason },
  );
}

/** An addon that was built here comes first, then the one of the published package. */
function addonFile(): string | undefined {
  const root = packageFolder();
  return [
    join(root, 'native', 'build', 'ceph.node'),
    join(root, 'prebuilt', `${process.platform}-${process.arch}`, 'ceph.node'),
  ].find((file) => existsSync(file));
}
