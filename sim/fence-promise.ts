import { MEMBERS_OBJECT } from './checkers/fence-checker.ts';
import type { GatewayPlace } from './gateway-place.ts';
import type { SimCluster } from './rados/sim-cluster.ts';
import type { Timeline } from './time/timeline.ts';

const LOOK_MS = 50;
/** What a gateway had submitted is done, or never will be, so long after its last sign of life. */
export const FENCE_PROMISE_MS = 8_000;

/**
 * When initiators may rely on the fence of a gateway that is silent. The promise of 8 s is void
 * while nobody can fence, and begins again after that: while the OSD of the members object or the
 * monitors do not answer as usual (a known limit), and, if the cluster can delay what the gateway
 * had submitted, while no other gateway is there that runs and reaches the cluster.
 */
export class FencePromise {
  readonly #timeline: Timeline;
  readonly #cluster: SimCluster;
  readonly #places: readonly GatewayPlace[];
  /** By gateway: since when its fence can be relied on. */
  readonly #sinceMs: number[];

  constructor(timeline: Timeline, cluster: SimCluster, places: readonly GatewayPlace[]) {
    this.#timeline = timeline;
    this.#cluster = cluster;
    this.#places = places;
    this.#sinceMs = places.map(() => 0);
    this.#look();
  }

  /** When what that gateway, heard of last at `heardMs`, had submitted is over. */
  overMs(place: GatewayPlace, heardMs: number): number {
    const sinceMs = this.#sinceMs[this.#places.indexOf(place)]!;
    return Math.max(heardMs, sinceMs) + FENCE_PROMISE_MS;
  }

  #look(): void {
    const { osds, monitor, osdOf } = this.#cluster;
    const canFence = !monitor.isStopped && !osds[osdOf(MEMBERS_OBJECT)]!.isTroubled;
    const able = this.#places.filter((place) => this.#isAble(place));
    const delays = osds.some(({ isTroubled }) => isTroubled);
    for (const [index, place] of this.#places.entries()) {
      const isDelayed = delays || !this.#isLinked(place);
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
    return process === undefined || this.#cluster.isLinked(process);
  }
}
