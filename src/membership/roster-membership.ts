import { type Clock, sleep } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { errorText } from '../base/system-reason.ts';
import type { Log } from '../log/log.ts';
import { LogLimiter } from '../log/log-limiter.ts';
import type { Member, Records } from '../records/records.ts';
import { Barrier } from './barrier.ts';
import { ChangeNotifier } from './change-notifier.ts';
import { FailureDetector } from './failure-detector.ts';
import { FenceWork } from './fence-work.ts';
import type { FencingDriver } from './fencing-driver.ts';
import { GoneMembers } from './gone-members.ts';
import { type HeartbeatReport, Heartbeats } from './heartbeats.ts';
import { Holds } from './holds.ts';
import { ADDRESS_LENGTH_MAX, MARKS_MAX, STOPPED_POLL_MS } from './limits.ts';
import {
  type ClosedReason,
  type Instance,
  isOpen,
  isOver,
  isSame,
  type Mark,
  type Membership,
  type MembershipListener,
  type MembershipView,
  stateOf,
} from './membership.ts';
import type { MembershipStore } from './membership-store.ts';
import { MemoryLease } from './memory-lease.ts';
import {
  addInstance,
  drain,
  isPassed,
  leave,
  raiseOwnEpoch,
  removeInstance,
  serve,
} from './roster-changes.ts';
import type { Roster } from './roster-fields.ts';
import { SignsOfLife } from './signs-of-life.ts';
import { StallDetector } from './stall-detector.ts';

/** Reading it again does not help. */
const NOT_UNDERSTOOD: ReadonlySet<string> = new Set(['membersFormatUnknown', 'membersUnreadable']);

interface RosterMembershipParts {
  readonly records: Records;
  readonly store: MembershipStore;
  readonly driver: FencingDriver;
  readonly clock: Clock;
  readonly log: Log;
  /** The view when this member was opened. */
  readonly opened: Roster;
}

/** A member: made by `joinMembership`. */
export class RosterMembership implements Membership {
  readonly self: Member;
  readonly memoryLease: MemoryLease;
  readonly #parts: RosterMembershipParts;
  readonly #heartbeats: Heartbeats<Roster>;
  readonly #holds: Holds;
  readonly #stallDetector: StallDetector;
  readonly #barrier: Barrier;
  readonly #signs: SignsOfLife;
  readonly #work: FenceWork;
  readonly #failureDetector: FailureDetector;
  readonly #gone: GoneMembers;
  readonly #notifier: ChangeNotifier;
  readonly #listeners = new Set<MembershipListener>();
  readonly #lines: LogLimiter;
  #view: Roster;
  #counter = 0;
  #isOver = false;
  #closedFor: ClosedReason | undefined;
  #acknowledged: (unit: string) => number | undefined = () => undefined;

