// A second implementation of reservations, for the tests: one row for each nexus, changed in place,
// and the rules one after the other as in SPC-4. It shares no code with `src/scsi/reservations`.

import type { NexusSession } from '../../src/scsi/reservations/reservations.ts';
import type { ReserveOutRequest } from '../../src/scsi/reservations/reserve-out-request.ts';

/** GOOD, RESERVATION CONFLICT, or the additional sense code of ILLEGAL REQUEST. */
export type NaiveStatus = 'good' | 'conflict' | number;

interface Row {
  readonly nexus: string;
  key: string;
  holds: boolean;
}

const ZERO = '0000000000000000';
const TYPES = [1, 3, 5, 6, 7, 8];

export class NaiveReservations {
  rows: Row[] = [];
  type = 0;
  generation = 0;
  aptpl = false;
  reserved: NexusSession | undefined;
  /** Of the last command: `nexus code`, and nexuses. */
  attentions = new Set<string>();
  aborts = new Set<string>();

  reserveOut(request: ReserveOutRequest): NaiveStatus {
    this.attentions = new Set();
    this.aborts = new Set();
    if (this.reserved !== undefined) return 'conflict';
    const own = this.#row(request.nexus);
    if ('others' in request) {
      const ignores = request.action === 'registerAndIgnoreExistingKey';
      if (!ignores && own === undefined && request.key !== ZERO) return 'conflict';
      if (!ignores && own !== undefined && request.key !== own.key) return 'conflict';
      if (own !== undefined && request.namesInitiatorPorts) return 0x2600;
      if (own === undefined && request.newKey === ZERO) return 'good';
      const all = [request.nexus, ...request.others];
      if (request.newKey === ZERO) this.#unregister(all, request.nexus);
      else for (const nexus of all) this.#register(nexus, request.newKey);
      this.aptpl = request.aptpl;
      this.#count();
      return 'good';
    }
    if (own === undefined || own.key !== request.key) return 'conflict';
    switch (request.action) {
      case 'reserve':
        return this.#reserve(own, request.scope, request.type);
      case 'release':
        return this.#release(own, request.scope, request.type);
      case 'clear':
        for (const { nexus } of this.rows) if (nexus !== own.nexus) this.#tell(nexus, 0x2a03);
        this.rows = [];
        this.type = 0;
        this.#count();
        return 'good';
      case 'registerAndMove': {
        if (this.type === 0) return 0x2400;
        if (this.#isAll()) return 'conflict';
        if (!own.holds) return 'conflict';
        if (request.newKey === ZERO) return 0x2600;
        if (portOf(request.destination) === portOf(own.nexus)) return 0x2600;
        this.#register(request.destination, request.newKey);
        own.holds = false;
        this.#row(request.destination)!.holds = true;
        if (request.unregisters) this.rows = this.rows.filter((row) => row !== own);
        this.aptpl = request.aptpl;
        this.#count();
        return 'good';
      }
      case 'preempt':
      case 'preemptAndAbort': {
        const { victimKey, scope, type, action } = request;
        return this.#preempt(own, victimKey, scope, type, action === 'preemptAndAbort');
      }
    }
  }

  reserveUnit(asking: NexusSession): NaiveStatus {
    const beside = this.#besidePersistent(asking.nexus);
    if (beside !== undefined) return beside;
    if (this.reserved !== undefined && !isSame(this.reserved, asking)) return 'conflict';
    this.reserved = asking;
    return 'good';
  }

  releaseUnit(asking: NexusSession): NaiveStatus {
    const beside = this.#besidePersistent(asking.nexus);
    if (beside !== undefined) return beside;
    if (this.reserved !== undefined && isSame(this.reserved, asking)) this.reserved = undefined;
    return 'good';
  }

  /** May a nexus read, and may it write? */
  access(asking: NexusSession): { readonly reads: boolean; readonly writes: boolean } {
    if (this.reserved !== undefined && !isSame(this.reserved, asking)) {
      return { reads: false, writes: false };
    }
    const row = this.#row(asking.nexus);
    switch (this.type) {
      case 1:
        return { reads: true, writes: row?.holds === true };
      case 3:
        return { reads: row?.holds === true, writes: row?.holds === true };
      case 5:
      case 7:
        return { reads: true, writes: row !== undefined };
      case 6:
      case 8:
        return { reads: row !== undefined, writes: row !== undefined };
      default:
        return { reads: true, writes: true };
    }
  }

  #reserve(own: Row, scope: number, type: number): NaiveStatus {
    if (scope !== 0 || !TYPES.includes(type)) return 0x2400;
    if (this.type !== 0 && !own.holds) return 'conflict';
    if (this.type !== 0 && this.type !== type) return 'conflict';
    this.#establish(own, type);
    return 'good';
  }

