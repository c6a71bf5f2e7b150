import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import {
  MEDIUM_BYTES_MAX,
  MEDIUM_COMMANDS_MAX,
  MEDIUM_TURN_BYTES,
  STEP_COST_MIN_BYTES,
} from '../limits.ts';

/** A command that goes straight to its medium, as the gate sees it. */
export interface GatedCommand {
  /** Whose turn it is: nexuses take turns. */
  readonly nexus: object;
  /** Bytes that it moves. */
  readonly mediumBytes: number;
  /** Its position at the gate; only the gate writes it. */
  gate: 'outside' | 'waits' | 'inside';
  /** It is inside, and may be submitted now. */
  passGate(): void;
}

/**
 * Bounds the commands with data that a logical unit's medium has at a time. Media work in order of
 * arrival: without a bound, thousands of writes of some nexuses would precede the next write of any
 * other. Commands beyond the bound wait here, and nexuses take turns.
 *
 * A medium may finish a command in the turn of the event loop in which it receives it, or in a
 * microtask after it, and that admits the next one. So the bytes admitted after a wait are also
 * bounded per turn: sockets, timers and heartbeats get the event loop in between.
 */
export class MediumGate {
  readonly #clock: Clock;
  #commands = 0;
  #bytes = 0;
  /** Nexuses with waiting commands, in the order of their turns; commands in order of arrival. */
  readonly #waiting = new Map<object, Set<GatedCommand>>();
  #isAdmitting = false;
  /** Bytes that commands which waited may still move in this turn. */
  #turnBytes = MEDIUM_TURN_BYTES;
  #isTurnEndDue = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True: it may be submitted now. False: `passGate` is called when it may. */
  enter(command: GatedCommand): boolean {
    if (this.#waiting.size === 0 && this.#hasRoom(command)) {
      this.#admit(command);
      return true;
    }
    command.gate = 'waits';
    const lane = this.#waiting.get(command.nexus);
    if (lane === undefined) this.#waiting.set(command.nexus, new Set([command]));
    else lane.add(command);
    return false;
  }

  /** The medium has finished it, or has had it for so long that others need not wait for it. */
  leave(command: GatedCommand): void {
    command.gate = 'outside';
    this.#commands--;
    this.#bytes -= command.mediumBytes;
    assert(this.#commands >= 0 && this.#bytes >= 0, 'the medium has no less than nothing');
    if (this.#waiting.size > 0) this.#admitOthers();
  }

  /** It no longer waits: it was aborted, or failed. */
  withdraw(command: GatedCommand): void {
    assert(command.gate === 'waits', 'only what waits is withdrawn');
    command.gate = 'outside';
    const lane = this.#waiting.get(command.nexus);
    if (lane?.delete(command) === true && lane.size === 0) this.#waiting.delete(command.nexus);
  }

  #hasRoom({ mediumBytes }: GatedCommand): boolean {
    if (this.#commands === 0) return true;
    return this.#commands < MEDIUM_COMMANDS_MAX && this.#bytes + mediumBytes <= MEDIUM_BYTES_MAX;
  }

  #admit(command: GatedCommand): void {
    command.gate = 'inside';
    this.#commands++;
    this.#bytes += command.mediumBytes;
  }

  #admitOthers(): void {
    // A command that ends synchronously re-enters here through `leave`.
    if (this.#isAdmitting) return;
    this.#isAdmitting = true;
    while (this.#turnBytes > 0) {
      const next = this.#next();
      if (next === undefined) break;
      this.withdraw(next);
      this.#admit(next);
      this.#charge(next);
      next.passGate();
    }
    this.#isAdmitting = false;
  }

  #charge({ mediumBytes }: GatedCommand): void {
    this.#turnBytes -= Math.max(mediumBytes, STEP_COST_MIN_BYTES);
    if (this.#isTurnEndDue) return;
    this.#isTurnEndDue = true;
    this.#clock.endOfTurn(this.#onTurnEnd);
  }

  readonly #onTurnEnd = (): void => {
    this.#isTurnEndDue = false;
    this.#turnBytes = MEDIUM_TURN_BYTES;
    if (this.#waiting.size > 0) this.#admitOthers();
  };

  /** The oldest command of the nexus whose turn it is, if there is room for it. */
  #next(): GatedCommand | undefined {
    for (const [nexus, lane] of this.#waiting) {
      for (const command of lane) {
        if (!this.#hasRoom(command)) return undefined;
        this.#waiting.delete(nexus);
        this.#waiting.set(nexus, lane);
        return command;
      }
    }
    return undefined;
  }
}
