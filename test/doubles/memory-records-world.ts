import { type Clock, sleep } from '../../src/base/clock.ts';
import { Failure } from '../../src/base/failure.ts';
import type { Random } from '../../src/base/random.ts';
import { checkMemberName } from '../../src/records/record-arguments.ts';
import { MEMBERS_MAX, type Member, type Records } from '../../src/records/records.ts';
import { MemoryRecords } from './memory-records.ts';
import { MemoryStore } from './memory-records-store.ts';

/** Bound on what waits for a stopped member to continue. */
const WAITERS_MAX = 65_536;

export interface MemoryRecordsWorldOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Each direction of each request and message takes up to this long. */
  readonly delayMaxMs?: number;
  /** Of 1000 requests and messages, how many are lost in one of their directions. */
  readonly lossPerMille?: number;
}

/** A member of the world, as the world sees it. */
export interface MemoryMember {
  readonly self: Member;
  readonly records: MemoryRecords;
  state: 'open' | 'closed' | 'fenced';
  stopped: boolean;
}

/**
 * A store in memory and the members that share it, for tests and simulation. Messages between a
 * member and the store or another member may be delayed and lost, as the seed decides.
 */
export class MemoryRecordsWorld {
  readonly store = new MemoryStore();
  readonly clock: Clock;
  readonly #random: Random;
  readonly #delayMaxMs: number;
  readonly #lossPerMille: number;
  readonly #members = new Map<string, MemoryMember>();
  readonly #waiters: { readonly member: MemoryMember; go(): void }[] = [];
  #lives = 0;

  constructor({ clock, random, delayMaxMs = 0, lossPerMille = 0 }: MemoryRecordsWorldOptions) {
    this.clock = clock;
    this.#random = random;
    this.#delayMaxMs = delayMaxMs;
    this.#lossPerMille = lossPerMille;
  }

  /** Opens the store as another member. Names are not checked: several may have the same. */
  async open(name: string): Promise<Records> {
    checkMemberName(name);
    if (this.openMembers().length >= MEMBERS_MAX) {
      throw new Failure('recordsUnavailable', `${MEMBERS_MAX} members have the store open`);
    }
    this.#lives += 1;
    const self: Member = { name, incarnation: this.#lives.toString(16).padStart(32, '0') };
    const records = new MemoryRecords(this, self);
    this.#members.set(self.incarnation, { self, records, state: 'open', stopped: false });
    return records;
  }

  openMembers(): MemoryMember[] {
    return [...this.#members.values()].filter(({ state }) => state === 'open');
  }

  /** The member as the world sees it, even after its end. */
  member({ incarnation }: Member): MemoryMember {
    const member = this.#members.get(incarnation);
    if (member === undefined) throw new Failure('recordsUnavailable', 'no such member');
    return member;
  }

  /** The member neither sends nor answers until `resume`, as under SIGSTOP. */
  stop(member: Member): void {
    this.member(member).stopped = true;
  }

  resume(member: Member): void {
    this.member(member).stopped = false;
    for (const waiter of this.#waiters.splice(0)) {
      if (waiter.member.stopped) this.#waiters.push(waiter);
      else waiter.go();
    }
  }

  /** From now on nothing of the member lands, whatever it has sent. */
  fence(member: Member): void {
    const fenced = this.member(member);
    if (fenced.state === 'open') fenced.state = 'fenced';
    fenced.records.loseWatches();
  }

  /** Ends the member's watches, as when its entry is removed. */
  loseWatches(member: Member): void {
    this.member(member).records.loseWatches();
  }

  /**
   * One direction between a member and the store or another member. Resolves with whether the
   * message arrived.
   */
  async travel(): Promise<boolean> {
    if (this.#delayMaxMs > 0) await sleep(this.clock, this.#random.below(this.#delayMaxMs + 1));
    return this.#lossPerMille === 0 || this.#random.below(2000) >= this.#lossPerMille;
  }

  /** Resolves when the member is not stopped. */
  async running(member: MemoryMember): Promise<void> {
    if (!member.stopped) return;
    if (this.#waiters.length >= WAITERS_MAX) {
      throw new Failure('recordsUnavailable', `${WAITERS_MAX} calls wait for a stopped member`);
    }
    await new Promise<void>((go) => this.#waiters.push({ member, go }));
  }
}
