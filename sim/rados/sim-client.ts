import type { SeededRandom } from '../../test/support/seeded-random.ts';
import { Pipe } from '../time/pipe.ts';
import { InputSource, type SimProcess } from '../time/sim-process.ts';
import type { Timeline } from '../time/timeline.ts';
import type { SimWatch } from './sim-watch.ts';

const LATENCY_MAX_MS = 0.3;

/** The parts of the cluster that a process does not reach. */
export interface ClusterLink {
  isOsdCut: boolean;
  isMonCut: boolean;
}

interface Route {
  readonly there: Pipe;
  readonly back: Pipe;
}

/** One client instance: its addresses, its map of the cluster, and its connections. */
export class SimClient {
  readonly process: SimProcess;
  readonly address: string;
  readonly gid: bigint;
  readonly link: ClusterLink;
  readonly watches = new Set<SimWatch>();
  mapEpoch: number;
  isClosed = false;
  readonly #answers = new InputSource();
  readonly #osds: readonly Route[];
  readonly #mon: Route;

  constructor(
    parts: {
      readonly timeline: Timeline;
      readonly random: SeededRandom;
      readonly osds: readonly { readonly isStopped: boolean }[];
    },
    process: SimProcess,
    link: ClusterLink,
    gid: bigint,
    mapEpoch: number,
  ) {
    this.process = process;
    this.link = link;
    this.gid = gid;
    this.mapEpoch = mapEpoch;
    this.address = `${process.name}:0/${gid}`;
    // Messages to a stopped OSD wait in the connection; after the stop, the order among clients is
    // not defined.
    const route = (isCut: () => boolean, isTaken = () => true): Route => {
      const pipe = (isOpen: () => boolean): Pipe => {
        const pipeParts = { ...parts, latencyMaxMs: LATENCY_MAX_MS, isOpen };
        return new Pipe(pipeParts);
      };
      // The threads of librados stop with their process, but its kernel does not.
      return {
        there: pipe(() => !process.isPaused && !isCut() && isTaken()),
        back: pipe(() => !isCut()),
      };
    };
    this.#osds = parts.osds.map((osd) => {
      return route(
        () => link.isOsdCut,
        () => !osd.isStopped,
      );
    });
    this.#mon = route(() => link.isMonCut);
    process.onChange(() => {
      if (process.isDead) for (const { there } of this.#routes) there.keepSome();
      this.wake();
    });
  }

  toOsd(osd: number, message: () => void): void {
    if (!this.process.isDead) this.#osds[osd]!.there.send(message);
  }

  /** Its messages are inputs of the process. */
  fromOsd(osd: number, message: () => void): void {
    this.#osds[osd]!.back.send(() => this.process.deliver(this.#answers, message));
  }

  toMon(message: () => void): void {
    if (!this.process.isDead) this.#mon.there.send(message);
  }

  fromMon(message: () => void): void {
    this.#mon.back.send(() => this.process.deliver(this.#answers, message));
  }

  /** The network may be connected again. */
  wake(): void {
    for (const { there, back } of this.#routes) {
      there.wake();
      back.wake();
    }
  }

  get #routes(): readonly Route[] {
    return [...this.#osds, this.#mon];
  }
}
