import { Connection } from '../initiator/connection.ts';
import type { Address } from '../initiator/host.ts';
import { violation } from '../initiator/initiator-error.ts';
import { freshIsid, login } from '../initiator/login.ts';
import {
  BHS_LENGTH,
  Bhs,
  LoginResponse,
  NO_TAG,
  NopOut,
  Opcode,
  type Pdu,
  pdu,
  Reject,
} from '../initiator/pdu.ts';
import { SequenceWatch } from '../initiator/sequence-watch.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { loginText } from './login-corpus.ts';
import { mutated } from './mutation.ts';
import { loginRequest, type Position, randomRequest, wireBytes } from './pdu-corpus.ts';

export type FuzzKind = 'beforeLogin' | 'afterLogin' | 'loginText';

export interface FuzzOptions {
  readonly address: Address;
  readonly targetName: string;
  readonly random: SeededRandom;
  /** Hostile PDUs in all. */
  readonly inputs: number;
  readonly kind: FuzzKind;
  readonly onProgress?: (inputs: number) => void;
}

export interface FuzzReport {
  readonly inputs: number;
  readonly connections: number;
  readonly answers: number;
  /** Answers by kind. */
  readonly opcodes: Readonly<Record<string, number>>;
}

const BATCH_MAX = 40;
/** Connections that the peer did not end this long after we said we send no more: a hang. */
const END_LIMIT_MS = 60_000;
const CONNECTIONS_AT_ONCE = 8;
/** The NOP-Out behind a batch; when nothing answers it, the batch has swallowed it. */
const LAST_TAG = 0xfffffff0;
const SWALLOWED_MS = 200;
/** TotalAHSLength and DataSegmentLength. */
const FRAMING_FROM = 4;
const FRAMING_TO = 8;
const ANSWER_OPCODES = new Set<number>([
  Opcode.nopIn,
  Opcode.scsiResponse,
  Opcode.taskManagementResponse,
  Opcode.textResponse,
  Opcode.dataIn,
  Opcode.logoutResponse,
  Opcode.r2t,
  Opcode.asyncMessage,
  Opcode.reject,
]);

/**
 * Sends hostile PDUs over many connections. Rejects when an answer is none that RFC 7143 allows,
 * or a connection hangs; the seed repeats the inputs.
 */
export async function fuzzPdus(options: FuzzOptions): Promise<FuzzReport> {
  const fuzz = new PduFuzz(options);
  await Promise.all(Array.from({ length: CONNECTIONS_AT_ONCE }, () => fuzz.run()));
  return fuzz.report();
}

class PduFuzz {
  readonly #options: FuzzOptions;
  #inputs = 0;
  #connections = 0;
  #answers = 0;
  readonly #opcodes: Record<string, number> = {};

  constructor(options: FuzzOptions) {
    this.#options = options;
  }

  report(): FuzzReport {
    return {
      inputs: this.#inputs,
      connections: this.#connections,
      answers: this.#answers,
      opcodes: this.#opcodes,
    };
  }

  async run(): Promise<void> {
    const { inputs, kind, onProgress } = this.#options;
    while (this.#inputs < inputs) {
      if (kind === 'afterLogin') await this.#afterLogin();
      else await this.#beforeLogin(kind === 'loginText');
      onProgress?.(this.#inputs);
    }
  }

  /** One connection: a few Login Requests, changed in their header or in their text alone. */
  async #beforeLogin(textOnly: boolean): Promise<void> {
    const { address, targetName, random } = this.#options;
    const connection = await this.#open(address);
    connection.onPdu = (received) => {
      this.#count(received);
      guard(connection, () => checkBeforeLogin(received));
    };
    const count = 1 + random.below(textOnly ? 4 : 3);
    const position = { cmdSn: 1, expStatSn: 0, initiatorTaskTag: random.below(65_536) };
    const parts: Buffer[] = [];
    for (let index = 0; index < count; index++) {
      parts.push(textOnly ? this.#loginText(position) : this.#loginRequest(position));
      this.#inputs += 1;
    }
    connection.sendRaw(...parts);
    await ended(connection, targetName);
  }

  #loginText(position: Position): Buffer {
    const { random, targetName } = this.#options;
    const request = loginRequest(position, []);
    const text = loginText(targetName, random);
    Bhs.dataSegmentLength.set(request.bhs, text.length);
    // Any stage, with and without T and C.
    request.bhs[1] = random.pick([0x87, 0x87, 0x04, 0x44, 0x81, 0x00, 0x40]);
    return wireBytes({ ...request, data: text });
  }

