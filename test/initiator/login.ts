import { ChapClient, type ChapOptions } from './chap-client.ts';
import type { Connection } from './connection.ts';
import { InitiatorError, violation } from './initiator-error.ts';
import {
  answerFault,
  decodeKeys,
  encodeKeys,
  initialValue,
  isDeclaration,
  type Keys,
  ownAnswer,
} from './keys.ts';
import { LoginRequest, LoginResponse, Opcode, pdu } from './pdu.ts';

export const Stage = { security: 0, operational: 1, fullFeature: 3 } as const;

/** The initiator's half of a session's name; the low part alone makes sessions different. */
export interface Isid {
  readonly high: number;
  readonly low: number;
}

export interface LoginOptions {
  readonly initiatorName?: string;
  /** Left out in a discovery session. */
  readonly targetName?: string;
  readonly sessionType?: 'Normal' | 'Discovery';
  readonly isid?: Isid;
  readonly tsih?: number;
  readonly cid?: number;
  readonly chap?: ChapOptions;
  /** For the connection and for each answer of the login phase; only a hang takes 60 s. */
  readonly loginTimeoutMs?: number;
  /** Operational keys to offer beside (or instead of) ours; undefined offers a key not at all. */
  readonly keys?: Readonly<Record<string, string | undefined>>;
}

export interface LoginStep {
  readonly currentStage: number;
  readonly nextStage?: number;
  /** Ask to go to `nextStage`. */
  readonly transit?: boolean;
  /** More text of this request follows (the C bit). */
  readonly more?: boolean;
  readonly keys?: Iterable<readonly [string, string]>;
  /** Sent in place of `keys`. */
  readonly text?: Uint8Array;
}

export interface LoginAnswer {
  readonly transit: boolean;
  readonly more: boolean;
  readonly currentStage: number;
  readonly nextStage: number;
  readonly tsih: number;
  readonly statusClass: number;
  readonly statusDetail: number;
  readonly statSn: number;
  readonly expCmdSn: number;
  readonly maxCmdSn: number;
  readonly text: Buffer;
}

/** What a login came to. */
export interface LoginResult {
  readonly tsih: number;
  readonly statSn: number;
  readonly expCmdSn: number;
  readonly maxCmdSn: number;
  /** The value in force of every key that was negotiated. */
  readonly keys: Keys;
  /** What the target declared or answered, as sent. */
  readonly answered: Keys;
}

const STEPS_MAX = 20;
const DEFAULT_OFFERS: Readonly<Record<string, string>> = {
  HeaderDigest: 'None',
  DataDigest: 'None',
  ErrorRecoveryLevel: '0',
  MaxRecvDataSegmentLength: '262144',
};
const NORMAL_OFFERS: Readonly<Record<string, string>> = {
  MaxConnections: '1',
  InitialR2T: 'No',
  ImmediateData: 'Yes',
  MaxBurstLength: '262144',
  FirstBurstLength: '65536',
  MaxOutstandingR2T: '8',
  DefaultTime2Wait: '2',
  DefaultTime2Retain: '0',
  DataPDUInOrder: 'Yes',
  DataSequenceInOrder: 'Yes',
};

const DECLARED_BY_TARGET = new Set(['TargetPortalGroupTag', 'TargetAlias', 'TargetAddress']);
const NO_VALUE = new Set(['Reject', 'NotUnderstood', 'Irrelevant']);

let lastIsid = process.pid << 12;

export function freshIsid(): Isid {
  lastIsid = (lastIsid + 1) >>> 0;
  return { high: 0x8000, low: lastIsid };
}

/** The login phase of one connection, step by step: each step is one request and its answer. */
export class LoginExchange {
  readonly connection: Connection;
  readonly isid: Isid;
  readonly #options: LoginOptions;
  readonly initiatorTaskTag = 0;
  cmdSn = 1;
  #nextStatSn: number | undefined = undefined;

  constructor(connection: Connection, options: LoginOptions) {
    this.connection = connection;
    this.#options = options;
    this.isid = options.isid ?? freshIsid();
  }

