import type { TaskManagementFunction } from '../../../src/scsi/nexus.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import {
  BLOCKS,
  type CommandNumber,
  LUNS,
  type ManageStep,
  type NexusEnds,
  type Program,
  type ProgramForms,
  type Step,
  TARGET_PORTS,
} from './program.ts';
import { ProgramKeys } from './program-keys.ts';
import { RandomCommands } from './random-commands.ts';

const COMMANDS_MIN = 50;
const COMMANDS_MORE_MAX = 30;
const HOSTS = ['h1', 'h2', 'h3'];
const NEXUSES_OF_HOST_MAX = 3;
const WAIT_MAX_MS = 1_500;
const FUNCTIONS: readonly TaskManagementFunction[] = [
  'abortTask',
  'abortTask',
  'abortTaskSet',
  'clearAca',
  'clearTaskSet',
  'clearTaskSet',
  'logicalUnitReset',
  'logicalUnitReset',
  'targetWarmReset',
  'queryTask',
  'queryTaskSet',
  'iTNexusReset',
  'queryAsynchronousEvent',
];

/** The program of a seed: at least 50 commands of several hosts. */
export function randomProgram(seed: number, forms: ProgramForms = { inMemory: true }): Program {
  const random = new SeededRandom(seed);
  const nexuses = randomNexuses(random);
  const commands = new RandomCommands(random, new ProgramKeys(random, nexuses), forms);
  const maker = new StepMaker(random, nexuses.length, commands, forms);
  const count = COMMANDS_MIN + random.below(COMMANDS_MORE_MAX);
  const steps: Step[] = [];
  while (maker.commands < count) steps.push(maker.step());
  return { seed, nexuses, steps };
}

/** Hosts with one initiator port or two, through some of the target ports. */
function randomNexuses(random: SeededRandom): readonly NexusEnds[] {
  const nexuses: NexusEnds[] = [];
  const hosts = HOSTS.slice(0, 2 + random.below(HOSTS.length - 1));
  for (const [at, host] of hosts.entries()) {
    const hasTwoPorts = random.below(3) === 0;
    const targetPorts = [...TARGET_PORTS];
    const count = 1 + random.below(NEXUSES_OF_HOST_MAX);
    for (let left = count; left > 0; left--) {
      const [targetPort = 1] = targetPorts.splice(random.below(targetPorts.length), 1);
      const port = hasTwoPorts && left % 2 === 0 ? 2 : 1;
      const isid = `8000000000${at}${port}`;
      nexuses.push({ host, isid, targetPort });
    }
  }
  return nexuses;
}

class StepMaker {
  commands = 0;
  readonly #random: SeededRandom;
  readonly #nexuses: number;
  readonly #requests: RandomCommands;
  readonly #forms: ProgramForms;
  /** Those that may wait for their data. */
  readonly #started: { readonly number: CommandNumber; readonly nexus: number }[] = [];
  /** How often commands are begun and left, of 100 steps. */
  readonly #startsPercent: number;
  readonly #managesPercent: number;

  constructor(
    random: SeededRandom,
    nexuses: number,
    requests: RandomCommands,
    forms: ProgramForms,
  ) {
    this.#random = random;
    this.#nexuses = nexuses;
    this.#requests = requests;
    this.#forms = forms;
    this.#startsPercent = random.pick([0, 5, 12]);
    this.#managesPercent = random.pick([0, 3, 8]);
  }

  step(): Step {
    const random = this.#random;
    const nexus = random.below(this.#nexuses);
    const dice = random.below(100);
    if (dice < this.#startsPercent) return this.#start(nexus);
    if (dice < this.#startsPercent + this.#managesPercent) return this.#manage(nexus);
    if (dice === 99) return { kind: 'login', nexus, isLogout: random.below(2) === 0 };
    if (this.#forms.inMemory) {
      if (dice >= 90) return this.#held(nexus);
      if (dice >= 84) return this.#special();
    }
    return { kind: 'command', ...this.#command(nexus) };
  }

  #special(): Step {
    const random = this.#random;
    const which = random.below(10);
    if (which === 0) return { kind: 'wait', ms: random.below(WAIT_MAX_MS) };
    if (which === 1) {
      return { kind: 'resize', lun: random.pick(LUNS), blocks: BLOCKS + 8 * random.below(4) };
    }
    return { kind: 'data', of: this.#one(0).number };
  }

  #start(nexus: number): Step {
    const number = ++this.commands;
    const random = this.#random;
    const isWrite = !this.#forms.inMemory || random.below(4) > 0;
    const request = isWrite ? this.#requests.write(nexus) : this.#requests.any(nexus);
    this.#started.push({ number, nexus });
    return { kind: 'start', number, nexus, request };
  }

  #held(nexus: number): Step {
    const number = ++this.commands;
    const random = this.#random;
    const request = this.#requests.write(nexus);
    this.#started.push({ number, nexus });
    const other = random.below(this.#nexuses);
    const then =
      random.below(2) === 0
        ? this.#manage(random.below(3) === 0 ? nexus : other)
        : ({ kind: 'command', ...this.#command(other) } as const);
    return { kind: 'held', number, nexus, request, then };
  }

  #manage(nexus: number): ManageStep {
    const random = this.#random;
    const started = this.#one(nexus);
    const taskFunction = random.pick(FUNCTIONS);
    const isOfTask = taskFunction === 'abortTask' || taskFunction === 'queryTask';
    return {
      kind: 'manage',
      nexus: isOfTask ? started.nexus : nexus,
      function: taskFunction,
      lun: random.below(8) === 0 ? LUNS[1] : LUNS[0],
      of: started.number,
    };
  }

  #command(nexus: number) {
    return { number: ++this.commands, nexus, request: this.#requests.any(nexus) };
  }

  /** One of the youngest that were started, or none. */
  #one(nexus: number): { readonly number: CommandNumber; readonly nexus: number } {
    const youngest = this.#started.slice(-4);
    return youngest.length === 0 ? { number: 0, nexus } : this.#random.pick(youngest);
  }
}
