import { setTimeout as delay } from 'node:timers/promises';
import { write16 } from '../../initiator/cdb.ts';
import { DataOut, NO_BYTES, Opcode, type Pdu, pdu, R2t } from '../../initiator/pdu.ts';
import { ATTACKER_NAME, type Attack, type AttackField } from './attack.ts';
import { AttackSession, floodFrom } from './attack-session.ts';

const NO_SUCH_COMMAND = new Uint8Array(16).fill(0xff);
const ANNOUNCED_BYTES = 4096;

/** A burst that is announced but never comes must cost the target nothing after its refusal. */
const announcedBursts: Attack = {
  name: 'announced bursts',
  does: 'floods with commands that are refused at once, and never sends the data they announce',
  start: (field) => {
    const command = {
      cdb: NO_SUCH_COMMAND,
      dataOut: NO_BYTES,
      expectedLength: ANNOUNCED_BYTES,
      isFinal: false,
    };
    return floodFrom(field, () => () => command);
  },
};

/** Gateways share their memory by network: the attackers are to be of another one. */
const ATTACKERS_ADDRESS = '127.0.0.2';
const SLOW_SESSIONS_FACTOR = 4;
const SLOW_WRITES = 40;
const SLOW_WRITE_BYTES = 512 * 1024;
const LONG_WRITE_BYTES = 16 * 1024 * 1024;
const LONG_WRITE_BYTES_MIN = 1024 * 1024;
/** Often enough that no burst is overdue. */
const BYTE_INTERVAL_MS = 3000;
/** A command is asked for one burst at a time, so that its data takes as long as it may. */
const ONE_BURST_KEYS = { InitialR2T: 'Yes', ImmediateData: 'No', MaxOutstandingR2T: '1' };

/** Keeps memory that was promised to writes for as long as the target lets it. */
const byteByByte: Attack = {
  name: 'byte by byte',
  does: 'owes 512 KiB writes from four times as many sessions, and sends a byte of each every 3 s',
  start: (near) => {
    const field = { ...near, address: { ...near.address, localAddress: ATTACKERS_ADDRESS } };
    return sendSlowly(field, (index) => [`${ATTACKER_NAME}-${index}`, SLOW_WRITE_BYTES]);
  },
};

/** The initiators of an address share what it may have. */
const byteByByteBeside: Attack = {
  name: 'byte by byte beside others',
  does: 'is one initiator at the address of others that owes 16 to 1 MiB writes in the same way',
  start: (field) => sendSlowly(field, (index) => [ATTACKER_NAME, longBytes(index)]),
};

/** The longest first: the others fill what these leave. */
function longBytes(index: number): number {
  return Math.max(LONG_WRITE_BYTES >> (index >> 3), LONG_WRITE_BYTES_MIN);
}

function sendSlowly(
  field: AttackField,
  sessionOf: (index: number) => readonly [name: string, writeBytes: number],
): Promise<void> {
  const begun: Promise<void>[] = [];
  for (let index = 0; index < SLOW_SESSIONS_FACTOR * field.sessions; index++) {
    const [name, writeBytes] = sessionOf(index);
    begun.push(new Promise((resolve) => void sendSlowlyForEver(field, writeBytes, name, resolve)));
  }
  return Promise.all(begun).then(() => undefined);
}

/** Opens its session again each time the target ends it. */
async function sendSlowlyForEver(
  field: AttackField,
  writeBytes: number,
  name: string,
  onBegun: () => void,
): Promise<void> {
  for (;;) {
    const session = await AttackSession.open(field, name, { keys: ONE_BURST_KEYS });
    const bursts: SlowBurst[] = [];
    session.onR2t = (request) => {
      bursts.push(new SlowBurst(session, request));
    };
    const cdb = write16(0, writeBytes / field.blockLength);
    for (let write = 0; write < SLOW_WRITES; write++) {
      session.send({ cdb, dataOut: NO_BYTES, expectedLength: writeBytes });
    }
    onBegun();
    while (session.connection.isOpen) {
      await delay(BYTE_INTERVAL_MS);
      for (const burst of bursts) burst.sendByte();
    }
  }
}

/** The answer to one R2T, of one byte a PDU. */
class SlowBurst {
  readonly #session: AttackSession;
  readonly #bhs: Buffer;
  #sent = 0;

  constructor(session: AttackSession, { bhs }: Pdu) {
    this.#session = session;
    this.#bhs = bhs;
  }

  /** All but the last, which would end the burst. */
  sendByte(): void {
    const bhs = this.#bhs;
    const session = this.#session;
    if (!session.connection.isOpen || this.#sent + 1 >= R2t.desiredLength.get(bhs)) return;
    const fields = {
      opcode: Opcode.dataOut,
      initiatorTaskTag: R2t.initiatorTaskTag.get(bhs),
      targetTransferTag: R2t.targetTransferTag.get(bhs),
      expStatSn: session.expStatSn,
      dataSn: this.#sent,
      bufferOffset: R2t.bufferOffset.get(bhs) + this.#sent,
    };
    session.connection.send(pdu(DataOut, fields, new Uint8Array(1)));
    session.field.tally.requests++;
    this.#sent++;
  }
}

/** Attacks by data-out that a command needs and that does not come. */
export const owedDataAttacks: readonly Attack[] = [announcedBursts, byteByByte, byteByByteBeside];
