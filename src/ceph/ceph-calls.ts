import { type CephNative, cephNative } from './ceph-native.ts';
import { EAGAIN } from './errno.ts';
import { ImageSubmission } from './image-submission.ts';
import { nativeProtocol } from './native-protocol.ts';

const RESULT_FIELDS = nativeProtocol.resultFields;

/** The most calls and image operations that this thread has under way at one time. */
export const CALLS_MAX = 32_768;
/** The most results that one call from the addon delivers. */
const RESULTS_MAX = 1024;

/** The result of a call that is not an image operation. */
export interface Answer<T> {
  /** 0 or more, or a negated errno. */
  readonly errno: number;
  /** Undefined when `errno` is negative, unless the call says otherwise. */
  readonly value: T;
}

type OnMessage = (errno: number, value: unknown) => void;

/** Takes the result of an operation: once, and always later than its start. */
export interface Completion {
  complete(result: number, detail: number): void;
}

/** Counts its operations in flight. */
export interface OperationCounter {
  operationEnded(): void;
}

/**
 * The calls of this thread that are in progress in the addon, by slot. A slot also holds the
 * buffers of its operation, so that they live as long as Ceph may touch them.
 */
export class CephCalls {
  readonly native: CephNative;
  readonly submission: ImageSubmission;
  readonly #results = new Float64Array(RESULTS_MAX * RESULT_FIELDS);
  readonly #actions: (OnMessage | Completion | undefined)[] = [];
  readonly #counters: (OperationCounter | undefined)[] = [];
  readonly #held: unknown[] = [];
  readonly #free: number[] = [];

  constructor(native: CephNative) {
    this.native = native;
    this.submission = new ImageSubmission(native);
    native.attach(
      this.#results,
      (count) => this.#onResults(count),
      (slot, errno, value) => this.#onMessage(slot, errno, value),
    );
  }

  /** Calls under way and listeners; what an operation leaves behind would show here. */
  get size(): number {
    return this.#actions.length - this.#free.length;
  }

  /** A slot for one answer, or for many if nobody frees it; undefined when all are taken. */
  take(action: OnMessage | Completion, held?: unknown): number | undefined {
    const slot = this.#free.pop() ?? this.#actions.length;
    if (slot >= CALLS_MAX) return undefined;
    this.#actions[slot] = action;
    this.#counters[slot] = undefined;
    this.#held[slot] = held;
    return slot;
  }

  /** A slot for the result of an operation, which `counter` counts from now on until then. */
  takeCounted(
    counter: OperationCounter,
    completion: Completion,
    held?: unknown,
  ): number | undefined {
    const slot = this.take(completion, held);
    if (slot !== undefined) this.#counters[slot] = counter;
    return slot;
  }

  free(slot: number): void {
    this.#actions[slot] = undefined;
    this.#counters[slot] = undefined;
    this.#held[slot] = undefined;
    this.#free.push(slot);
  }

  /** Starts a call and resolves with its answer; -EAGAIN when too many are under way. */
  call<T>(start: (native: CephNative, slot: number) => void): Promise<Answer<T>> {
    return new Promise((resolve) => {
      const slot = this.take((errno: number, value: unknown) => {
        this.free(slot!);
        resolve({ errno, value: value as T });
      });
      if (slot === undefined) resolve({ errno: EAGAIN, value: undefined as T });
      else start(this.native, slot);
    });
  }

  #onResults(count: number): void {
    const results = this.#results;
    for (let i = 0; i < count * RESULT_FIELDS; i += RESULT_FIELDS) {
      const slot = results[i]!;
      const completion = this.#actions[slot] as Completion;
      const counter = this.#counters[slot];
      this.free(slot);
      counter?.operationEnded();
      completion.complete(results[i + 1]!, results[i + 2]!);
    }
  }

  #onMessage(slot: number, errno: number, value: unknown): void {
    // A listener may have been freed while its message was on the way.
    (this.#actions[slot] as OnMessage | undefined)?.(errno, value);
  }
}

let calls: CephCalls | undefined;

/** Those of this thread. Throws as `cephNative` does when Ceph is not available. */
export function cephCalls(): CephCalls {
  calls ??= new CephCalls(cephNative());
  return calls;
}
