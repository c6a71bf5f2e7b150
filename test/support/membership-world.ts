// Gateways that are members of one store in memory, on virtual time, each with faults of its own.

import type { Clock } from '../../src/base/clock.ts';
import type { FencingDriver } from '../../src/membership/fencing-driver.ts';
import { joinMembership } from '../../src/membership/join-membership.ts';
import type { ClosedReason, GoneMember } from '../../src/membership/membership.ts';
import { MembershipStore } from '../../src/membership/membership-store.ts';
import type { Roster } from '../../src/membership/roster-fields.ts';
import type { RosterMembership } from '../../src/membership/roster-membership.ts';
import type { Member, Records } from '../../src/records/records.ts';
import { MemoryCluster, MemoryFencing } from '../doubles/memory-fencing.ts';
import { MemoryRecordsWorld } from '../doubles/memory-records-world.ts';
import { PausableClock } from './pausable-clock.ts';
import { RecordingLog } from './recording-log.ts';
import { SeededRandom } from './seeded-random.ts';
import { VirtualClock } from './virtual-clock.ts';

/** The faults of one gateway that a test sets. Each is checked when a call begins and ends. */
export interface Faults {
  /** The records of this gateway give no answer while it is set. */
  isStoreSilent: boolean;
  /** Its monitors give no answer, neither to blocklist nor to barrier. */
  isMonitorSilent: boolean;
  isBarrierStuck: boolean;
  areWitnessesSilent: boolean;
}

/** One process. A killed one is silent for ever, but what it has sent may land. */
export class SimGateway implements FencingDriver {
  readonly name: string;
  readonly clock: PausableClock;
  readonly records: Records;
  readonly fencing: MemoryFencing;
  readonly faults: Faults = {
    isStoreSilent: false,
    isMonitorSilent: false,
    isBarrierStuck: false,
    areWitnessesSilent: false,
  };
  readonly gone: GoneMember[] = [];
  readonly blocklisted: string[] = [];
  readonly log = new RecordingLog();
  members: RosterMembership | undefined;
  closed: ClosedReason | undefined;
  isPaused = false;
  isDead = false;
  readonly #world: MembershipWorld;
  #silentSinceMs = 0;
  readonly #waiting: { readonly ready: () => boolean; readonly go: () => void }[] = [];

  constructor(world: MembershipWorld, name: string, records: Records) {
    this.#world = world;
    this.name = name;
    this.clock = new PausableClock(world.clock);
    this.fencing = new MemoryFencing(world.cluster);
    this.records = this.#faulty(records);
  }

  get self(): Member {
    return this.records.self;
  }

  get address(): string {
    return `${this.name}:${this.self.incarnation}`;
  }

