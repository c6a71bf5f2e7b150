// Commands of two nexuses at one slow disk under random events: what a test of the life of a task
// runs, and what it watches.

import { TRANSFER_LENGTH_MAX_BYTES } from '../../src/scsi/limits.ts';
import { encodeLun } from '../../src/scsi/lun.ts';
import type { Nexus, TaskManagementFunction } from '../../src/scsi/nexus.ts';
import type { TaskAttribute } from '../../src/scsi/task.ts';
import type { Abort } from '../../src/scsi/tasks/abort-settlement.ts';
import { Execution } from '../../src/scsi/tasks/execution.ts';
import {
  TaskEvent,
  type TaskEventName,
  TaskState,
  type TaskStateName,
} from '../../src/scsi/tasks/task-life.ts';
import { TaskManager } from '../../src/scsi/tasks/task-manager.ts';
import { ScsiBench, TestTask } from './scsi-bench.ts';
import { setModes } from './set-modes.ts';
import { settle } from './virtual-clock.ts';

const STATES = Object.keys(TaskState) as TaskStateName[];
const EVENTS = Object.keys(TaskEvent) as TaskEventName[];
const BLOCK = new Uint8Array(512);
const TWO_BLOCKS = new Uint8Array(1024);
/** Two of them fill the gate of a medium. */
const HUGE = new Uint8Array(TRANSFER_LENGTH_MAX_BYTES);
const HUGE_BLOCKS = TRANSFER_LENGTH_MAX_BYTES / 512;

interface Kind {
  readonly cdb: readonly number[];
  readonly data?: Uint8Array;
  readonly dataInExpected?: number;
}

const kinds = {
  write: { cdb: [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0], data: BLOCK },
  hugeWrite: {
    cdb: [0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, HUGE_BLOCKS >> 8, HUGE_BLOCKS & 255, 0, 0],
    data: HUGE,
  },
  read: { cdb: [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0], dataInExpected: 512 },
  verify: { cdb: [0x2f, 0, 0, 0, 0, 0, 0, 0x10, 0, 0] },
  compareAndWrite: {
    cdb: [0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
    data: TWO_BLOCKS,
  },
  testUnitReady: { cdb: [0, 0, 0, 0, 0, 0] },
} as const satisfies Record<string, Kind>;
export type KindName = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as KindName[];

export const managementFunctions = [
  'abortTask',
  'abortTaskSet',
  'logicalUnitReset',
  'iTNexusReset',
] as const satisfies readonly TaskManagementFunction[];

export type LifeStep =
  | {
      readonly kind: 'send';
      readonly command: KindName;
      readonly nexus: number;
      readonly tag: number;
      readonly attribute: TaskAttribute;
      readonly immediate: boolean;
    }
  | { readonly kind: 'data' | 'fail'; readonly which: number }
  | { readonly kind: 'release' | 'shut' | 'unmapped' | 'mapped' }
  | { readonly kind: 'protect' | 'tas' | 'lease' | 'protectWithoutLease'; readonly on: boolean }
  | { readonly kind: 'fence'; readonly isHeld: boolean }
  | {
      readonly kind: 'manage';
      readonly name: (typeof managementFunctions)[number];
      readonly nexus: number;
      readonly tag: number;
    }
  | { readonly kind: 'lose'; readonly nexus: number }
  | { readonly kind: 'time'; readonly ms: number };

/** A command whose memory for data-in is there when the test says so. */
class WaitingTask extends TestTask {
  readonly #isImmediate: boolean;

  constructor(kind: Kind, step: Extract<LifeStep, { kind: 'send' }>) {
    const { tag, attribute, immediate } = step;
    super(kind.cdb, { ...kind, tag, attribute, immediate });
    this.#isImmediate = immediate;
  }

  override requestDataIn(): boolean {
    return this.#isImmediate;
  }

  /** Gives it what it waits for. */
  serve(): void {
    if (this.dataOutExpected > 0) this.deliver();
    else this.owner?.dataInGranted();
  }
}

/** What was seen of all lives: transitions as `state event`, and aborts. */
export class LifeWatch {
  readonly seen = new Set<string>();
  readonly aborts = new Set<Abort>();
  readonly #restore: () => void;

  constructor() {
    const { seen, aborts } = this;
    const { move } = Execution.prototype;
    const { abort } = TaskManager.prototype;
    Execution.prototype.move = function (event) {
      seen.add(`${STATES[this.state]} ${EVENTS[event]}`);
      move.call(this, event);
    };
    TaskManager.prototype.abort = function (execution, event) {
      const made = abort.call(this, execution, event);
      for (const each of made) aborts.add(each);
      return made;
    };
    this.#restore = () => {
      Execution.prototype.move = move;
      TaskManager.prototype.abort = abort;
    };
  }

  close(): void {
    this.#restore();
  }
}

