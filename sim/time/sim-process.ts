import type { Clock, Timer } from '../../src/base/clock.ts';
import type { SeededRandom } from '../../test/support/seeded-random.ts';
import { settle } from './settle.ts';
import type { Timeline } from './timeline.ts';
import { TurnEnd } from './turn-end.ts';

/** One turn of the event loop takes at most this many inputs. */
const TURN_INPUTS_MAX = 8;
/** How long after its first input a turn begins. */
const TURN_DELAY_MAX_MS = 0.1;

type Input = () => void;

/** Inputs of one source keep their order: a connection, the timers, an addon. */
export class InputSource {
  readonly inputs: Input[] = [];
}

/**
 * A process with its own event loop: everything that reaches its code goes through this gate. A
 * paused process gets neither timers nor bytes nor answers until it continues, and then in any
 * order that its sources allow. A killed process never gets anything again.
 */
export class SimProcess {
  readonly name: string;
  readonly clock: Clock;
  readonly #timeline: Timeline;
  readonly #random: SeededRandom;
  readonly #timers = new InputSource();
  readonly #turnEnd: TurnEnd;
  readonly #onChange: (() => void)[] = [];
  /** The sources that have inputs, in the order in which they got the first. */
  #ready: InputSource[] = [];
  #isTurning = false;
  #state: 'running' | 'paused' | 'dead' = 'running';
  #pausedMs = 0;
  #lostMs = 0;
  /** A planted error: its clock stands still while it is paused. */
  clockStops = false;

  constructor(name: string, timeline: Timeline, random: SeededRandom) {
    this.name = name;
    this.#timeline = timeline;
    this.#random = random;
    this.#turnEnd = new TurnEnd(random);
    this.clock = {
      now: () => timeline.nowMs - this.#lostMs,
      after: (delayMs, action) => this.#after(delayMs, action),
      endOfTurn: (action) => {
        this.#turnEnd.add(action);
        this.#scheduleTurn();
      },
    };
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  get isPaused(): boolean {
    return this.#state === 'paused';
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  /** Passes an input to the process: now, when it continues, or never. */
  deliver(source: InputSource, input: Input): void {
    if (this.#state === 'dead') return;
    if (source.inputs.push(input) === 1) this.#ready.push(source);
    this.#scheduleTurn();
  }

  /** Calls `action` whenever the process continues or dies. */
  onChange(action: () => void): void {
    this.#onChange.push(action);
  }

  pause(): void {
    if (this.#state !== 'running') return;
    this.#state = 'paused';
    this.#pausedMs = this.#timeline.nowMs;
  }

  resume(): void {
    if (this.#state !== 'paused') return;
    this.#state = 'running';
    if (this.clockStops) this.#lostMs += this.#timeline.nowMs - this.#pausedMs;
    this.#scheduleTurn();
    for (const action of this.#onChange) action();
  }

  kill(): void {
    if (this.#state === 'dead') return;
    this.#state = 'dead';
    this.#ready = [];
    this.#turnEnd.clear();
    for (const action of this.#onChange) action();
  }

  #after(delayMs: number, action: () => void): Timer {
    let isOver = false;
    const timer = this.#timeline.after(delayMs, () => {
      this.deliver(this.#timers, () => {
        if (!isOver) action();
      });
    });
    return {
      cancel: () => {
        isOver = true;
        timer.cancel();
      },
    };
  }

  #scheduleTurn(): void {
    if (this.#isTurning || this.#state !== 'running') return;
    if (this.#ready.length === 0 && this.#turnEnd.isEmpty) return;
    this.#isTurning = true;
    this.#timeline.after(this.#delay(), () => this.#takeInputs());
  }

  async #takeInputs(): Promise<void> {
    const count = 1 + this.#random.below(TURN_INPUTS_MAX);
    for (let i = 0; i < count && this.#state === 'running' && this.#ready.length > 0; i++) {
      this.#nextInput()();
      await settle();
    }
    this.#timeline.after(this.#delay(), () => this.#endTurn());
  }

  /** As in libuv, the order in which sources take turns is not defined. */
  #nextInput(): Input {
    const at = this.#ready.length === 1 ? 0 : this.#random.below(this.#ready.length);
    const { inputs } = this.#ready[at]!;
    const input = inputs.shift()!;
    if (inputs.length === 0) this.#ready.splice(at, 1);
    return input;
  }

  async #endTurn(): Promise<void> {
    this.#isTurning = false;
    if (this.#state === 'running') {
      for (const action of this.#turnEnd.take()) {
        action();
        await settle();
      }
    }
    this.#scheduleTurn();
  }

  #delay(): number {
    return (this.#random.below(1024) / 1024) * TURN_DELAY_MAX_MS;
  }
}
