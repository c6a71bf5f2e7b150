import type { SeededRandom } from '../../test/support/seeded-random.ts';
import type { Timeline } from '../time/timeline.ts';

const SERVICE_MAX_MS = 0.8;
/** How long a running OSD takes to learn of a map, and a stopped one after it continues. */
const MAP_DELAY_MAX_MS = 30;
const MAP_AFTER_STOP_MAX_MS = 1_000;

/** One operation on one object, of a client that had this map when it sent the operation. */
export interface OsdRequest {
  /** Requests of one client on one object keep their order. */
  readonly client: object;
  readonly object: string;
  readonly mapEpoch: number;
  /** `knownEpoch`: the newest map by which this object may check it. */
  execute(knownEpoch: number): void;
}

interface ObjectQueue {
  /** For each client that has any. */
  readonly lanes: OsdRequest[][];
  /** The newest map that any operation on the object brought along. */
  mapEpoch: number;
  isBusy: boolean;
}

/**
 * A storage daemon: it executes operations on one object one after the other, but those of
 * different clients in any order, because each client has its own queue. It learns of a map late,
 * but at the latest by an operation whose client has it; this is certain only for the object of
 * that operation.
 */
export class SimOsd {
  readonly #timeline: Timeline;
  readonly #random: SeededRandom;
  readonly #onMap: () => void;
  readonly #onResume: () => void;
  readonly #queues = new Map<string, ObjectQueue>();
  readonly #waiting: (() => void)[] = [];
  #mapEpoch = 0;
  #publishedEpoch = 0;
  #isStopped = false;
  #isUnresponsive = false;
  #serviceMaxMs = SERVICE_MAX_MS;

  constructor(
    timeline: Timeline,
    random: SeededRandom,
    on: { readonly map: () => void; readonly resume: () => void },
  ) {
    this.#timeline = timeline;
    this.#random = random;
    this.#onMap = on.map;
    this.#onResume = on.resume;
  }

  get mapEpoch(): number {
    return this.#mapEpoch;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Slow or stopped. */
  get isTroubled(): boolean {
    return this.#isStopped || this.#serviceMaxMs > SERVICE_MAX_MS;
  }

  arrive(request: OsdRequest): void {
    let queue = this.#queues.get(request.object);
    if (queue === undefined) {
      queue = { lanes: [], mapEpoch: 0, isBusy: false };
      this.#queues.set(request.object, queue);
    }
    const lane = queue.lanes.find(([first]) => first!.client === request.client);
    if (lane === undefined) queue.lanes.push([request]);
    else lane.push(request);
    this.#serve(queue);
  }

  /** For messages that are not operations on an object: at once, or when the OSD continues. */
  handle(action: () => void): void {
    if (this.#isStopped) this.#waiting.push(action);
    else action();
  }

  publish(mapEpoch: number): void {
    this.#publishedEpoch = mapEpoch;
    if (!this.#isStopped && !this.#isUnresponsive) this.#learnWithin(MAP_DELAY_MAX_MS, mapEpoch);
  }

  stop(): void {
    this.#isStopped = true;
  }

  resume(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#learnWithin(MAP_AFTER_STOP_MAX_MS, this.#publishedEpoch);
    for (const action of this.#waiting.splice(0)) action();
    for (const queue of this.#queues.values()) this.#serve(queue);
    this.#onResume();
  }

  /** Whether the monitors reach it; if not, only operations of clients bring it a map. */
  setUnresponsive(isUnresponsive: boolean): void {
    this.#isUnresponsive = isUnresponsive;
    if (!isUnresponsive) this.#learnWithin(MAP_DELAY_MAX_MS, this.#publishedEpoch);
  }

  /** The longest time that an operation takes; undefined: as usual. */
  slow(serviceMaxMs: number | undefined): void {
    this.#serviceMaxMs = serviceMaxMs ?? SERVICE_MAX_MS;
  }

  #learnWithin(maxMs: number, mapEpoch: number): void {
    this.#timeline.after(this.#random.below(maxMs + 1), () => {
      if (this.#isStopped || this.#isUnresponsive || mapEpoch <= this.#mapEpoch) return;
      this.#mapEpoch = mapEpoch;
      this.#onMap();
    });
  }

  #serve(queue: ObjectQueue): void {
    if (queue.isBusy || this.#isStopped || queue.lanes.length === 0) return;
    queue.isBusy = true;
    const serviceMs = (this.#random.below(1024) / 1024) * this.#serviceMaxMs;
    this.#timeline.after(serviceMs, () => {
      queue.isBusy = false;
      if (this.#isStopped) return;
      const request = this.#take(queue.lanes);
      queue.mapEpoch = Math.max(queue.mapEpoch, request.mapEpoch);
      request.execute(Math.max(queue.mapEpoch, this.#mapEpoch));
      this.#serve(queue);
    });
  }

  #take(lanes: OsdRequest[][]): OsdRequest {
    const at = lanes.length === 1 ? 0 : this.#random.below(lanes.length);
    const lane = lanes[at]!;
    const request = lane.shift()!;
    if (lane.length === 0) lanes.splice(at, 1);
    return request;
  }
}
