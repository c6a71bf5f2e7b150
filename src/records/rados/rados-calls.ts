import { assert } from '../../base/assert.ts';
import { type Clock, within } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { errnoName } from '../../ceph/ceph-failure.ts';
import { EACCES, EDQUOT, ENOSPC, EOPNOTSUPP, EPERM, ESHUTDOWN } from '../../ceph/errno.ts';
import type { RecordsFailureCode } from '../records.ts';

/** An operation that has not ended after this long ends `recordsUnavailable`. */
export const OPERATION_TIME_MAX_MS = 5000;
/** How long closing waits for calls in progress. */
const SETTLE_TIME_MAX_MS = 2000;

/**
 * Bounds each call of librados in time, and makes failures of errnos. A call that is given up
 * continues in librados, and may still be done: librados keeps it until the cluster answers. (Its
 * own time-outs do not help: operations that they give up may still be done later.)
 */
export class RadosCalls {
  readonly #clock: Clock;
  readonly #onFenced: () => void;
  readonly #underWay = new Set<Promise<unknown>>();
  #ended: Failure<RecordsFailureCode> | undefined;

  /** `onFenced` is called once, when this client is found blocklisted. */
  constructor(clock: Clock, onFenced: () => void) {
    this.#clock = clock;
    this.#onFenced = onFenced;
  }

  /** Throws when calls are no longer allowed. */
  check(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }

  /** The result of `call` within `timeMaxMs`; `onLate` gets a result that came too late. */
  bounded<T>(
    call: Promise<T>,
    timeMaxMs: number = OPERATION_TIME_MAX_MS,
    onLate: (result: T) => void = () => {},
  ): Promise<T> {
    assert(timeMaxMs > 0, 'a call has time to be answered');
    return new Promise<T>((resolve, reject) => {
      let waits = true;
      const timer = this.#clock.after(timeMaxMs, () => {
        waits = false;
        this.#underWay.delete(call);
        reject(unavailable(`the cluster did not answer in ${timeMaxMs} ms`));
      });
      const end = (settle: () => void): void => {
        timer.cancel();
        this.#underWay.delete(call);
        settle();
      };
      this.#underWay.add(call);
      call.then(
        (result) => (waits ? end(() => resolve(result)) : onLate(result)),
        (error: unknown) => (waits ? end(() => reject(error as Error)) : undefined),
      );
    });
  }

  /** The failure for an errno. */
  failure(errno: number, what: string): Failure<RecordsFailureCode> {
    assert(errno < 0, 'a failure has an errno');
    const message = `${what} ended with ${errnoName(errno)}`;
    switch (errno) {
      case ESHUTDOWN:
        return this.#fenced();
      case EDQUOT:
      case ENOSPC:
        return new Failure('recordsFull', `the pool has no room: ${message}`, { errno });
      case EPERM:
      case EACCES:
        return new Failure(
          'recordsUnsuitable',
          `the user lacks a privilege, "allpath ceph caps" prints all that it needs: ${message}`,
          { errno },
        );
      case EOPNOTSUPP:
        return new Failure(
          'recordsUnsuitable',
          `is the pool replicated and not erasure-coded? ${message}`,
          { errno },
        );
      default:
        return unavailable(message, { errno });
    }
  }

  /** Refuses every later call. */
  end(failure: Failure<RecordsFailureCode>): void {
    this.#ended ??= failure;
  }

  /** Resolves when calls in progress have ended, or after a while. */
  async settle(): Promise<void> {
    const settled = Promise.allSettled(this.#underWay);
    await within(this.#clock, SETTLE_TIME_MAX_MS, settled);
  }

  #fenced(): Failure<RecordsFailureCode> {
    const failure: Failure<RecordsFailureCode> = new Failure(
      'recordsFenced',
      "this gateway's client of the cluster was fenced",
    );
    if (this.#ended === undefined) {
      this.#ended = failure;
      this.#onFenced();
    }
    return failure;
  }
}

export function unavailable(
  message: string,
  data: Readonly<Record<string, unknown>> = {},
): Failure<RecordsFailureCode> {
  return new Failure('recordsUnavailable', message, data);
}