  /** The keys that a leading request carries. */
  identity(): Map<string, string> {
    const { initiatorName, targetName, sessionType } = this.#options;
    const keys = new Map([['InitiatorName', initiatorName ?? 'iqn.2026-11.test:initiator']]);
    if (targetName !== undefined) keys.set('TargetName', targetName);
    keys.set('SessionType', sessionType ?? 'Normal');
    return keys;
  }

  async step(step: LoginStep): Promise<LoginAnswer> {
    const request = pdu(
      LoginRequest,
      {
        immediate: 1,
        opcode: Opcode.loginRequest,
        transit: step.transit ? 1 : 0,
        more: step.more ? 1 : 0,
        currentStage: step.currentStage,
        nextStage: step.transit ? (step.nextStage ?? Stage.fullFeature) : 0,
        isidHigh: this.isid.high,
        isidLow: this.isid.low,
        tsih: this.#options.tsih ?? 0,
        initiatorTaskTag: this.initiatorTaskTag,
        cid: this.#options.cid ?? 0,
        cmdSn: this.cmdSn,
        expStatSn: this.#nextStatSn ?? 0,
      },
      step.text ?? encodeKeys(step.keys ?? []),
    );
    this.connection.send(request);
    return this.#answer(step);
  }

  async #answer(step: LoginStep): Promise<LoginAnswer> {
    const { bhs, data } = await this.connection.receive(this.#options.loginTimeoutMs);
    const R = LoginResponse;
    if (R.opcode.get(bhs) !== Opcode.loginResponse) {
      throw violation(`opcode ${R.opcode.get(bhs)} in the login phase`);
    }
    if (R.initiatorTaskTag.get(bhs) !== this.initiatorTaskTag) throw violation('login: tag');
    if (R.isidHigh.get(bhs) !== this.isid.high || R.isidLow.get(bhs) !== this.isid.low) {
      throw violation('login: ISID differs from ours');
    }
    const answer = {
      transit: R.transit.get(bhs) === 1,
      more: R.more.get(bhs) === 1,
      currentStage: R.currentStage.get(bhs),
      nextStage: R.nextStage.get(bhs),
      tsih: R.tsih.get(bhs),
      statusClass: R.statusClass.get(bhs),
      statusDetail: R.statusDetail.get(bhs),
      statSn: R.statSn.get(bhs),
      expCmdSn: R.expCmdSn.get(bhs),
      maxCmdSn: R.maxCmdSn.get(bhs),
      text: data,
    };
    if (answer.statusClass === 0) this.#check(step, answer);
    return answer;
  }

  #check(step: LoginStep, answer: LoginAnswer): void {
    if (this.#nextStatSn !== undefined && answer.statSn !== this.#nextStatSn) {
      throw violation(`login: StatSN ${answer.statSn}, ${this.#nextStatSn} is due`);
    }
    this.#nextStatSn = (answer.statSn + 1) >>> 0;
    if (answer.currentStage !== step.currentStage) throw violation('login: CSG differs from ours');
    if (answer.transit && !step.transit) throw violation('login: T without ours');
    if (answer.transit && answer.more) throw violation('login: T and C');
    if (answer.transit && answer.nextStage > (step.nextStage ?? Stage.fullFeature)) {
      throw violation(`login: NSG ${answer.nextStage} beyond ours`);
    }
    if (step.more && answer.text.length > 0) throw violation('login: text in answer to C');
  }
}

/** A whole login by the book. Rejects with `loginRefused`, or `protocolViolation`. */
export async function login(connection: Connection, options: LoginOptions): Promise<LoginResult> {
  const exchange = new LoginExchange(connection, options);
  const run = new LoginRun(exchange, options);
  let leading = exchange.identity();
  if (options.chap !== undefined) {
    await run.authenticate(leading, new ChapClient(options.chap));
    leading = new Map();
  }
  return run.negotiate(leading);
}

