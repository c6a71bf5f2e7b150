import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { Pending } from '../../base/pending.ts';
import { whenSettled } from '../../base/pending.ts';
import { SlabPool } from '../../base/slab-pool.ts';
import { DONE, type VolumeResult } from '../../volume/volume.ts';
import type { CommandResult } from '../command-result.ts';
import {
  STEP_COST_MIN_BYTES,
  STEPS_AT_ONCE_MAX,
  STEPS_OF_UNIT_MAX,
  STEPS_SLOW_MAX,
  STEPS_TURN_BYTES,
  VERIFY_BUFFERS_FREE_MAX,
  VERIFY_STEP_BYTES,
} from '../limits.ts';
import { conditions } from '../sense-table.ts';
import {
  QueuedSteps,
  type SteppedCommand,
  type SteppedWork,
  type UnitSteps,
} from './queued-steps.ts';

/**
 * Work of the medium for which the initiator sends no data: a few bytes of command may ask for
 * hundreds of megabytes of work (VERIFY, WRITE SAME, UNMAP, ...). All nexuses of a gateway share
 * one queue. It bounds the work in one turn of the event loop, and the steps that the medium has at
 * a time, per logical unit and in total. Nexuses take turns, step by step; within a nexus the older
 * command goes first.
 *
 * A step is submitted only while its command lives (invariant I3); an aborted command leaves at
 * once, or when the medium has done the steps that it received.
 */
export class StepQueue {
  /** For steps that read into memory of their own. */
  readonly buffers = new SlabPool(VERIFY_STEP_BYTES, VERIFY_BUFFERS_FREE_MAX);
  readonly #clock: Clock;
  /** Nexuses with steps to submit, in the order of their turns. */
  readonly #lanes = new Map<object, Lane>();
  readonly #units = new WeakMap<object, UnitSteps>();
  #steps = 0;
  /** Steps that no longer count, because the media are slow with them. */
  #slow = 0;
  #turnBytes = STEPS_TURN_BYTES;
  #isTurnEndDue = false;
  #isSubmitting = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does the work; in this turn if no command waits and the medium answers at once. */
  run(command: SteppedCommand, work: SteppedWork): Pending<VolumeResult | CommandResult> {
    const { logicalUnit } = command;
    assert(logicalUnit !== undefined, 'steps are done at a logical unit');
    const steps = new QueuedSteps(command, this.#unitSteps(logicalUnit), work, this.#leave);
    if (!steps.hasNext) return DONE;
    if (command.isAborted) return conditions.commandsClearedByDeviceServer;
    command.steps = steps;
    this.#enter(steps);
    // If this unit has no room, others that wait gained none either: no search is needed.
    if (hasRoom(steps.unit)) this.#submitNext();
    return steps.result ?? new Promise((resolve) => steps.whenDone(resolve));
  }

  /**
   * The medium is slow with the steps that it has of this command, so others stop waiting for them.
   * Slow steps have a bound too, because the medium keeps their buffers.
   */
  yieldTurn(steps: QueuedSteps): void {
    const count = steps.counted;
    if (count === 0 || this.#slow + count > STEPS_SLOW_MAX) return;
    steps.counted = 0;
    steps.unit.counted -= count;
    this.#steps -= count;
    this.#slow += count;
    assert(this.#steps >= 0 && steps.unit.counted >= 0, 'slow steps were counted before');
    this.#submitNext();
  }

  #unitSteps(logicalUnit: object): UnitSteps {
    const known = this.#units.get(logicalUnit);
    if (known !== undefined) return known;
    const unit = { counted: 0, landed: 0 };
    this.#units.set(logicalUnit, unit);
    return unit;
  }

  /** Called for steps that have nothing more to submit. */
  readonly #leave = (steps: QueuedSteps): void => {
    const { nexus } = steps.command;
    const lane = this.#lanes.get(nexus);
    lane?.remove(steps);
    if (lane?.isEmpty === true) this.#lanes.delete(nexus);
  };

  #enter(steps: QueuedSteps): void {
    const { nexus } = steps.command;
    let lane = this.#lanes.get(nexus);
    if (lane === undefined) {
      lane = new Lane();
      this.#lanes.set(nexus, lane);
    }
    lane.add(steps);
  }

  #submitNext(): void {
    // A step that ends synchronously may start another command, which re-enters here.
    if (this.#isSubmitting) return;
    this.#isSubmitting = true;
    while (this.#turnBytes > 0 && this.#steps < STEPS_AT_ONCE_MAX) {
      const next = this.#next();
      if (next === undefined) break;
      this.#submit(next);
    }
    this.#isSubmitting = false;
  }

  /** Steps of the nexus whose turn it is, at a logical unit that has room for one. */
  #next(): QueuedSteps | undefined {
    for (const [nexus, lane] of this.#lanes) {
      const steps = lane.next();
      if (steps === undefined) continue;
      this.#lanes.delete(nexus);
      this.#lanes.set(nexus, lane);
      return steps;
    }
    return undefined;
  }

  #submit(steps: QueuedSteps): void {
    this.#steps++;
    const { offset, length } = steps.take();
    if (!steps.hasNext) this.#leave(steps);
    const pending = steps.work.step(offset, length);
    // A synchronous result means that the work was done in this turn.
    this.#charge(pending instanceof Promise ? 0 : length);
    whenSettled(pending, (result) => {
      if (steps.landed(result)) this.#steps--;
      else this.#slow--;
      assert(this.#steps >= 0 && this.#slow >= 0, 'a step that landed was counted');
      this.#submitNext();
    });
  }

  #charge(bytes: number): void {
    this.#turnBytes -= Math.max(bytes, STEP_COST_MIN_BYTES);
    if (this.#isTurnEndDue) return;
    this.#isTurnEndDue = true;
    this.#clock.endOfTurn(this.#onTurnEnd);
  }

  readonly #onTurnEnd = (): void => {
    this.#isTurnEndDue = false;
    this.#turnBytes = STEPS_TURN_BYTES;
    this.#submitNext();
  };
}

function hasRoom({ counted }: UnitSteps): boolean {
  return counted < STEPS_OF_UNIT_MAX;
}

/** The stepped commands of one nexus, in order of arrival at each logical unit. */
class Lane {
  readonly #units = new Map<UnitSteps, Set<QueuedSteps>>();

  get isEmpty(): boolean {
    return this.#units.size === 0;
  }

  add(steps: QueuedSteps): void {
    const { unit } = steps;
    const waiting = this.#units.get(unit);
    if (waiting === undefined) this.#units.set(unit, new Set([steps]));
    else waiting.add(steps);
  }

  remove(steps: QueuedSteps): void {
    const { unit } = steps;
    const waiting = this.#units.get(unit);
    if (waiting?.delete(steps) === true && waiting.size === 0) this.#units.delete(unit);
  }

  next(): QueuedSteps | undefined {
    for (const [unit, waiting] of this.#units) {
      if (!hasRoom(unit)) continue;
      for (const steps of waiting) {
        // Commands that are skipped have steps with the medium, so they are few.
        if (!steps.maySubmit) continue;
        this.#units.delete(unit);
        this.#units.set(unit, waiting);
        return steps;
      }
    }
    return undefined;
  }
}