  constructor(parts: RosterMembershipParts) {
    const { records, store, driver, clock, log, opened } = parts;
    this.self = records.self;
    this.#parts = parts;
    this.#view = opened;
    // Whoever fences a process sees its end.
    this.memoryLease = new MemoryLease(clock, driver.processes !== undefined);
    this.#lines = new LogLimiter(clock, log, { linesMax: 1 });
    const { self } = this;
    const changed = (): void => {
      this.#notifier.send();
      this.#heartbeats.soon();
    };
    this.#holds = new Holds(driver);
    this.#heartbeats = new Heartbeats({
      clock,
      beat: () => this.#beat(),
      onReport: (report) => this.#take(report),
    });
    this.#stallDetector = new StallDetector({
      clock,
      witnessAgesMs: () => driver.witnessAgesMs(),
      heartbeatAgeMs: () => this.memoryLease.ageMs,
      isFenced: () => driver.isBlocklisted(),
      onGap: () => this.#doubt(),
      onAlive: (untilMs) => driver.renewLease?.(untilMs),
      onOver: (reason) => this.#end(reason),
    });
    this.#barrier = new Barrier({
      ...{ driver, holds: this.#holds, clock, passedEpoch: opened.epoch },
      onPassed: () => this.#heartbeats.soon(),
      onCut: () => this.#end('cut'),
    });
    const signs = new SignsOfLife(clock);
    this.#signs = signs;
    signs.see(opened);
    const nextView = () => this.#heartbeats.next();
    this.#work = new FenceWork({
      ...{ self, store, driver, signs, clock, log, nextView, onChanged: changed },
      lines: this.#lines,
    });
    this.#failureDetector = new FailureDetector({
      ...{ self, clock, processes: driver.processes },
      fence: (victim, reason) => {
        if (this.#work.isRunning(victim) || this.#isOver) return;
        this.#work.fence(victim, reason).catch((error: unknown) => {
          // Each heartbeat tries again, for as long as it takes.
          const fields = { member: victim.name, reason: errorText(error) };
          this.#lines.write('fence_not_finished', fields, victim.incarnation);
        });
      },
    });
    this.#gone = new GoneMembers(clock, (gone) => {
      for (const listener of this.#listeners) listener.onGone?.(gone);
    });
    this.#notifier = new ChangeNotifier({
      records,
      clock,
      onChange: () => this.#heartbeats.soon(),
    });
    this.#gone.see(opened);
  }

  /** Begins to show that it lives. For `joinMembership`. */
  start(): void {
    this.#heartbeats.start();
    this.#stallDetector.start();
    this.#notifier.open();
    this.#notifier.send();
  }

  /** Finishes the fences that are not, its own name's first. For `joinMembership`. */
  async finishFences(): Promise<void> {
    const isOwn = ({ name }: Member): boolean => name === this.self.name;
    const unfinished = this.#view.members.filter(({ state }) => state === 'closed');
    const inOrder = [...unfinished.filter(isOwn), ...unfinished.filter((m) => !isOwn(m))];
    for (const victim of inOrder) {
      const reason = { text: 'its fence was not finished', holds: () => true };
      await this.#work.fence(victim, reason);
    }
  }

  get view(): MembershipView {
    return this.#view;
  }

  mayAct(): boolean {
    return !this.#isOver && this.#stallDetector.mayAct() && !this.#isOver;
  }

  async confirm(): Promise<boolean> {
    for (;;) {
      const { gaps } = this.#stallDetector;
      if ((await this.#heartbeats.next()) === undefined) return false;
      this.#stallDetector.confirmed(gaps);
      if (this.#isOver) return false;
      if (!this.mayAct()) continue;
      this.#holds.remove('doubt');
      return true;
    }
  }

  /** The event loop stood still: nothing is done until this member is seen to be open. */
  #doubt(): void {
    if (this.#isOver) return;
    this.#holds.add('doubt');
    void this.confirm().then((isOpen) => {
      if (isOpen) for (const listener of this.#listeners) listener.onConfirmed?.();
    });
  }

  async register(instance: Instance): Promise<void> {
    if (instance.address.length > ADDRESS_LENGTH_MAX) {
      throw new Failure('membersTooMany', 'an address of a client instance is too long');
    }
    await this.#parts.store.change(addInstance(this.self, instance));
    await this.#parts.driver.passBarrier();
  }

  async unregister(address: string): Promise<void> {
    await this.#parts.store.change(removeInstance(this.self, address));
  }

  async admit(): Promise<void> {
    await this.#awaitStopped();
    const isServing = (view: MembershipView) => stateOf(view, this.self)?.state === 'serving';
    const isReady = ({ members }: MembershipView) =>
      members.every(({ state }) => state !== 'closed');
    for (;;) {
      if (isServing(await this.#parts.store.change(serve(this.self)))) break;
      await this.#work.until(isReady);
    }
    this.#notifier.send();
    await this.#work.until(isServing);
  }

  /**
   * Resolves when no other member's process is stopped: it may have been stopped for long, and hold
   * writes that its initiators would repeat through this gateway.
   */
  async #awaitStopped(): Promise<void> {
    const { driver, clock } = this.#parts;
    const { processes } = driver;
    if (processes === undefined) return;
    for (;;) {
      const { members } = await this.#work.until(() => true);
      const living = await processes.states();
      const isHeldUp = members.some(
        (member) => isOpen(member) && living.some((each) => each.isStopped && isSame(each, member)),
      );
      if (!isHeldUp) return;
      await sleep(clock, STOPPED_POLL_MS);
    }
  }

  async drain(): Promise<void> {
    await this.#parts.store.change(drain(this.self));
    this.#notifier.send();
    this.#heartbeats.soon();
  }

  async fence(member: Member): Promise<void> {
    const { self } = this;
    if (isSame(member, self)) {
      throw new Failure('membersOwnGateway', `${self.name} is this gateway`);
    }
    for (;;) {
      if (isOver(await this.#work.until(() => true), member)) return;
      await this.#work.fence(member, { text: 'a command asked for it', holds: () => true });
    }
  }

  async fenceInstance(address: string): Promise<void> {
    const { store, driver } = this.#parts;
    if (driver.processes !== undefined) {
      throw new Failure('membersUnsupported', 'a process has no instances to be fenced');
    }
    await this.#work.confirmMonitor();
    await this.#work.blocklist(address);
    const { epoch } = await store.change(raiseOwnEpoch(this.self));
    this.#notifier.send();
    await this.#work.until((view) => isPassed(view, epoch, this.#signs.silentForMs));
    // The fence is finished, also when the list cannot be tidied now.
    await this.unregister(address).catch(() => {});
  }

  async raiseDocumentVersion(version: number): Promise<void> {
    await this.#parts.store.raiseDocumentVersion(version);
    this.#notifier.send();
  }

  async read(): Promise<MembershipView> {
    return await this.#parts.store.read();
  }

  async mark(units: readonly string[]): Promise<void> {
    if (this.#view.marks.length + units.length > MARKS_MAX) {
      throw new Failure('membersTooMany', `${MARKS_MAX} logical units are marked`);
    }
    await this.#setMarks(
      units.map((unit) => ({ unit, author: this.self })),
      true,
    );
  }

  async unmark(marks: readonly Mark[]): Promise<void> {
    await this.#setMarks(marks, false);
  }

  async #setMarks(marks: readonly Mark[], areSet: boolean): Promise<void> {
    if (await this.#parts.store.setMarks(this.self, marks, areSet)) return;
    throw new Failure('membersClosed', `${this.self.name} is closed`);
  }

  acknowledgeWith(acknowledged: (unit: string) => number | undefined): void {
    this.#acknowledged = acknowledged;
  }

  mayUseRecords(): boolean {
    return this.mayAct() && !this.#barrier.isHolding;
  }

  listen(listener: MembershipListener): () => void {
    this.#listeners.add(listener);
    if (this.#closedFor !== undefined) listener.onClosed?.(this.#closedFor);
    return () => this.#listeners.delete(listener);
  }

  async leave(clean = true): Promise<void> {
    if (this.#isOver) return;
    this.#stop();
    this.#listeners.clear();
    await this.#parts.store.change(leave(this.self, clean));
    this.#notifier.send();
    this.#notifier.close();
  }

  /** One heartbeat, and the view after it. Undefined: not confirmed. */
  async #beat(): Promise<Roster | undefined> {
    const { store, driver } = this.#parts;
    try {
      if (driver.processes === undefined) {
        this.#counter += 1;
        const { epoch, isHolding } = this.#barrier;
        const acknowledged = this.#acknowledgements();
        const heartbeat = { counter: this.#counter, epoch, isHolding, acknowledged };
        if (!(await store.beat(this.self, heartbeat))) return this.#end('closed');
      }
      const roster = await store.read();
      const own = stateOf(roster, this.self);
      return own !== undefined && isOpen(own) ? roster : this.#end('closed');
    } catch (error) {
      const code = error instanceof Failure ? error.code : '';
      // A client that is on the blocklist is that of a closed incarnation.
      if (code === 'recordsFenced') return this.#end('closed');
      if (NOT_UNDERSTOOD.has(code)) {
        this.#lines.write('members_not_understood', { reason: errorText(error) });
      }
      return undefined;
    }
  }

  /** Of the logical units that were marked when the members were read last. */
  #acknowledgements(): ReadonlyMap<string, number> {
    const numbers = new Map<string, number>();
    for (const { unit } of this.#view.marks) {
      const number = this.#acknowledged(unit);
      if (number !== undefined) numbers.set(unit, number);
    }
    return numbers;
  }

  #take({ view, kind, sentMs }: HeartbeatReport<Roster>): void {
    if (kind === 'gap') this.#failureDetector.gap();
    if (view === undefined || this.#isOver) return;
    this.memoryLease.renew(sentMs);
    const isNews = view.revision !== this.#view.revision || !isSameNews(view, this.#view);
    this.#view = view;
    this.#barrier.want(view.epoch);
    this.#gone.see(view);
    this.#signs.see(view);
    if (isNews) for (const listener of this.#listeners) listener.onView?.(view);
    if (kind === 'regular') this.#failureDetector.observe(view);
    if (kind !== 'extra') this.#failureDetector.checkProcesses(view);
    this.#failureDetector.resumeFences(view);
  }

  #stop(): void {
    this.#isOver = true;
    this.#heartbeats.stop();
    this.#stallDetector.stop();
    this.#barrier.stop();
    this.#lines.close();
  }

  #end(reason: ClosedReason): undefined {
    if (this.#isOver) return;
    this.#parts.log.write('membership_left', { reason });
    this.#closedFor = reason;
    this.#stop();
    this.#notifier.close();
    this.#holds.add('over');
    this.#parts.driver.renewLease?.(Number.NEGATIVE_INFINITY);
    for (const listener of this.#listeners) listener.onClosed?.(reason);
  }
}

function isSameNews(a: Roster, b: Roster): boolean {
  return a.documentVersion === b.documentVersion && isSameMarks(a.marks, b.marks);
}

function isSameMarks(a: readonly Mark[], b: readonly Mark[]): boolean {
  if (a.length !== b.length) return false;
  return a.every(({ unit, author }, at) => unit === b[at]!.unit && isSame(author, b[at]!.author));
}
