import { type Clock, sleep, within } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import type { Pending } from '../../base/pending.ts';
import { errorText } from '../../base/system-reason.ts';
import type { Log } from '../../log/log.ts';
import { atomicRefusal, fault, patternRefusal, rangeRefusal } from '../refusal.ts';
import { lengthOf } from '../scatter.ts';
import type { Allocation, WriteOptions } from '../volume.ts';
import { DONE, type Volume, type VolumeLimits, type VolumeResult } from '../volume.ts';
import type { ClientInstance, InstanceUser } from './client-instance.ts';
import type { ObjectLayout } from './data-object.ts';
import { type ImageProblem, problemLines } from './image-problems.ts';
import type { OpenImage, OpenImageListener } from './open-image.ts';
import { probe, RareOperation, ReadOperation, WriteOperation } from './operation.ts';
import { Operations } from './operations.ts';
import { rbdLimits } from './rbd-limits.ts';

interface RbdVolumeParts {
  readonly name: string;
  /** The name with pool and namespace, for the log. */
  readonly spec: string;
  readonly instance: ClientInstance;
  /** Opens the image on an instance, for this volume. Rejects with a `Failure`. */
  readonly openImage: (instance: ClientInstance, listener: OpenImageListener) => Promise<OpenImage>;
  /**
   * The cluster refused an operation to this instance, but its user may have the capability by now.
   * Resolves whether the volume continues on a new instance; never rejects.
   */
  readonly renew: (instance: ClientInstance, image: OpenImage) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onClose: () => void;
}

/** How long a close waits for operations in flight, and then for librbd. */
export const CLOSE_WAIT_MS = 5_000;
/** How long after a failed attempt an image is opened again on its new instance. */
export const REOPEN_RETRY_MS = 1_000;
/** A volume that had an operation older than this at its fence is probed before it is used. */
const SLOW_OPERATION_MS = 1_000;

const PROBE_BYTES = 512;
const UNSERVABLE = fault('unservable');
const UNSUPPORTED = fault('unsupported');

/**
 * An image as this process has it open, over the client instances that it is moved to. Volumes of
 * an instance are fenced together; the others continue on a new one, and their callers only see
 * operations in flight end `fenced`.
 */
export class RbdVolume implements Volume, InstanceUser {
  readonly limits: VolumeLimits;
  readonly #parts: RbdVolumeParts;
  readonly #operations: Operations;
  readonly #listeners = new Set<(sizeBytes: number) => void>();
  #instance: ClientInstance;
  #sizeBytes: number;
  /** Place of an operation older than SLOW_OPERATION_MS at a suspension, until a probe succeeds. */
  #stuckAt: number | undefined;
  #ended: VolumeResult | undefined;
  /** Why the image is not opened on the instance that it was moved to, if that is not Ceph's. */
  #unopened: string | undefined;
  #renewing: Promise<boolean> | undefined;
  /** Set from the end of a fence until the image is open on another instance. */
  #moving: PromiseWithResolvers<void> | undefined;

  /** `clientReplaced`: on the instance that took the place of this one it opens. */
  static async open(parts: RbdVolumeParts): Promise<RbdVolume> {
    let volume: RbdVolume | undefined;
    const image = await parts.openImage(
      parts.instance,
      listenerOf(() => volume),
    );
    if (!parts.instance.takesUsers) {
      void image.close();
      const { name } = parts;
      throw new Failure(
        'clientReplaced',
        `the client instance of the image ${name} was fenced or closed`,
      );
    }
    volume = new RbdVolume(parts, image);
    return volume;
  }