class LoginRun {
  readonly #exchange: LoginExchange;
  /** Our offers, the target's values, and our replies to what the target offered first. */
  readonly #offers: ReadonlyMap<string, string>;
  readonly #answered = new Map<string, string>();
  readonly #replies = new Map<string, string>();

  constructor(exchange: LoginExchange, options: LoginOptions) {
    this.#exchange = exchange;
    const normal = options.sessionType !== 'Discovery';
    const all = { ...DEFAULT_OFFERS, ...(normal ? NORMAL_OFFERS : {}), ...options.keys };
    const named = Object.entries(all).filter((entry) => entry[1] !== undefined);
    this.#offers = new Map(named as [string, string][]);
  }

  async authenticate(leading: Map<string, string>, chap: ChapClient): Promise<void> {
    const currentStage = Stage.security;
    leading.set('AuthMethod', 'CHAP');
    const method = decodeKeys((await this.#step({ currentStage, keys: leading })).text);
    if (method.get('AuthMethod') !== 'CHAP') throw violation('AuthMethod is not CHAP');
    const challenge = await this.#step({ currentStage, keys: chap.offer() });
    const proof = await this.#step({
      currentStage,
      nextStage: Stage.operational,
      transit: true,
      keys: chap.respond(decodeKeys(challenge.text)),
    });
    chap.verify(decodeKeys(proof.text));
    if (!proof.transit || proof.nextStage !== Stage.operational) {
      throw violation('security stage: no transit after the last CHAP step');
    }
  }

  async negotiate(leading: Map<string, string>): Promise<LoginResult> {
    let keys = new Map([...leading, ...this.#offers]);
    let text = Buffer.alloc(0);
    for (let steps = 0; steps < STEPS_MAX; steps++) {
      const answer = await this.#step({
        currentStage: Stage.operational,
        nextStage: Stage.fullFeature,
        transit: true,
        keys,
      });
      text = Buffer.concat([text, answer.text]);
      keys = new Map();
      if (answer.more) continue;
      for (const [key, value] of decodeKeys(text)) {
        const reply = this.#checkAnswer(key, value);
        if (reply !== undefined) keys.set(key, reply);
      }
      text = Buffer.alloc(0);
      if (answer.transit) return this.#result(answer);
    }
    throw violation(`no full feature phase after ${STEPS_MAX} requests`);
  }

  /** Checks one key of the target; returns our answer where it is an offer of its own. */
  #checkAnswer(key: string, value: string): string | undefined {
    if (this.#answered.has(key)) throw violation(`${key} twice`);
    this.#answered.set(key, value);
    if (DECLARED_BY_TARGET.has(key)) return undefined;
    const declared = initialValue(key) !== undefined && isDeclaration(key);
    const offer = declared ? '' : this.#offers.get(key);
    if (offer !== undefined) {
      const fault = answerFault(key, offer, value);
      if (fault !== undefined) throw violation(fault);
      return undefined;
    }
    const reply = ownAnswer(key, value);
    if (reply !== undefined) this.#replies.set(key, reply);
    return reply;
  }

  async #step(step: LoginStep): Promise<LoginAnswer> {
    const answer = await this.#exchange.step(step);
    const { statusClass, statusDetail } = answer;
    if (statusClass !== 0) {
      const status = statusClass * 256 + statusDetail;
      throw new InitiatorError('loginRefused', `status ${status.toString(16).padStart(4, '0')}h`, {
        statusClass,
        statusDetail,
      });
    }
    return answer;
  }

  #result(answer: LoginAnswer): LoginResult {
    if (answer.tsih === 0) throw violation('login: TSIH 0 in the last answer');
    const keys = new Map(this.#replies);
    for (const key of this.#offers.keys()) {
      const value = this.#answered.get(key);
      if (initialValue(key) !== undefined && isDeclaration(key)) continue;
      if (value === undefined) throw violation(`login: ${key} left unanswered`);
      if (!NO_VALUE.has(value)) keys.set(key, value);
    }
    const { tsih, statSn, expCmdSn, maxCmdSn } = answer;
    return { tsih, statSn, expCmdSn, maxCmdSn, keys, answered: this.#answered };
  }
}
