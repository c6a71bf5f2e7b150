import { BHS_BYTES, HELD_BYTES_MAX, HELD_COMMANDS_MAX } from './limits.ts';
import { Pdu } from './wire/pdu.ts';

interface HeldCommand {
  readonly pdu: Pdu;
  readonly intact: boolean;
}

/** Command PDUs that came ahead of their CmdSN, copied, until those between have come. */
export class HeldCommands {
  readonly #held = new Map<number, HeldCommand>();
  #heldBytes = 0;

  /** False: the bound is reached, and the connection must end. A repetition is dropped. */
  hold(cmdSn: number, pdu: Pdu, intact: boolean): boolean {
    if (this.#held.has(cmdSn)) return true;
    const size = BHS_BYTES + pdu.ahsLength + pdu.dataLength;
    if (this.#held.size >= HELD_COMMANDS_MAX || this.#heldBytes + size > HELD_BYTES_MAX) {
      return false;
    }
    this.#heldBytes += size;
    this.#held.set(cmdSn, { pdu: copyOf(pdu), intact });
    return true;
  }

  take(cmdSn: number): HeldCommand | undefined {
    if (this.#held.size === 0) return undefined;
    const held = this.#held.get(cmdSn);
    if (held !== undefined) {
      this.#held.delete(cmdSn);
      this.#heldBytes -= BHS_BYTES + held.pdu.ahsLength + held.pdu.dataLength;
    }
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
