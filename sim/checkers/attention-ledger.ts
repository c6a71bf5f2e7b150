import { isThrough } from '../initiator/port-names.ts';
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

/** The record of a session; its commands are added in the order in which they are sent. */
export class NexusRecord {
  readonly nexus: string;
  readonly loginSentMs: number;
  readonly openedMs: number;
  readonly commands: NexusCommand[] = [];
  /** A new I_T nexus may get the attentions of one. */
  readonly login: AttentionEvent;
  readonly #ledger: AttentionLedger;

  constructor(ledger: AttentionLedger, nexus: string, loginSentMs: number, openedMs: number) {
    this.#ledger = ledger;
    this.nexus = nexus;
    this.loginSentMs = loginSentMs;
    this.openedMs = openedMs;
    this.login = {
      ...{ name: 'login', codes: LOGIN_CODES, beginMs: loginSentMs, endMs: openedMs },
      ...{ isCertain: false, belongsTo: () => true },
    };
  }

  /** The LUN map of the target is being changed. */
  get isMapping(): boolean {
    return this.#ledger.isMapping;
  }

  /** Pending unit attentions may have been lost. Commands are not ordered by this. */
  mapped(sentMs: number): void {
    const endMs = Number.POSITIVE_INFINITY;
    this.commands.push({ name: 'the LUN map changes', sentMs, endMs, report: 'absent' });
  }
}

/** The unit attention conditions that are due at every nexus, and those that it got (I5). */
export class AttentionLedger {
  readonly #events = new Set<AttentionEvent>();
  readonly #records: NexusRecord[] = [];
  reports = 0;
  isMapping = false;
  /** How often the LUN map began to change, or ended to. */
  mappings = 0;

  open(nexus: string, loginSentMs: number, openedMs: number): NexusRecord {
    const record = new NexusRecord(this, nexus, loginSentMs, openedMs);
    this.#records.push(record);
    return record;
  }

  /** An event begins; its end is set when it is known. */
  begin(event: AttentionEvent): AttentionEvent {
    this.#events.add(event);
    return event;
  }

  /** A gateway starts, drains or is gone: the states of its port groups change. */
  accessStatesChanged(nowMs: number): void {
    this.begin({
      ...{ name: 'access states', codes: [ASYMMETRIC_ACCESS_STATE_CHANGED], beginMs: nowMs },
      ...{ endMs: Number.POSITIVE_INFINITY, isCertain: false, belongsTo: () => true },
    });
  }

  /** A gateway serves the logical unit again: for its nexuses it is a new one. */
  unitCame(address: string, nowMs: number): void {
    this.#mayCome(`the unit is served through ${address}`, nowMs, (nexus) => {
      return isThrough(nexus, address);
    });
  }

  /** The LUN leaves the map, or comes back, at one gateway after the other; returns the end. */
  beginMapping(nowMs: number): (nowMs: number) => void {
    this.isMapping = true;
    this.mappings++;
    for (const record of this.#records) record.mapped(nowMs);
    this.#mayCome('the LUN map changes', nowMs, () => true);
    return (endMs) => {
      this.isMapping = false;
      this.mappings++;
      for (const record of this.#records) record.mapped(endMs);
    };
  }

  #mayCome(name: string, beginMs: number, belongsTo: (nexus: string) => boolean): void {
    for (const codes of [POWER_ON_CODES, [REPORTED_LUNS_DATA_HAS_CHANGED]]) {
      const endMs = Number.POSITIVE_INFINITY;
      this.begin({ name, codes, beginMs, endMs, isCertain: false, belongsTo });
    }
  }

  /** The event was refused: nothing has happened. */
  withdraw(event: AttentionEvent): void {
    this.#events.delete(event);
  }

  /** Throws if a session did not get an attention that was due, or got one that was not. */
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
