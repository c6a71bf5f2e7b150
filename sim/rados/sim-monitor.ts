import type { SeededRandom } from '../../test/support/seeded-random.ts';
import type { Timeline } from '../time/timeline.ts';
import type { SimClient } from './sim-client.ts';

const ANSWER_MAX_MS = 3;

/** The monitors: they hold the newest map, and the blocklist in it. */
export class SimMonitor {
  readonly #timeline: Timeline;
  readonly #random: SeededRandom;
  readonly #onMap: (mapEpoch: number) => void;
  /** Addresses, with the first map that has them. */
  readonly #blocklist = new Map<string, number>();
  readonly #waiting: (() => void)[] = [];
  #mapEpoch = 1;
  #isStopped = false;
  /** How long the monitors take to agree on a change of the map. */
  commitMaxMs = 80;

  constructor(timeline: Timeline, random: SeededRandom, onMap: (mapEpoch: number) => void) {
    this.#timeline = timeline;
    this.#random = random;
    this.#onMap = onMap;
  }

  get mapEpoch(): number {
    return this.#mapEpoch;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  get blocklisted(): readonly string[] {
    return [...this.#blocklist.keys()];
  }

  isBlocklisted(address: string, mapEpoch = this.#mapEpoch): boolean {
    return mapEpoch >= (this.#blocklist.get(address) ?? Infinity);
  }

  stop(): void {
    this.#isStopped = true;
  }

  resume(): void {
    this.#isStopped = false;
    for (const action of this.#waiting.splice(0)) action();
  }

  /** `work` is done at the monitors; what it returns is called when the answer arrives. */
  ask(client: SimClient, work: () => () => void): void {
    client.toMon(() => this.#later(ANSWER_MAX_MS, () => client.fromMon(work())));
  }

  blocklist(client: SimClient, address: string, done: () => void): void {
    client.toMon(() =>
      this.#later(this.commitMaxMs, () => {
        if (!this.#blocklist.has(address)) {
          this.#mapEpoch++;
          this.#blocklist.set(address, this.#mapEpoch);
          this.#onMap(this.#mapEpoch);
        }
        const mapEpoch = this.#mapEpoch;
        client.fromMon(() => {
          client.mapEpoch = Math.max(client.mapEpoch, mapEpoch);
          done();
        });
      }),
    );
  }

  #later(maxMs: number, action: () => void): void {
    this.#timeline.after(1 + this.#random.below(maxMs), () => {
      if (this.#isStopped) this.#waiting.push(action);
      else action();
    });
  }
}
