import { InvariantBroken } from '../src/base/assert.ts';
import { fenceGateway } from '../src/control/fence-gateway.ts';
import { Gateway } from '../src/gateway/gateway.ts';
import { runGatewayLives } from '../src/gateway/gateway-lives.ts';
import { joinStore } from '../src/gateway/join-store.ts';
import type { Store } from '../src/gateway/store.ts';
import { isOpen, isOver } from '../src/membership/membership.ts';
import type { SeededRandom } from '../test/support/seeded-random.ts';
import type { SimNetwork } from './network/sim-network.ts';
import { type PlantedError, withPlanted } from './planted-errors.ts';
import { InputSource, SimProcess } from './time/sim-process.ts';
import type { Timeline } from './time/timeline.ts';
import type { Trace } from './trace.ts';
import { check, Violation } from './violation.ts';
import type { WorldStore } from './world-store.ts';

const RESTART_MAX_MS = 3_000;

export interface PlaceParts {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly network: SimNetwork;
  readonly store: WorldStore;
  readonly trace: Trace;
  readonly planted: PlantedError | undefined;
  /** Called when an invariant is broken. */
  readonly fail: (error: unknown) => void;
}

/**
 * A host with a gateway: the real code that the command `gateway` runs, in one process after
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

  /** The current process; undefined between two. */
  get process(): SimProcess | undefined {
    return this.#process?.isDead === false ? this.#process : undefined;
  }

  /** It believes that it admits logins. */
  get isServing(): boolean {
    return this.#gateway !== undefined && this.process?.isRunning === true;
  }

  start(): void {
    const { timeline, random, trace, planted } = this.#parts;
    const processName = `${this.name}.${++this.#processes}`;
    const process = new SimProcess(processName, timeline, random);
    process.clockStops = planted === 'pausedSocketsRead';
    this.#process = process;
    process.onChange(() => {
      if (process.isDead) this.#dead();
    });
    process.deliver(new InputSource(), () => {
      trace.add(processName, 'starts');
      void this.#run(process).then(
        () => this.#end(process, 'ended'),
        (error: unknown) => {
          this.#failOnDefect(error);
          this.#end(process, String(error));
        },
      );
    });
  }

  kill(): void {
    const { process } = this;
    if (process !== undefined) this.#end(process, 'killed');
  }

  stop(): void {
    this.#isWanted = false;
    this.process?.kill();
  }

  /** A second process of this name, which leaves at once if it may join. */
  startTwin(): void {
    this.#runTool(`${this.name}.twin`, this.name, async (store, process) => {
      const { random, trace } = this.#parts;
      const { clock } = process;
      const joined = await joinStore({ store, clock, random, log: trace.log(process.name) });
      await joined.leave(true);
    });
  }

  /** As the command `fence` does: another gateway fences this one. */
  askFence(): void {
    const { name } = this;
    this.#runTool(`${name}.fence`, 'tool', async (store) => {
      const { members } = await store.membership.read();
      await fenceGateway(store, name);
      const view = await store.membership.read();
      const asked = members.filter((member) => isOpen(member) && member.name === name);
      check(
        asked.every((member) => isOver(view, member)),
        () => `${name} is said to be fenced, and is not`,
      );
    });
  }

  /** A process that does one thing with the store, whatever the result. */
  #runTool(
    processName: string,
    memberName: string,
    work: (store: Store, process: SimProcess) => Promise<void>,
  ): void {
    const { timeline, random, trace } = this.#parts;
    const process = new SimProcess(processName, timeline, random);
    const run = async (): Promise<void> => {
      const store = await openStoreOf(this.#parts, process, memberName, 'refuse');
      try {
        await work(store, process);
      } finally {
        await store.close();
      }
    };
    const end = (how: string): void => {
      trace.add(processName, how);
      process.kill();
    };
    process.deliver(new InputSource(), () => {
      void run().then(
        () => end('done'),
        (error: unknown) => {
          this.#failOnDefect(error);
          end(String(error));
        },
      );
    });
  }

  /** A process may end with an ordinary failure, or because of a defect. */
  #failOnDefect(error: unknown): void {
    if (error instanceof InvariantBroken || error instanceof Violation) this.#parts.fail(error);
  }

  async #run(process: SimProcess): Promise<void> {
    const { random, network, trace, planted } = this.#parts;
    const { name } = this;
    const { clock } = process;
    const log = trace.log(process.name);
    await runGatewayLives({
      ...{ name, clock, random, log },
      openStore: async () => {
        return withPlanted(await openStoreOf(this.#parts, process, name, 'refuse'), planted);
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
      endProcess: () => this.#end(process, 'ended itself'),
      end: new Promise(() => {}),
    });
  }

  #end(process: SimProcess, how: string): void {
    if (process.isDead) return;
    this.#parts.trace.add(process.name, how);
    process.kill();
  }

  /** Ended by itself or by another gateway; the supervisor starts the next process. */
  #dead(): void {
    const { timeline, random } = this.#parts;
    this.#gateway = undefined;
    timeline.after(random.below(RESTART_MAX_MS), () => {
      if (this.#isWanted && this.process === undefined) this.start();
    });
  }
}

/** The store that a process of the world has open. */
export function openStoreOf(
  { store, random, trace }: PlaceParts,
  process: SimProcess,
  memberName: string,
  ifAbsent: 'make' | 'refuse',
): Promise<Store> {
  const { clock, name } = process;
  return store.open(process, { memberName, ifAbsent, clock, random, log: trace.log(name) });
}

function factsOf(process: SimProcess) {
  return {
    pid: 1,
    host: process.name,
    utc: () => `${process.clock.now()} ms`,
    residentBytes: () => 0,
  };
}