  async join(previous?: Member): Promise<RosterMembership> {
    this.fencing.openInstance(this.address);
    const { clock, records } = this;
    const random = new SeededRandom(this.#world.random.below(1 << 30));
    this.members = await joinMembership({
      ...{ records, driver: this, clock, random, log: this.log },
      instances: [{ address: this.address, kind: 'records' }],
      ...(previous === undefined ? {} : { previous }),
    });
    this.members.listen({
      onGone: (gone) => this.gone.push(gone),
      onClosed: (reason) => {
        this.closed = reason;
      },
    });
    return this.members;
  }

  /** Joins and serves. */
  async serve(previous?: Member): Promise<this> {
    await (await this.join(previous)).admit();
    return this;
  }

  pause(): void {
    this.isPaused = true;
    this.clock.pause();
    this.#world.store.stop(this.self);
  }

  resume(): void {
    this.isPaused = false;
    this.#world.store.resume(this.self);
    this.clock.resume();
    this.#go();
  }

  kill(): void {
    this.isDead = true;
    this.clock.kill();
    this.#world.store.stop(this.self);
  }

  set(faults: Partial<Faults>): void {
    Object.assign(this.faults, faults);
    if (faults.areWitnessesSilent === true) this.#silentSinceMs = this.clock.now();
    this.#go();
  }

  confirmMonitor(): Promise<void> {
    return this.#monitor(() => this.fencing.confirmMonitor());
  }

  blocklist(address: string): Promise<void> {
    return this.#monitor(async () => {
      this.blocklisted.push(address);
      await this.fencing.blocklist(address);
    });
  }

  async isBlocklisted(): Promise<boolean> {
    let isBlocklisted = false;
    await this.#monitor(async () => {
      isBlocklisted = await this.fencing.isBlocklisted();
    });
    return isBlocklisted;
  }

  passBarrier(): Promise<void> {
    return this.#monitor(async () => {
      await this.#until(() => !this.faults.isBarrierStuck);
      await this.fencing.passBarrier();
    });
  }

  hold(): void {
    this.fencing.hold();
  }

  release(): void {
    this.fencing.release();
  }

  witnessAgesMs(): readonly number[] {
    const ageMs = this.faults.areWitnessesSilent ? this.clock.now() - this.#silentSinceMs : 0;
    return [ageMs, ageMs, ageMs];
  }

  async #monitor(call: () => Promise<void>): Promise<void> {
    const answers = (): boolean => !this.faults.isMonitorSilent && !this.isPaused && !this.isDead;
    await this.#until(answers);
    await this.#world.travel();
    await this.#until(answers);
    await call();
    await this.#until(answers);
    await this.#world.travel();
    await this.#until(answers);
  }

  #until(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve();
    return new Promise((go) => this.#waiting.push({ ready, go }));
  }

  #go(): void {
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.ready()) waiting.go();
      else this.#waiting.push(waiting);
    }
  }

  /** The same records, silent while the fault says so: before an operation lands, or after. */
  #faulty(records: Records): Records {
    const answers = (): boolean => !this.faults.isStoreSilent;
    const silent = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => {
      return async (...args: A): Promise<R> => {
        await this.#until(answers);
        const result = await call(...args);
        await this.#until(answers);
        return result;
      };
    };
    return {
      self: records.self,
      get: silent((key) => records.get(key)),
      compareAndSet: silent((key, version, value) => records.compareAndSet(key, version, value)),
      list: silent((prefix) => records.list(prefix)),
      setFields: silent((key, fields, guard) => records.setFields(key, fields, guard)),
      getFields: silent((key) => records.getFields(key)),
      notify: silent((channel, message, ms) => records.notify(channel, message, ms)),
      watch: silent((channel, watcher) => records.watch(channel, watcher)),
      close: () => records.close(),
    };
  }
}

export class MembershipWorld {
  readonly clock = new VirtualClock();
  readonly random: SeededRandom;
  readonly cluster = new MemoryCluster();
  readonly store: MemoryRecordsWorld;
  readonly #delayMaxMs: number;
  /** Reads the store directly, not as a member. */
  readonly #membership: Promise<MembershipStore>;

  constructor(seed: number, { delayMaxMs = 0, lossPerMille = 0 } = {}) {
    this.random = new SeededRandom(seed);
    this.#delayMaxMs = delayMaxMs;
    const { clock, random } = this;
    this.store = new MemoryRecordsWorld({ clock, random, delayMaxMs, lossPerMille });
    const still = new MemoryRecordsWorld({ clock, random });
    Object.assign(still, { store: this.store.store });
    this.#membership = still.open('observer').then((records) => {
      return new MembershipStore({ records, clock, random });
    });
  }

  async gateway(name: string): Promise<SimGateway> {
    return new SimGateway(this, name, await this.store.open(name));
  }

  /** Starts gateways one after the other; resolves when all serve. */
  async serving(...names: string[]): Promise<SimGateway[]> {
    const gateways: SimGateway[] = [];
    for (const name of names) {
      const gateway = await this.gateway(name);
      await this.within(1_000, gateway.serve());
      gateways.push(gateway);
    }
    return gateways;
  }

  async read(): Promise<Roster> {
    return await (await this.#membership).read();
  }

  /** One direction to the monitors, or back. */
  async travel(): Promise<void> {
    if (this.#delayMaxMs === 0) return;
    await sleepOn(this.clock, this.random.below(this.#delayMaxMs + 1));
  }

  /** Moves time on until the promise has settled; fails when that takes longer. */
  async within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settled = promise.finally(() => {
      isSettled = true;
    });
    settled.catch(() => {});
    const endMs = this.clock.now() + limitMs;
    await this.clock.advance(0);
    while (!isSettled && this.clock.now() < endMs) await this.clock.advance(STEP_MS);
    if (!isSettled) throw new Error(`not settled within ${limitMs} ms`);
    return await settled;
  }

  /** Moves time on until it holds, and returns how long that took, in ms. */
  async until(limitMs: number, holds: () => boolean | Promise<boolean>): Promise<number> {
    const startMs = this.clock.now();
    while (!(await holds())) {
      if (this.clock.now() - startMs >= limitMs) throw new Error(`not within ${limitMs} ms`);
      await this.clock.advance(STEP_MS);
    }
    return this.clock.now() - startMs;
  }
}

const STEP_MS = 10;

function sleepOn(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}
