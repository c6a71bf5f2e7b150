import { MEDIUM_BYTES_MAX, MEDIUM_COMMANDS_MAX } from './limits.ts';

/** A command that goes straight to its medium, as the gate sees it. */
export interface GatedCommand {
  /** Whose turn it is: nexuses take turns. */
  readonly nexus: object;
  /** Bytes that it moves. */
  readonly mediumBytes: number;
  /** Where it stands at the gate; written by the gate alone. */
  gate: 'outside' | 'waits' | 'inside';
  /** It is inside, and may be submitted now. */
  passGate(): void;
}

/**
 * What commands with data a logical unit's medium has at a time. Media work off what they have in
 * the order of its coming: without a bound the thousands of writes of some nexuses would stand
 * before the next write of each other. What is beyond the bound waits here, and nexuses take turns.
 */
export class MediumGate {
  #commands = 0;
  #bytes = 0;
  /** Nexuses with commands that wait, in the order of their turns; the commands in that of arrival. */
  readonly #waiting = new Map<object, Set<GatedCommand>>();
  #isAdmitting = false;

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

  /** The medium is done with it, or has had it for so long that others need not wait for it. */
  leave(command: GatedCommand): void {
    command.gate = 'outside';
    this.#commands--;
    this.#bytes -= command.mediumBytes;
    if (this.#waiting.size > 0) this.#admitOthers();
  }

  /** It waits no longer: it was aborted, or failed. */
  withdraw(command: GatedCommand): void {
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
    // A command that ends at once leaves at once, and comes by here.
    if (this.#isAdmitting) return;
    this.#isAdmitting = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.withdraw(next);
      this.#admit(next);
      next.passGate();
    }
    this.#isAdmitting = false;
  }

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
