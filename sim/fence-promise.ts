import type { GatewayPlace } from './gateway-place.ts';
import type { Timeline } from './time/timeline.ts';
import type { WorldStore } from './world-store.ts';

const LOOK_MS = 50;
/** This long after the last sign of life, nothing that a gateway submitted lands any later. */
export const FENCE_PROMISE_MS = 8_000;

/**
 * When initiators may rely on the fence of a silent gateway. The promise of 8 s does not hold while
 * no gateway can fence, and starts over after that: on Ceph, while the OSD of the members object or
 * the monitors do not answer as usual (a known limit), and, if the cluster can delay what the
 * gateway had submitted, while no other gateway runs and reaches the cluster.
 */
export class FencePromise {
  readonly #timeline: Timeline;
  readonly #store: WorldStore;
  readonly #places: readonly GatewayPlace[];
  /** Since when the fence of a gateway can be relied on, by gateway. */
  readonly #sinceMs: number[];

  constructor(timeline: Timeline, store: WorldStore, places: readonly GatewayPlace[]) {
    this.#timeline = timeline;
    this.#store = store;
    this.#places = places;
    this.#sinceMs = places.map(() => 0);
    this.#look();
  }

  /** When everything is over that a gateway had submitted, whose last sign was at `heardMs`. */
  overMs(place: GatewayPlace, heardMs: number): number {
    const sinceMs = this.#sinceMs[this.#places.indexOf(place)]!;
    return Math.max(heardMs, sinceMs) + FENCE_PROMISE_MS;
  }

  #look(): void {
    const { canFence, mayDelay } = this.#store;
    const able = this.#places.filter((place) => this.#isAble(place));
    for (const [index, place] of this.#places.entries()) {
      const isDelayed = mayDelay || !this.#isLinked(place);
      const isWatched = able.some((other) => other !== place);
      if (canFence && (isWatched || !isDelayed)) continue;
      this.#sinceMs[index] = this.#timeline.nowMs;
    }
    this.#timeline.after(LOOK_MS, () => this.#look());
  }

  #isAble(place: GatewayPlace): boolean {
    return place.isServing && this.#isLinked(place);
  }

  #isLinked({ process }: GatewayPlace): boolean {
    return process === undefined || this.#store.isReached(process);
  }
}