  #loginRequest(position: Position): Buffer {
    const { random, targetName } = this.#options;
    const sound = loginRequest(position, [
      ['InitiatorName', 'iqn.2026-11.test:fuzz'],
      ['TargetName', targetName],
      ['SessionType', 'Normal'],
    ]);
    if (random.below(4) === 0) return mutated(wireBytes(randomRequest(position, random)), random);
    return mutated(wireBytes(sound), random);
  }

  /** One session: a batch of changed PDUs. */
  async #afterLogin(): Promise<void> {
    const { address, targetName, random } = this.#options;
    const connection = await this.#open(address);
    connection.maxRecvDataSegmentLength = 262_144;
    const initiatorName = 'iqn.2026-11.test:fuzz';
    const result = await login(connection, { initiatorName, targetName, isid: freshIsid() });
    const watch = new SequenceWatch({ ...result, cmdSn: 1 });
    // Which of our commands have a sound CmdSN is not known: any ExpCmdSN ahead is lawful.
    watch.cmdSn = 0x3fff_ffff;
    connection.onPdu = (received) => {
      this.#count(received);
      guard(connection, () => checkAfterLogin(received, watch));
    };
    const parts: Buffer[] = [];
    const count = 1 + random.below(BATCH_MAX);
    for (let index = 0; index < count; index++) {
      const position = {
        cmdSn: 1 + index,
        expStatSn: watch.expStatSn,
        initiatorTaskTag: 1 + random.below(index + 2),
      };
      const sound = wireBytes(randomRequest(position, random));
      parts.push(random.below(3) === 0 ? sound : changed(sound, random));
      this.#inputs += 1;
    }
    connection.sendRaw(...parts);
    await this.#settled(connection);
    await ended(connection, targetName);
  }

  /** Resolves when the batch is worked off: answered, or the session ended, or swallowed. */
  async #settled(connection: Connection): Promise<void> {
    const answered = new Promise<void>((resolve) => {
      const check = connection.onPdu;
      connection.onPdu = (received) => {
        check?.(received);
        if (Bhs.initiatorTaskTag.get(received.bhs) === LAST_TAG) resolve();
      };
    });
    const fields = { immediate: 1, final: 1, targetTransferTag: NO_TAG, cmdSn: 1 };
    connection.send(pdu(NopOut, { opcode: Opcode.nopOut, initiatorTaskTag: LAST_TAG, ...fields }));
    let timer: NodeJS.Timeout | undefined;
    const swallowed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, SWALLOWED_MS);
    });
    await Promise.race([answered, connection.closed, swallowed]);
    clearTimeout(timer);
  }

  async #open(address: Address): Promise<Connection> {
    this.#connections += 1;
    return Connection.open(address, END_LIMIT_MS);
  }

  #count({ bhs }: Pdu): void {
    this.#answers += 1;
    const name = Bhs.opcode.get(bhs).toString(16);
    this.#opcodes[name] = (this.#opcodes[name] ?? 0) + 1;
  }
}

/** Mostly changes that leave the framing sound, so that what follows is still read as PDUs. */
function changed(sound: Buffer, random: SeededRandom): Buffer {
  if (random.below(20) === 0) return mutated(sound, random);
  const bytes = Buffer.from(sound);
  for (let changes = 1 + random.below(3); changes > 0; changes--) {
    const at = random.below(Math.min(bytes.length, BHS_LENGTH));
    if (at >= FRAMING_FROM && at < FRAMING_TO) continue;
    if (random.below(2) === 0) bytes[at]! ^= 1 << random.below(8);
    else bytes[at] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]);
  }
  return bytes;
}

function guard(connection: Connection, check: () => void): void {
  try {
    check();
  } catch (error) {
    connection.destroy(error as Error);
  }
}

function checkBeforeLogin({ bhs }: Pdu): void {
  const opcode = Bhs.opcode.get(bhs);
  if (opcode === Opcode.reject) return;
  // A login can succeed; what follows it on the same connection is then answered.
  if (ANSWER_OPCODES.has(opcode)) return;
  if (opcode !== Opcode.loginResponse) throw violation(`opcode ${opcode.toString(16)}h`);
  const statusClass = LoginResponse.statusClass.get(bhs);
  const lawful = statusClass <= 3 && LoginResponse.versionActive.get(bhs) === 0;
  if (!lawful) throw violation(`login status class ${statusClass}`);
}

function checkAfterLogin(received: Pdu, watch: SequenceWatch): void {
  const opcode = Bhs.opcode.get(received.bhs);
  if (!ANSWER_OPCODES.has(opcode)) throw violation(`opcode ${opcode.toString(16)}h`);
  watch.received(received);
  if (opcode !== Opcode.reject) return;
  const reason = Reject.reason.get(received.bhs);
  if (reason < 0x02 || reason > 0x0c) throw violation(`Reject with reason ${reason}`);
  if (received.data.length < 48) throw violation('Reject without the header that it rejects');
}

/** Says that no more comes, and waits for the target to close; a violation of its own rejects. */
async function ended(connection: Connection, targetName: string): Promise<void> {
  connection.end();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Error>((resolve) => {
    timer = setTimeout(resolve, END_LIMIT_MS, new Error(`${targetName}: the connection hangs`));
  });
  const outcome = await Promise.race([connection.closed, late]);
  clearTimeout(timer);
  connection.destroy();
  if (outcome === undefined) return;
  const code = (outcome as { code?: string }).code;
  if (code !== 'connectionLost') throw outcome;
}
