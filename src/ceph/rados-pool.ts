import { assert } from '../base/assert.ts';
import type { CallGate } from './call-gate.ts';
import type { CephCalls, OperationCounter } from './ceph-calls.ts';
import { EAGAIN, EINVAL } from './errno.ts';
import { type NotifyAnswers, notifyAnswers } from './notify-answers.ts';
import { ObjectListing } from './object-listing.ts';
import {
  type NativeReadValue,
  nativeReadStep,
  nativeWriteStep,
  type ReadStep,
  type ReadValue,
  readValue,
  STEPS_MAX,
  type WriteStep,
} from './object-steps.ts';
import { RadosWatch, type WatchListener, type WatchOptions } from './rados-watch.ts';

interface OperateResult {
  /** 0, or the negated errno of the first step that did not hold (see `WriteStep`). */
  readonly errno: number;
  /** The object's version after this very operation. */
  readonly version: number;
  /** The return value of each step: for example, where a cmpext miscompared. */
  readonly stepErrnos: readonly number[];
}

export interface ReadResult {
  /** 0, or negated: -ENOENT when there is no such object. */
  readonly errno: number;
  /** The object's version that this very operation saw. */
  readonly version: number;
  /** One for each step; empty when `errno` is negative. */
  readonly values: readonly ReadValue[];
}

/** The snapshots that a write must preserve, as `RbdImageInfo` has them. */
export interface SnapContext {
  readonly newest: bigint;
  /** In descending order. */
  readonly ids: readonly bigint[];
}

/** The gates that bound the blocking calls of one client; see `RadosClient`. */
interface CallGates {
  readonly gate: CallGate;
  readonly searchGate: CallGate;
}

interface PoolStat {
  readonly errno: number;
  readonly objects: number;
  /** Bytes as clients see them, without copies. */
  readonly storedBytes: number;
}

/** The most object operations that a pool has in flight; more end -EAGAIN at once. */
export const OBJECT_OPERATIONS_MAX = 1024;

/**
 * Objects of one pool and namespace, and the snapshot context that writes through this very handle
 * carry: an image's data objects want a handle of their own. Nothing here waits for space: a full
 * pool ends a write with -ENOSPC or -EDQUOT (rados_set_pool_full_try).
 */
export class RadosPool implements OperationCounter {
  readonly name: string;
  /** The pool's number in the cluster. */
  readonly id: number;
  readonly gate: CallGate;
  readonly searchGate: CallGate;
  readonly calls: CephCalls;
  /** The handle of this pool in the addon. */
  readonly handle: number;
  #inFlight = 0;
  #onIdle: (() => void)[] = [];
  #closed = false;

  constructor(calls: CephCalls, gates: CallGates, handle: number, name: string) {
    this.calls = calls;
    this.gate = gates.gate;
    this.searchGate = gates.searchGate;
    this.handle = handle;
    this.name = name;
    this.id = calls.native.poolId(handle);
  }

  /** Object operations in flight. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** One atomic operation. Bytes are copied at submission: the caller may reuse them at once. */
  async operate(object: string, steps: readonly WriteStep[]): Promise<OperateResult> {
    assert(steps.length <= STEPS_MAX, 'an operation has at most STEPS_MAX steps');
    if (this.#inFlight >= OBJECT_OPERATIONS_MAX) return refusedOperation;
    this.#inFlight++;
    const encoded = steps.map(nativeWriteStep);
    const { errno, value } = await this.calls.call<NativeOperated>((native, slot) =>
      native.operate(slot, this.handle, object, encoded),
    );
    this.operationEnded();
    return { errno, version: value?.version ?? 0, stepErrnos: value?.stepErrnos ?? [] };
  }

  /**
   * `write` in place of `compare` (as long) if that is what `object` holds there: a `cmpext` and a
   * `write` step, after `assertExists` with `mustExist`, whose errno `done` is called with, always
   * later. Bytes are copied at submission.
   */
  startCompareAndWrite(
    object: string,
    offset: number,
    compare: Uint8Array,
    write: Uint8Array,
    mustExist: boolean,
    done: (errno: number) => void,
  ): void {
    const slot = this.#takeSlot(done);
    if (slot === undefined) return;
    const { calls, handle } = this;
    calls.native.compareAndWriteObject(slot, handle, object, offset, compare, write, mustExist);
  }

  /**
   * The OSDs replace the whole of `object` by what `source` of that pool holds, in one step. `done`
   * is called with the errno, always later. With -ENOENT (there is no `source`) and -ENOSYS (this
   * librados cannot copy) nothing has changed.
   */
  startCopy(
    object: string,
    sourcePool: RadosPool,
    source: string,
    done: (errno: number) => void,
  ): void {
    const slot = this.#takeSlot(done);
    if (slot === undefined) return;
    this.calls.native.copyObject(slot, this.handle, object, sourcePool.handle, source);
  }

  /** The slot of an operation that ends by `done`; undefined: too many, as `done` is told. */
  #takeSlot(done: (errno: number) => void): number | undefined {
    const isOver = this.#inFlight >= OBJECT_OPERATIONS_MAX;
    const slot = isOver ? undefined : this.calls.takeCounted(this, { complete: done });
    if (slot === undefined) queueMicrotask(() => done(EAGAIN));
    else this.#inFlight++;
    return slot;
  }

