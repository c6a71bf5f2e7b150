import { check } from '../violation.ts';
import {
  type AttentionEvent,
  findWrongAttention,
  type NexusCommand,
  type WrongAttention,
} from './attention-rules.ts';

const TOLD_MAX = 12;
/** POWER ON and its like, and I_T NEXUS LOSS. */
const POWER_ON_CODES = [0x2900, 0x2901];
const LOGIN_CODES = [...POWER_ON_CODES, 0x2907];
const REPORTED_LUNS_DATA_HAS_CHANGED = 0x3f0e;
const ASYMMETRIC_ACCESS_STATE_CHANGED = 0x2a06;

/** What a session says of itself: its commands are told in the order in which they are sent. */
export class NexusRecord {
  readonly nexus: string;
  readonly loginSentMs: number;
  readonly openedMs: number;
  readonly commands: NexusCommand[] = [];
  /** A new I_T nexus may be told that it is one. */
  readonly login: AttentionEvent;

  constructor(nexus: string, loginSentMs: number, openedMs: number) {
    this.nexus = nexus;
    this.loginSentMs = loginSentMs;
    this.openedMs = openedMs;
    this.login = {
      ...{ name: 'login', codes: LOGIN_CODES, beginMs: loginSentMs, endMs: openedMs },
      ...{ isCertain: false, belongsTo: () => true },
    };
  }
}

/** The unit attention conditions that every nexus is due, and those that it was given (I5). */
export class AttentionLedger {
  readonly #events = new Set<AttentionEvent>();
  readonly #records: NexusRecord[] = [];
  reports = 0;

  open(nexus: string, loginSentMs: number, openedMs: number): NexusRecord {
    const record = new NexusRecord(nexus, loginSentMs, openedMs);
    this.#records.push(record);
    return record;
  }

  /** An event begins; its end is set when it is known. */
  begin(event: AttentionEvent): AttentionEvent {
    this.#events.add(event);
    return event;
  }

  /** A gateway has come, goes or has gone: its port groups have another state. */
  accessStatesChanged(nowMs: number): void {
    this.begin({
      ...{ name: 'access states', codes: [ASYMMETRIC_ACCESS_STATE_CHANGED], beginMs: nowMs },
      ...{ endMs: Number.POSITIVE_INFINITY, isCertain: false, belongsTo: () => true },
    });
  }

  /** A gateway serves the logical unit again: to its nexuses it is a new one. */
  unitCame(address: string, nowMs: number): void {
    const belongsTo = (nexus: string): boolean => nexus.endsWith(`:${address}`);
    for (const codes of [POWER_ON_CODES, [REPORTED_LUNS_DATA_HAS_CHANGED]]) {
      this.begin({
        ...{ name: `the unit is served through ${address}`, codes, beginMs: nowMs },
        ...{ endMs: Number.POSITIVE_INFINITY, isCertain: false, belongsTo },
      });
    }
  }

  /** It was refused: nothing has happened. */
  withdraw(event: AttentionEvent): void {
    this.#events.delete(event);
  }

  /** Throws for a session that was not given what it was due, or was given what it was not. */
  check(): void {
    for (const record of this.#records) {
      this.reports += record.commands.filter(({ report }) => typeof report === 'number').length;
      const wrong = findWrongAttention(record, [record.login, ...this.#events]);
      check(wrong === undefined, () => this.#told(record, wrong!));
    }
  }

  #told({ nexus, commands, openedMs }: NexusRecord, wrong: WrongAttention): string {
    const { what, at, codes } = wrong;
    const from = Math.max(0, at - TOLD_MAX);
    const lines = commands.slice(from, at + 2).map(({ name, sentMs, endMs, report }) => {
      const how = typeof report === 'number' ? `attention ${report.toString(16)}` : report;
      return `  ${sentMs.toFixed(1)} to ${endMs.toFixed(1)} ${name}: ${how}`;
    });
    const events = [...this.#events]
      .filter((event) => event.beginMs < (commands[at + 1]?.sentMs ?? Number.POSITIVE_INFINITY))
      .filter((event) => event.codes.some((code) => codes.includes(code)))
      .slice(-TOLD_MAX)
      .map(({ name, beginMs, endMs, isCertain }) => {
        const doubt = isCertain ? '' : ', maybe';
        return `  event ${beginMs.toFixed(1)} to ${endMs.toFixed(1)} ${name}${doubt}`;
      });
    const head = `${nexus}, a session since ${openedMs.toFixed(1)}: ${what}`;
    return [head, ...lines, ...events].join('\n');
  }
}