  #release(own: Row, scope: number, type: number): NaiveStatus {
    if (!own.holds) return 'good';
    if (scope !== 0 || type !== this.type) return 0x2604;
    if (this.type > 4) {
      for (const { nexus } of this.rows) if (nexus !== own.nexus) this.#tell(nexus, 0x2a04);
    }
    this.#free();
    return 'good';
  }

  #preempt(own: Row, key: string, scope: number, type: number, aborts: boolean): NaiveStatus {
    const isAll = this.#isAll();
    if (key === ZERO && !isAll) return 0x2600;
    const named = this.rows.filter((row) => row.key === key || (isAll && key === ZERO));
    if (named.length === 0) return 'conflict';
    const takesOver = isAll ? key === ZERO : named.some((row) => row.holds);
    if (takesOver && (scope !== 0 || !TYPES.includes(type))) return 0x2400;
    for (const row of named) {
      if (aborts) this.aborts.add(row.nexus);
      if (row !== own) this.#tell(row.nexus, 0x2a05);
    }
    this.rows = this.rows.filter((row) => !named.includes(row) || (takesOver && row === own));
    if (takesOver) {
      const before = this.type;
      this.#free();
      this.#establish(own, type);
      if (before !== type) {
        for (const { nexus } of this.rows) if (nexus !== own.nexus) this.#tell(nexus, 0x2a04);
      }
    } else if (!this.rows.some((row) => row.holds)) {
      this.#free();
    }
    this.#count();
    return 'good';
  }

  #register(nexus: string, key: string): void {
    const row = this.#row(nexus);
    if (row !== undefined) row.key = key;
    else this.rows.push({ nexus, key, holds: this.#isAll() });
  }

  #unregister(nexuses: readonly string[], asking: string): void {
    const type = this.type;
    this.rows = this.rows.filter(({ nexus }) => !nexuses.includes(nexus));
    if (type === 0 || this.rows.some(({ holds }) => holds)) return;
    this.#free();
    if (type !== 5 && type !== 6) return;
    for (const { nexus } of this.rows) if (nexus !== asking) this.#tell(nexus, 0x2a04);
  }

  #establish(own: Row, type: number): void {
    this.type = type;
    for (const row of this.rows) row.holds = row === own || type > 6;
  }

  #free(): void {
    this.type = 0;
    for (const row of this.rows) row.holds = false;
  }

  #besidePersistent(nexus: string): NaiveStatus | undefined {
    if (this.rows.length === 0) return undefined;
    const row = this.#row(nexus);
    if (row === undefined || this.type === 0) return 'conflict';
    return row.holds || this.type > 4 ? 'good' : 'conflict';
  }

  #isAll(): boolean {
    return this.type === 7 || this.type === 8;
  }

  #count(): void {
    this.generation = (this.generation + 1) % 2 ** 32;
  }

  #row(nexus: string): Row | undefined {
    return this.rows.find((row) => row.nexus === nexus);
  }

  #tell(nexus: string, code: number): void {
    this.attentions.add(`${nexus} ${code.toString(16)}`);
  }
}

function portOf(nexus: string): string {
  return nexus.split(':')[1]!;
}

function isSame(left: NexusSession, right: NexusSession): boolean {
  return left.nexus === right.nexus && left.number === right.number;
}
