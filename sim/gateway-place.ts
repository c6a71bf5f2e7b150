import { fenceGateway } from '../src/control/fence-gateway.ts';
import { Gateway } from '../src/gateway/gateway.ts';
import { runGatewayLives } from '../src/gateway/gateway-lives.ts';
import { joinStore } from '../src/gateway/join-store.ts';
import { isOpen, isOver } from '../src/membership/membership.ts';
import type { SimNetwork } from './network/sim-network.ts';
import { type PlantedError, withPlanted } from './planted-errors.ts';
import { InputSource, SimProcess } from './time/sim-process.ts';
import { isDefect, openStoreOf, runTool, type ToolParts } from './tool.ts';
import { check } from './violation.ts';

const RESTART_MAX_MS = 3_000;

export interface PlaceParts extends ToolParts {
  readonly network: SimNetwork;
  readonly planted: PlantedError | undefined;
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
          if (isDefect(error)) this.#parts.fail(error);
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
    const names = { processName: `${this.name}.twin`, memberName: this.name };
    void runTool(this.#parts, names, async (store, process) => {
      const { random, trace } = this.#parts;
      const { clock } = process;
      const joined = await joinStore({ store, clock, random, log: trace.log(process.name) });
      await joined.leave(true);
    });
  }

  /** As the command `fence` does: another gateway fences this one. */
  askFence(): void {
    const { name } = this;
    const names = { processName: `${name}.fence`, memberName: 'tool' };
    void runTool(this.#parts, names, async (store) => {
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

function factsOf(process: SimProcess) {
  return {
    pid: 1,
    host: process.name,
    utc: () => `${process.clock.now()} ms`,
    utcMs: () => process.clock.now(),
    residentBytes: () => 0,
  };
}
