import type { NotifyAnswers } from '../../ceph/notify-answers.ts';
import type { ReadStep, ReadValue, WriteStep } from '../../ceph/object-steps.ts';
import type { WatchListener, WatchOptions } from '../../ceph/rados-watch.ts';

/**
 * The part of a pool that the records use: `RadosPool`, or the model of one that tests use. Errnos
 * are negated, as everywhere in `src/ceph`. Nothing ends while the cluster is silent.
 */
export interface RecordsPool {
  operate(object: string, steps: readonly WriteStep[]): Promise<{ readonly errno: number }>;

  read(object: string, steps: readonly ReadStep[]): Promise<PoolRead>;

  /** Rejects with a `Failure` that `errnoOf` reads. */
  watch(object: string, listener: WatchListener, options: WatchOptions): Promise<PoolWatch>;

  /** The time-out counts in whole seconds: librados 16 cuts the rest off. */
  notify(object: string, message: Uint8Array, timeoutMs: number): Promise<NotifyAnswers>;
}

export interface PoolRead {
  readonly errno: number;
  readonly version: number;
  readonly values: readonly ReadValue[];
}

export interface PoolWatch {
  /** Milliseconds since the OSD last confirmed the watch; negative once it is lost. */
  ageMs(): number;
  ack(notifyId: bigint, payload: Uint8Array): void;
  close(): Promise<void>;
}
