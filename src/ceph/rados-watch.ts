import { cephFailure } from './ceph-failure.ts';
import { EAGAIN, ENOTCONN } from './errno.ts';
import type { PoolHandle } from './pool-handle.ts';

export interface WatchOptions {
  /**
   * After this many seconds without a ping the OSD drops the watch; 0 is the cluster's own bound
   * (30 s). At least five times `objecter_tick_interval`, because pings go once per tick.
   */
  readonly timeoutSeconds?: number;
}

export interface WatchListener {
  /**
   * A notification; its sender waits until `watch.ack(notifyId, payload)`, or for its time-out.
   * `fromGid` is the sender's `RadosClient.instanceId`.
   */
  onNotify(notifyId: bigint, message: Uint8Array, fromGid: bigint): void;
  /**
   * The watch is lost, mostly with -ENOTCONN: close it and watch again, which rejects with
   * -ESHUTDOWN when this client is blocklisted. Not called while the OSD is silent: see `ageMs`.
   */
  onError(errno: number): void;
}

interface Notified {
  readonly notifyId: bigint;
  readonly fromGid: bigint;
  readonly message: Uint8Array;
}

export class RadosWatch {
  readonly object: string;
  readonly #pool: PoolHandle;
  readonly #slot: number;
  #handle: number;
  #closed: Promise<void> | undefined;

  private constructor(pool: PoolHandle, object: string, slot: number) {
    this.#pool = pool;
    this.object = object;
    this.#slot = slot;
    this.#handle = 0;
  }

  /** See `RadosPool.watch`. */
  static async open(
    pool: PoolHandle,
    object: string,
    listener: WatchListener,
    options: WatchOptions,
  ): Promise<RadosWatch> {
    const { calls } = pool;
    const watchSlot = calls.take((errno: number, value: unknown) => {
      if (watch.#closed !== undefined) return;
      if (errno < 0) listener.onError(errno);
      else {
        const { notifyId, message, fromGid } = value as Notified;
        listener.onNotify(notifyId, message, fromGid);
      }
    });
    if (watchSlot === undefined) {
      throw cephFailure('rados_aio_watch', EAGAIN, `watching ${object}`);
    }
    const watch: RadosWatch = new RadosWatch(pool, object, watchSlot);
    const { errno, value } = await calls.call<number>((native, slot) =>
      native.watch(slot, watchSlot, pool.handle, object, options.timeoutSeconds ?? 0),
    );
    if (errno < 0) {
      calls.free(watchSlot);
      throw cephFailure('rados_aio_watch', errno, `watching ${object}`);
    }
    watch.#handle = value;
    return watch;
  }

  /**
   * Milliseconds since the OSD last confirmed the watch; negated errno (-ENOTCONN) once it is lost.
   * The one sign of a cluster that went silent.
   */
  ageMs(): number {
    return this.#handle === 0 ? ENOTCONN : this.#pool.calls.native.watchCheck(this.#handle);
  }

  /** Answers a notification, also one whose sender no longer waits. */
  ack(notifyId: bigint, payload: Uint8Array): void {
    if (this.#handle !== 0) this.#pool.calls.native.watchAck(this.#handle, notifyId, payload);
  }

  /**
   * The listener is not called after this call. Resolves when the OSD and the addon have released
   * the watch.
   */
  close(): Promise<void> {
    if (this.#closed !== undefined) return this.#closed;
    const handle = this.#handle;
    const { calls } = this.#pool;
    this.#handle = 0;
    // The answer comes after all events of this watch, so that its slot may be reused.
    this.#closed = calls
      .call((native, slot) => native.unwatch(slot, handle))
      .then(() => calls.free(this.#slot));
    return this.#closed;
  }
}
