import { CephCalls } from '../src/ceph/ceph-calls.ts';
import { openCephStore } from '../src/gateway/ceph-store.ts';
import { Gateway } from '../src/gateway/gateway.ts';
import { runGatewayLives } from '../src/gateway/gateway-lives.ts';
import type { Store } from '../src/gateway/store.ts';
import type { SeededRandom } from '../test/support/seeded-random.ts';
import type { SimNetwork } from './network/sim-network.ts';
import { type PlantedError, withPlanted } from './planted-errors.ts';
import { SimAddon } from './rados/sim-addon.ts';
import type { SimCluster } from './rados/sim-cluster.ts';
import type { SimImages } from './rados/sim-images.ts';
import { InputSource, SimProcess } from './time/sim-process.ts';
import type { Timeline } from './time/timeline.ts';
import type { Trace } from './trace.ts';

export const CEPH = { conf: 'ceph.conf', user: 'allpath', pool: 'rbd', namespace: '' };

const RESTART_MAX_MS = 3_000;

export interface PlaceParts {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly network: SimNetwork;
  readonly cluster: SimCluster;
  readonly images: SimImages;
  readonly trace: Trace;
  readonly planted: PlantedError | undefined;
}

/**
 * A host with a gateway: the real code, as the command `gateway` runs it, in one process after
 * another, because a supervisor starts the next one when one has ended.
 */
export class GatewayPlace {
  readonly name: string;
  readonly address: string;
  readonly #parts: PlaceParts;
  #process: SimProcess | undefined;
  #gateway: Gateway | undefined;
  #processes = 0;
  #isWanted = true;

  constructor(parts: PlaceParts, name: string, address: string) {
    this.#parts = parts;
    this.name = name;
    this.address = address;
  }

  /** The one that is there now; undefined between two. */
  get process(): SimProcess | undefined {
    return this.#process?.isDead === false ? this.#process : undefined;
  }

  /** It admits logins, as far as it knows. */
  get isServing(): boolean {
    return this.#gateway !== undefined && this.process?.isRunning === true;
  }

  start(): void {
    const { timeline, random, cluster, images, trace, planted } = this.#parts;
    const processName = `${this.name}.${++this.#processes}`;
    const process = new SimProcess(processName, timeline, random);
    process.clockStops = planted === 'pausedSocketsRead';
    this.#process = process;
    const addon = new SimAddon(cluster, images, process);
    const calls = new CephCalls(addon.native);
    process.deliver(new InputSource(), () => {
      trace.add(processName, 'starts');
      void this.#run(process, calls).then(
        () => this.#ended(process, 'ended'),
        (error: unknown) => this.#ended(process, String(error)),
      );
    });
  }

  kill(): void {
    const { process } = this;
    if (process !== undefined) this.#ended(process, 'killed');
  }

  stop(): void {
    this.#isWanted = false;
    this.process?.kill();
  }

  async #run(process: SimProcess, calls: CephCalls): Promise<void> {
    const { random, network, trace } = this.#parts;
    const { name } = this;
    const { clock } = process;
    const log = trace.log(process.name);
    const environment = { clock, random, log };
    await runGatewayLives({
      name,
      ...environment,
      openStore: async () => {
        const options = { ifAbsent: 'refuse', memberName: name, ...environment } as const;
        return withPlanted(await openCephStore(CEPH, options, calls), this.#parts.planted);
      },
      start: (life) => {
        const listen = network.listenFor(process);
        const processFacts = factsOf(process);
        return Gateway.start({ ...life, listen, processFacts });
      },
      onServing: (gateway) => {
        trace.add(process.name, 'serves');
        this.#gateway = gateway;
        void gateway.over.then(() => {
          if (this.#gateway === gateway) this.#gateway = undefined;
        });
      },
      endProcess: () => this.#ended(process, 'ended itself'),
      end: new Promise(() => {}),
    });
  }

  #ended(process: SimProcess, how: string): void {
    const { timeline, random, trace } = this.#parts;
    if (process.isDead) return;
    trace.add(process.name, how);
    process.kill();
    this.#gateway = undefined;
    timeline.after(random.below(RESTART_MAX_MS), () => {
      if (this.#isWanted && this.process === undefined) this.start();
    });
  }
}

/** A store as a command has it open. */
export async function openToolStore(parts: PlaceParts, process: SimProcess): Promise<Store> {
  const { random, cluster, images, trace } = parts;
  const calls = new CephCalls(new SimAddon(cluster, images, process).native);
  const options = { ifAbsent: 'make', memberName: 'tool', clock: process.clock } as const;
  return await openCephStore(CEPH, { ...options, random, log: trace.log('tool') }, calls);
}

function factsOf(process: SimProcess) {
  return {
    pid: 1,
    host: process.name,
    utc: () => `${process.clock.now()} ms`,
    residentBytes: () => 0,
  };
}