  /** One operation that sees the object at one moment. */
  async read(object: string, steps: readonly ReadStep[]): Promise<ReadResult> {
    assert(steps.length <= STEPS_MAX, 'an operation has at most STEPS_MAX steps');
    if (this.#inFlight >= OBJECT_OPERATIONS_MAX) return { errno: EAGAIN, version: 0, values: [] };
    this.#inFlight++;
    const encoded = steps.map(nativeReadStep);
    const { errno, value } = await this.calls.call<NativeRead>((native, slot) =>
      native.readObject(slot, this.handle, object, encoded),
    );
    this.operationEnded();
    const found = errno < 0 ? [] : value.values;
    return {
      errno,
      version: value?.version ?? 0,
      values: found.map((one, index) => readValue(steps[index]!, one)),
    };
  }

  /** Sets the context of later writes through this handle; `undefined`: none. 0 or -EINVAL. */
  setSnapWriteContext(context: SnapContext | undefined): number {
    if (this.#closed) return EINVAL;
    const { newest, ids } = context ?? { newest: 0n, ids: [] };
    return this.calls.native.setSnapWriteContext(this.handle, newest, ids);
  }

  /**
   * Watches an object, which must exist. Rejects with `Failure('cephFailed')`: -ENOENT when it does
   * not, -ESHUTDOWN when this client is blocklisted.
   */
  watch(object: string, listener: WatchListener, options: WatchOptions = {}): Promise<RadosWatch> {
    return RadosWatch.open(this, object, listener, options);
  }

  /**
   * Tells all watchers of an object, and resolves with their answers after `timeoutMs` at most,
   * rounded up to seconds: librados cuts them off, and takes 0 for the cluster's default of 30 s.
   */
  async notify(object: string, message: Uint8Array, timeoutMs: number): Promise<NotifyAnswers> {
    const wholeMs = Math.max(1, Math.ceil(timeoutMs / 1000)) * 1000;
    const { errno, value } = await this.calls.call<Uint8Array | undefined>((native, slot) =>
      native.notify(slot, this.handle, object, message, wholeMs),
    );
    return notifyAnswers(errno, value);
  }

  /** Names of objects that begin with `prefix`, in no order, page by page. */
  listObjects(prefix = ''): ObjectListing {
    return new ObjectListing(this, prefix);
  }

  /** Zeros while the cluster has no manager. */
  async stat(): Promise<PoolStat> {
    const { errno, value } = await this.gate.run(() =>
      this.calls.call<Omit<PoolStat, 'errno'> | undefined>((native, slot) =>
        native.poolStat(slot, this.handle),
      ),
    );
    return { errno, objects: value?.objects ?? 0, storedBytes: value?.storedBytes ?? 0 };
  }

  /** Resolves when no object operation is in flight: not as long as an OSD is silent. */
  idle(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onIdle.push(resolve));
  }

  /**
   * Releases the handle. Operations in flight still end: as the cluster answers, or with -ESHUTDOWN
   * when the client is closed before; then they may still be done.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.calls.native.closePool(this.handle);
  }

  operationEnded(): void {
    if (--this.#inFlight > 0 || this.#onIdle.length === 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }
}

interface NativeOperated {
  readonly version: number;
  readonly stepErrnos: readonly number[];
}

interface NativeRead {
  readonly version: number;
  readonly values: readonly NativeReadValue[];
}

const refusedOperation: OperateResult = Object.freeze({
  errno: EAGAIN,
  version: 0,
  stepErrnos: [],
});
