import { sleep } from '../../src/base/clock.ts';
import type { ControlContext } from '../../src/control/control-context.ts';
import type { UnitHistory } from '../checkers/unit-history.ts';
import { InputSource, SimProcess } from '../time/sim-process.ts';
import { runTool, type ToolParts } from '../tool.ts';
import { type DocumentStepKind, documentSteps } from './document-steps.ts';

const INTERVAL_MAX_MS = 6_000;
const AGAIN_MS = 500;

interface AdministratorParts extends ToolParts {
  readonly history: UnitHistory;
  readonly hosts: readonly string[];
  readonly kinds: readonly DocumentStepKind[];
  readonly allServe: () => boolean;
  readonly onEvent: (kind: DocumentStepKind) => void;
}

/** Changes the document now and then, by commands that are repeated until they succeed. */
export class Administrator {
  readonly #parts: AdministratorParts;
  readonly #process: SimProcess;
  #commands = 0;
  #isStopping = false;
  #isIdle = true;

  constructor(parts: AdministratorParts) {
    this.#parts = parts;
    this.#process = new SimProcess('administrator', parts.timeline, parts.random);
  }

  /** Nothing of the document is under way, and all is mapped and admitted as at first. */
  get isIdle(): boolean {
    return this.#isIdle;
  }

  start(): void {
    if (this.#parts.kinds.length === 0) return;
    this.#isIdle = false;
    this.#process.deliver(new InputSource(), () => {
      this.#work().catch(this.#parts.fail);
    });
  }

  stop(): void {
    this.#isStopping = true;
  }

  async #work(): Promise<void> {
    const { random, kinds, history, hosts, allServe, onEvent } = this.#parts;
    const { clock } = this.#process;
    for (;;) {
      await sleep(clock, random.below(INTERVAL_MAX_MS));
      if (this.#isStopping) break;
      const kind = random.pick(kinds);
      onEvent(kind);
      await documentSteps[kind]({
        ...{ clock, random, history, hosts, allServe },
        command: (work) => this.#command(work),
      });
    }
    this.#isIdle = true;
  }

  /** A command may fail with its store; what it has begun is found by the next. */
  async #command(work: (context: ControlContext) => Promise<unknown>): Promise<void> {
    for (;;) {
      const names = { processName: `command.${++this.#commands}`, memberName: 'command' };
      const isDone = await runTool(this.#parts, names, (store, { clock }) => {
        return work({ ...store, clock, random: this.#parts.random });
      });
      if (isDone) return;
      await sleep(this.#process.clock, AGAIN_MS);
    }
  }
}
