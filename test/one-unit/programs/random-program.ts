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
  type Request,
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
/** Data is withheld for that many steps over the wire. */
const WITHHELD_STEPS_MAX = 3;
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

const REGISTER = 'PERSISTENT RESERVE OUT (REGISTER AND IGNORE EXISTING KEY)';
const TEST_UNIT_READY: Request = {
  ...{ name: 'TEST UNIT READY', lun: LUNS[0], cdb: new Uint8Array(6) },
  ...{ dataOut: new Uint8Array(0), dataInExpected: 0, attribute: 'simple' },
};

/** The program of a seed: at least 50 commands of several hosts. */
export function randomProgram(seed: number, forms: ProgramForms = { inMemory: true }): Program {
  const random = new SeededRandom(seed);
  const nexuses = randomNexuses(random);
  const keys = new ProgramKeys(random, nexuses);
  const maker = new StepMaker(random, keys, forms);
  const count = COMMANDS_MIN + random.below(COMMANDS_MORE_MAX);
  // Else the first command of each nexus does no more than report a unit attention.
  const steps: Step[] = random.below(2) === 0 ? maker.greetings() : [];
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
  readonly #keys: ProgramKeys;
  readonly #requests: RandomCommands;
  readonly #forms: ProgramForms;
  /** Those that may wait for their data. */
  readonly #started: { readonly number: CommandNumber; readonly nexus: number }[] = [];
  readonly #withheld: { readonly number: CommandNumber; readonly sinceStep: number }[] = [];
  #steps = 0;
  /** How often commands are begun and left, of 100 steps. */
  readonly #startsPercent: number;
  readonly #managesPercent: number;

  constructor(random: SeededRandom, keys: ProgramKeys, forms: ProgramForms) {
    this.#random = random;
    this.#keys = keys;
    this.#requests = new RandomCommands(random, keys, forms);
    this.#forms = forms;
    this.#startsPercent = random.pick([0, 5, 12]);
    this.#managesPercent = random.pick([0, 3, 8]);
  }

  /** Each nexus takes the unit attention of its login, and may register, as cluster hosts do. */
  greetings(): Step[] {
    const doRegister = this.#random.below(2) === 0;
    return [...this.#keys.nexuses.keys()].flatMap((nexus) => {
      const requests = [TEST_UNIT_READY];
      if (doRegister) requests.push(this.#requests.named(REGISTER, nexus));
      return requests.map((request): Step => {
        return { kind: 'command', number: ++this.commands, nexus, request };
      });
    });
  }

  step(): Step {
    const random = this.#random;
    this.#steps++;
    // A target ends a session that keeps it waiting for data for long.
    const overdue = this.#forms.inMemory ? undefined : this.#withheld[0];
    if (overdue !== undefined && overdue.sinceStep + WITHHELD_STEPS_MAX <= this.#steps) {
      this.#withheld.shift();
      return { kind: 'data', of: overdue.number };
    }
    const nexus = this.#nexus();
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
    this.#withheld.push({ number, sinceStep: this.#steps });
    return { kind: 'start', number, nexus, request };
  }

  #held(nexus: number): Step {
    const number = ++this.commands;
    const random = this.#random;
    const request = this.#requests.write(nexus);
    this.#started.push({ number, nexus });
    const other = this.#nexus();
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

  #nexus(): number {
    const { favourite, nexuses } = this.#keys;
    const isPreferred = favourite !== undefined && this.#random.below(3) === 0;
    return isPreferred ? favourite : this.#random.below(nexuses.length);
  }

  /** One of the youngest that were started, or none. */
  #one(nexus: number): { readonly number: CommandNumber; readonly nexus: number } {
    const youngest = this.#started.slice(-4);
    return youngest.length === 0 ? { number: 0, nexus } : this.#random.pick(youngest);
  }
}