/** One run of random events. */
export class TaskLives {
  readonly #bench: ScsiBench;
  readonly #nexuses: Nexus[];
  readonly #tasks: WaitingTask[] = [];
  readonly #answers: PromiseLike<unknown>[] = [];

  static async open(): Promise<TaskLives> {
    const bench = await ScsiBench.open({ blocks: 2 * HUGE_BLOCKS, taskSetDepthMax: 64 });
    // What the medium does is of no interest here, and takes no time.
    bench.volume.fault = { status: 'done' };
    bench.volume.shut = true;
    return new TaskLives(bench);
  }

  private constructor(bench: ScsiBench) {
    this.#bench = bench;
    bench.volume.shut = false;
    this.#nexuses = [bench.nexus, bench.openNexus()];
    bench.volume.shut = true;
  }

  async take(step: LifeStep): Promise<void> {
    this.#act(step);
    await settle();
  }

  /** Lets everything end; returns what is wrong. */
  async finish(): Promise<string[]> {
    const { clock, lease, volume, logicalUnit } = this.#bench;
    lease.renew();
    for (let i = 0; i < 100 && this.#tasks.some(({ ends }) => ends.length === 0); i++) {
      volume.endFence(true);
      volume.holdFences = false;
      volume.releaseAll();
      for (const task of this.#tasks) if (task.state === 'awaitingData') task.serve();
      await clock.advance(1000);
    }
    volume.endFence(true);
    await clock.advance(60_000);
    for (const nexus of this.#nexuses) this.#answers.push(nexus.close());
    await Promise.all(this.#answers);
    const wrong = this.#tasks.filter(({ ends }) => ends.length !== 1);
    return [
      ...wrong.map(({ ends, tag, cdb }) => `command ${cdb[0]} of tag ${tag}: ends ${ends.join()}`),
      ...(this.#outstanding === 0 ? [] : [`${this.#outstanding} commands are left`]),
      ...(logicalUnit.nexuses.size === 0 ? [] : ['a lost nexus is remembered']),
    ];
  }

  get #outstanding(): number {
    return this.#nexuses.reduce((sum, { outstanding }) => sum + outstanding, 0);
  }

  #act(step: LifeStep): void {
    const { volume, logicalUnit, clock } = this.#bench;
    switch (step.kind) {
      case 'send':
        this.#send(step);
        break;
      case 'data':
        this.#nth(step.which, ({ state }) => state === 'awaitingData')?.serve();
        break;
      case 'fail':
        this.#nth(step.which, ({ owner }) => owner !== undefined)?.owner?.fail('dataPhaseError');
        break;
      case 'release':
        volume.release();
        break;
      case 'shut':
        volume.shut = true;
        break;
      case 'mapped':
      case 'unmapped':
        for (const nexus of this.#nexuses) {
          nexus.updateLuns(step.kind === 'mapped' ? new Map([[0, logicalUnit]]) : new Map());
        }
        break;
      case 'protect':
        setModes(logicalUnit, { swp: step.on });
        break;
      case 'tas':
        setModes(logicalUnit, { tas: step.on }, 'saved');
        break;
      case 'lease':
        this.#setLease(step.on);
        break;
      case 'protectWithoutLease':
        setModes(logicalUnit, { swp: step.on });
        this.#setLease(!step.on);
        break;
      case 'fence':
        volume.endFence(true);
        volume.holdFences = step.isHeld;
        break;
      case 'manage':
        this.#manage(step.name, step.nexus, step.tag);
        break;
      case 'lose':
        this.#answers.push(this.#nexuses[step.nexus]!.close());
        this.#nexuses[step.nexus] = this.#bench.openNexus();
        break;
      case 'time':
        for (const nexus of this.#nexuses) nexus.age(step.ms);
        this.#answers.push(clock.advance(step.ms));
        break;
    }
  }

  #setLease(runs: boolean): void {
    const { lease } = this.#bench;
    if (runs) lease.renew();
    else lease.end();
  }

  #send(step: Extract<LifeStep, { kind: 'send' }>): void {
    const task = new WaitingTask(kinds[step.command], step);
    this.#tasks.push(task);
    this.#nexuses[step.nexus]!.submit(task);
  }

  #manage(name: (typeof managementFunctions)[number], nexus: number, referencedTag: number): void {
    const request = { function: name, lun: encodeLun(0), referencedTag };
    this.#answers.push(Promise.resolve(this.#nexuses[nexus]!.manage(request)));
  }

  #nth(which: number, is: (task: WaitingTask) => boolean): WaitingTask | undefined {
    const tasks = this.#tasks.filter(is);
    return tasks[which % Math.max(tasks.length, 1)];
  }
}
