import { assert } from '../../base/assert.ts';
import type { Pending } from '../../base/pending.ts';
import { DONE, type VolumeResult } from '../../volume/volume.ts';
import type { CommandResult } from '../command-result.ts';
import { conditions } from '../sense-table.ts';

/** A command that works in steps, as their queue sees it. */
export interface SteppedCommand {
  /** Whose turn it is: nexuses take turns. */
  readonly nexus: object;
  readonly logicalUnit: object | undefined;
  /** True: it must make no further step. */
  readonly isAborted: boolean;
  /** The steps that it waits for; set by the step queue. */
  steps: QueuedSteps | undefined;
  /** The medium received or ended a step of it: it is not stuck. */
  progressed(): void;
}

/** A range of the medium, in bytes. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** Work that a command does with its medium, cut into steps. */
export interface SteppedWork {
  /** Done in this order. */
  readonly ranges: readonly ByteRange[];
  readonly stepBytes: number;
  /** Steps of this command that the medium may have at a time. */
  readonly atOnce: number;
  step(offset: number, length: number): Pending<VolumeResult | CommandResult>;
}

/** The steps of one logical unit. */
export interface UnitSteps {
  /** With the medium, and counted against the bounds. */
  counted: number;
  /** Steps of any command that the medium has done so far. */
  landed: number;
}

/** The steps of one command, from the first that waits to the last that is done. */
export class QueuedSteps {
  readonly command: SteppedCommand;
  readonly unit: UnitSteps;
  readonly work: SteppedWork;
  result: VolumeResult | CommandResult | undefined = undefined;
  readonly #leave: (steps: QueuedSteps) => void;
  /** Index of the next range, and how far it is done. */
  #range = 0;
  #doneBytes = 0;
  #withMedium = 0;
  /** Of these, the steps that count against the bounds; written by the queue too. */
  counted = 0;
  #landedSeen: number;
  #failure: VolumeResult | CommandResult | undefined = undefined;
  #whenDone: ((result: VolumeResult | CommandResult) => void) | undefined = undefined;

  /** `leave` is called when it has nothing more to submit because it failed or was aborted. */
  constructor(
    command: SteppedCommand,
    unit: UnitSteps,
    work: SteppedWork,
    leave: (steps: QueuedSteps) => void,
  ) {
    this.command = command;
    this.unit = unit;
    this.#landedSeen = unit.landed;
    this.work = work;
    this.#leave = leave;
    this.#skipEmpty();
  }

  /** The medium has no step of the command: it waits for its turn. */
  get isWaiting(): boolean {
    return this.#withMedium === 0;
  }

  get hasNext(): boolean {
    return this.#failure === undefined && this.#range < this.work.ranges.length;
  }

  get maySubmit(): boolean {
    return this.#withMedium < this.work.atOnce;
  }

  whenDone(next: (result: VolumeResult | CommandResult) => void): void {
    this.#whenDone = next;
  }

  /** Removes the next step, which the medium has from now on. */
  take(): ByteRange {
    const range = this.work.ranges[this.#range];
    assert(range !== undefined && this.hasNext, 'a step is taken only where there is one');
    const length = Math.min(this.work.stepBytes, range.length - this.#doneBytes);
    const step = { offset: range.offset + this.#doneBytes, length };
    assert(length > 0, 'a step does something');
    this.#doneBytes += length;
    if (this.#doneBytes === range.length) {
      this.#doneBytes = 0;
      this.#range++;
      this.#skipEmpty();
    }
    // The command ages from when the medium receives it: waiting for others is not the medium's
    // fault.
    if (this.#withMedium++ === 0) this.command.progressed();
    this.counted++;
    this.unit.counted++;
    return step;
  }

  /** The medium has done a step. True: the step still counted against the bounds. */
  landed(result: VolumeResult | CommandResult): boolean {
    assert(this.#withMedium > 0, 'a step that landed was with the medium');
    const isCounted = this.counted === this.#withMedium;
    if (isCounted) {
      this.counted--;
      this.unit.counted--;
      assert(this.unit.counted >= 0, 'a unit counts no less than no step');
    }
    this.#withMedium--;
    this.unit.landed++;
    this.command.progressed();
    if (result.status !== 'done') this.#fail(result);
    this.#finishIfOver();
    return isCounted;
  }

  /**
   * The medium has done steps of this unit since the last call: waiting steps are making progress.
   */
  takeProgressOfOthers(): boolean {
    const { landed } = this.unit;
    const isProgress = landed !== this.#landedSeen;
    this.#landedSeen = landed;
    return isProgress;
  }

  /** The command was aborted: no further step is submitted. */
  drop(): void {
    this.#fail(conditions.commandsClearedByDeviceServer);
    this.#finishIfOver();
  }

  /** The command is forbidden: if it has steps to submit, they are not, and it ends so. */
  refuse(result: CommandResult): void {
    if (!this.hasNext) return;
    this.#fail(result);
    this.#finishIfOver();
  }

  #fail(result: VolumeResult | CommandResult): void {
    if (this.#failure !== undefined) return;
    this.#failure = result;
    this.#leave(this);
  }

  #finishIfOver(): void {
    if (this.hasNext || this.#withMedium > 0 || this.result !== undefined) return;
    this.result = this.#failure ?? DONE;
    this.command.steps = undefined;
    this.#whenDone?.(this.result);
  }

  #skipEmpty(): void {
    while (this.work.ranges[this.#range]?.length === 0) this.#range++;
  }
}