  private constructor(parts: RbdVolumeParts, image: OpenImage) {
    this.#parts = parts;
    this.#instance = parts.instance;
    this.#sizeBytes = image.header.info.sizeBytes;
    this.#operations = new Operations(image, parts.clock, {
      onLost: () => void this.#instance.fence(),
      onForbidden: () => this.#renewed(),
    });
    this.limits = rbdLimits(image.atomicBytes);
    this.#instance.add(this);
    if (!this.#instance.submits) this.#operations.suspend();
  }

  get name(): string {
    return this.#parts.name;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get unservable(): string | undefined {
    const { problems } = this.#operations.image.verdict;
    return this.#unopened ?? (problems.length === 0 ? undefined : problemLines(problems));
  }

  /** Of its image in the pool. */
  get imageId(): string {
    return this.#operations.image.header.info.id;
  }

  /** The pool of its data objects. */
  get dataPoolId(): number {
    return this.#operations.image.header.info.dataPoolId;
  }

  /** How it lies in its data objects. */
  get layout(): ObjectLayout {
    return this.#operations.image.header.info;
  }

  read(offset: number, into: readonly Uint8Array[]): Pending<VolumeResult> {
    const length = lengthOf(into);
    const early = this.#early(offset, length);
    return early ?? this.#operations.run(new ReadOperation(offset, into, length));
  }

  /** Durable when it is done, with and without FORCE UNIT ACCESS. */
  write(offset: number, from: readonly Uint8Array[], _?: WriteOptions): Pending<VolumeResult> {
    const length = lengthOf(from);
    const early = this.#early(offset, length);
    return early ?? this.#operations.run(new WriteOperation(offset, from, length));
  }

  compareAndWrite(
    offset: number,
    compare: readonly Uint8Array[],
    write: readonly Uint8Array[],
    _?: WriteOptions,
  ): Pending<VolumeResult> {
    const length = lengthOf(compare);
    const refusal = this.#refusal(offset, length);
    if (refusal !== undefined) return refusal;
    const unfit = atomicRefusal(this.limits, offset, length, lengthOf(write));
    if (unfit !== undefined) return unfit;
    if (length === 0) return DONE;
    return this.#rarely(false, offset, 2 * length, (image, onResult) =>
      image.compareAndWrite(offset, compare, write, onResult),
    );
  }

  writeSame(
    offset: number,
    length: number,
    pattern: Uint8Array,
    _?: WriteOptions,
  ): Pending<VolumeResult> {
    const refusal = this.#refusal(offset, length) ?? patternRefusal(length, pattern.length);
    if (refusal !== undefined) return refusal;
    if (length === 0) return DONE;
    return this.#rarely(
      false,
      offset,
      pattern.length,
      (image, onResult) => void image.writeSame(offset, length, pattern).then(onResult),
    );
  }

  /** Whole objects, from OSD to OSD. Durable when it is done. */
  copyFrom(
    source: Volume,
    sourceOffset: number,
    offset: number,
    length: number,
    _?: WriteOptions,
  ): Pending<VolumeResult> {
    if (!(source instanceof RbdVolume)) return UNSUPPORTED;
    const early = source.#refusal(sourceOffset, length) ?? this.#early(offset, length);
    if (early !== undefined) return early;
    return this.#rarely(false, offset, 0, (image, onResult) => {
      const from = source.#operations.image;
      void image.copyFrom(from, sourceOffset, offset, length).then(onResult);
    });
  }

  unmap(offset: number, length: number): Pending<VolumeResult> {
    return this.writeZeroes(offset, length);
  }

  /** Gives space back, as a thin disk may for zeros: writing them out would fill the pool. */
  writeZeroes(offset: number, length: number, _?: WriteOptions): Pending<VolumeResult> {
    const early = this.#early(offset, length);
    if (early !== undefined) return early;
    return this.#rarely(
      false,
      offset,
      0,
      (image, onResult) => void image.writeZeroes(offset, length).then(onResult),
    );
  }

  /** Acknowledged writes are durable. */
  flush(): Pending<VolumeResult> {
    return this.#ended ?? this.#operations.image.verdict.refusal ?? DONE;
  }

  async allocation(offset: number, length: number, extentsMax: number): Promise<Allocation> {
    const early = this.#early(offset, length);
    if (early !== undefined) return { result: early, extents: [] };
    let found: Allocation['extents'] = [];
    const result = await this.#rarely(
      true,
      offset,
      0,
      (image, onResult) =>
        void image.allocation(offset, length, extentsMax).then((allocation) => {
          found = allocation.extents;
          onResult(allocation.result);
        }),
    );
    return { result, extents: result.status === 'done' ? found : [] };
  }

  onResize(listener: (sizeBytes: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  drain(): Promise<void> {
    return this.#operations.drain();
  }

  /**
   * Fences the client instance, and so all operations in flight of all volumes on it; does nothing
   * if this volume has no changing operation in flight.
   */
  async fence(): Promise<VolumeResult> {
    this.#ended ??= fault('fenced');
    this.#operations.refuseHeld(fault('busy'));
    if (this.#instance.state === 'open' && !this.#operations.changes) return DONE;
    return (await this.#instance.fence()) ? DONE : fault('unsupported');
  }

  /** After a fence: `done` when calls work again, on the instance that took the place. */
  async reopen(): Promise<VolumeResult> {
    while (this.#ended?.status === 'fenced') {
      await this.#moving?.promise;
      if (this.#instance.state === 'open') break;
      // Another volume, or another gateway, has it fenced meanwhile.
      if (!(await this.#instance.fence()) || this.#moving === undefined) return this.#ended;
    }
    if (this.#ended?.status === 'fenced') this.#ended = undefined;
    return this.#ended ?? DONE;
  }

  async close(): Promise<void> {
    const { clock, onClose } = this.#parts;
    const isFirst = this.#ended?.status !== 'closed';
    this.#ended = fault('closed');
    this.#listeners.clear();
    this.#moved();
    this.#operations.refuseHeld(this.#ended);
    // An OSD that is silent would keep it open for as long.
    const drained = this.#operations.drain();
    await within(clock, CLOSE_WAIT_MS, drained);
    if (!isFirst) return;
    // Until then the fence of its instance is what ends its operations.
    void drained.then(() => this.#instance.delete(this));
    await within(clock, CLOSE_WAIT_MS, this.#operations.image.close());
    onClose();
  }

  /** The image has another size, set by this or another client. */
  resized(sizeBytes: number): void {
    if (sizeBytes === this.#sizeBytes) return;
    this.#sizeBytes = sizeBytes;
    for (const listener of this.#listeners) listener(sizeBytes);
  }

  /** Several gateways may no longer serve the image, or may again: see `OpenImageListener`. */
  verdictChanged(problems: readonly ImageProblem[]): void {
    const { log, spec } = this.#parts;
    if (problems.length === 0) log.write('image_servable', { image: spec });
    else {
      const reason = problemLines(problems);
      log.write('image_not_servable', { image: spec, reason });
    }
  }

  /** Writes that waited for the header of the image need not wait now. */
  released(): void {
    this.#operations.release();
  }

  /** Its header is refused to the client, which another one may be allowed. */
  forbidden(): void {
    if (this.#ended === undefined) void this.#renewed();
  }

  /** Resolves when all is known of the image that any client changed before this call. */
  refresh(): Promise<void> {
    return this.#operations.image.header.refresh();
  }

  idle(): Promise<void> {
    return this.#operations.idle();
  }

  suspend(): void {
    this.#stuckAt = this.#operations.slowest(SLOW_OPERATION_MS) ?? this.#stuckAt;
    this.#operations.suspend();
  }

  resume(): void {
    if (this.#moving === undefined) this.#operations.resume();
  }

  fenced(): void {
    this.#moving ??= Promise.withResolvers();
    this.#operations.fenced();
    if (this.#ended !== undefined) this.#operations.refuseHeld(fault('busy'));
  }

  abandon(): void {
    this.#ended ??= fault('fenced');
    this.#operations.abandon();
    this.#moved();
  }

  moveTo(instance: ClientInstance): void {
    this.#instance = instance;
    void this.#move(instance);
  }

  async #move(instance: ClientInstance): Promise<void> {
    const { clock, log, spec, openImage } = this.#parts;
    let told: string | undefined;
    while (this.#instance === instance && this.#ended?.status !== 'closed') {
      try {
        const image = await openImage(
          instance,
          listenerOf(() => this),
        );
        await this.#takeOver(instance, image);
        return;
      } catch (error) {
        const reason = errorText(error);
        if (reason !== told) {
          log.write('image_not_reopened', { image: spec, reason });
        }
        told = reason;
        this.#refuse(error);
        await sleep(clock, REOPEN_RETRY_MS);
      }
    }
  }

  /** An image that was changed or replaced meanwhile is not served until that is fixed. */
  #refuse(error: unknown): void {
    const isOfImage = error instanceof Failure && error.code !== 'cephFailed';
    this.#unopened = isOfImage ? error.message : undefined;
    if (isOfImage) this.#operations.refuseHeld(UNSERVABLE);
  }

  async #takeOver(instance: ClientInstance, image: OpenImage): Promise<void> {
    // An instance that is fenced meanwhile will have a successor.
    const isGone = () => this.#instance !== instance || instance.state !== 'open';
    if (isGone() || this.#ended?.status === 'closed') {
      void image.close();
      return;
    }
    this.#unopened = undefined;
    void this.#operations.replaceImage(image).close();
    this.resized(image.header.info.sizeBytes);
    // If an OSD is stopped, all operations would hang there again, and so would the fence.
    if (this.#stuckAt !== undefined) {
      const at = this.#stuckAt;
      const { status } = await probe(image, at, PROBE_BYTES);
      // Its client was fenced as well: on the next it is probed again.
      if (status === 'fenced') return;
      this.#stuckAt = undefined;
    }
    if (isGone()) return;
    this.#moved();
    if (instance.submits) this.#operations.resume();
  }

  /** Asked by each operation that is refused; one answer serves all of them. */
  #renewed(): Promise<boolean> {
    const { renew } = this.#parts;
    this.#renewing ??= renew(this.#instance, this.#operations.image).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  #moved(): void {
    this.#moving?.resolve();
    this.#moving = undefined;
  }

  #rarely(...parts: ConstructorParameters<typeof RareOperation>): Pending<VolumeResult> {
    return this.#operations.run(new RareOperation(...parts));
  }

  /** The result of what needs no operation. */
  #early(offset: number, length: number): VolumeResult | undefined {
    return this.#refusal(offset, length) ?? (length === 0 ? DONE : undefined);
  }

  #refusal(offset: number, length: number): VolumeResult | undefined {
    const unopened = this.#unopened === undefined ? undefined : UNSERVABLE;
    return this.#ended ?? unopened ?? rangeRefusal(this, offset, length);
  }
}

/** Tells a volume, once there is one, what becomes of its image. */
function listenerOf(volume: () => RbdVolume | undefined): OpenImageListener {
  return {
    onSize: (sizeBytes) => volume()?.resized(sizeBytes),
    onVerdict: (problems) => volume()?.verdictChanged(problems),
    onRelease: () => volume()?.released(),
    onForbidden: () => volume()?.forbidden(),
  };
}
