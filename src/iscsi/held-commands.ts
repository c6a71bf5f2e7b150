import { assert } from '../base/assert.ts';
import { BHS_BYTES, HELD_BYTES_MAX, HELD_COMMANDS_MAX } from './limits.ts';
import { Pdu } from './wire/pdu.ts';

interface HeldCommand {
  /** Undefined: it was aborted; its CmdSN counts as taken when its turn comes. */
  readonly pdu: Pdu | undefined;
  readonly intact: boolean;
}

/** Command PDUs that arrived ahead of their CmdSN, copied, until the missing ones arrive. */
export class HeldCommands {
  readonly #bytesMax: number;
  readonly #held = new Map<number, HeldCommand>();
  #heldBytes = 0;

  constructor(bytesMax = HELD_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  get size(): number {
    return this.#held.size;
  }

  /** False: the bound is reached, and the connection must end. A repetition is dropped. */
  hold(cmdSn: number, pdu: Pdu, intact: boolean): boolean {
    if (this.#held.has(cmdSn)) return true;
    const size = BHS_BYTES + pdu.ahsLength + pdu.dataLength;
    if (this.#held.size >= HELD_COMMANDS_MAX || this.#heldBytes + size > this.#bytesMax) {
      return false;
    }
    this.#heldBytes += size;
    this.#held.set(cmdSn, { pdu: copyOf(pdu), intact });
    return true;
  }

  /** An aborted command: left out, whether it is held or still comes. False: no room. */
  skip(cmdSn: number): boolean {
    this.#remove(cmdSn);
    if (this.#held.size >= HELD_COMMANDS_MAX) return false;
    this.#held.set(cmdSn, { pdu: undefined, intact: true });
    return true;
  }

  take(cmdSn: number): HeldCommand | undefined {
    return this.#remove(cmdSn);
  }

  #remove(cmdSn: number): HeldCommand | undefined {
    const held = this.#held.get(cmdSn);
    if (held === undefined) return undefined;
    this.#held.delete(cmdSn);
    const { pdu } = held;
    if (pdu !== undefined) this.#heldBytes -= BHS_BYTES + pdu.ahsLength + pdu.dataLength;
    assert(this.#heldBytes >= 0, 'what is held is never less than nothing');
    return held;
  }
}

function copyOf(pdu: Pdu): Pdu {
  const copy = new Pdu();
  copy.bytes = pdu.bytes.slice(pdu.base, pdu.base + BHS_BYTES + pdu.ahsLength);
  copy.ahsLength = pdu.ahsLength;
  copy.dataLength = pdu.dataLength;
  if (pdu.dataLength > 0) {
    copy.data.push(pdu.joinedData().slice());
    copy.slabs.push(undefined);
  }
  return copy;
}
