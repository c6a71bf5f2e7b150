// Gateways under random faults on virtual time, each started again as a supervisor would; what
// must hold is checked at each change of the members object and at each write.

import assert from 'node:assert/strict';
import { BackOff } from '../../src/membership/back-off.ts';
import { PAUSE_GAP_MAX_MS } from '../../src/membership/limits.ts';
import { isOpen, isOver, stateOf } from '../../src/membership/membership.ts';
import { rosterNow, SimMedium, watchRoster } from './membership-laws.ts';
import { MembershipWorld, type SimGateway } from './membership-world.ts';

const FAULT_INTERVAL_MAX_MS = 2_500;
const FAULT_LENGTH_MAX_MS = 12_000;
const RESTART_MAX_MS = 3_000;
const SLOW_WRITE_MAX_MS = 15_000;
/** The longest back-off, and a join, and one that had begun before. */
const HEAL_MS = 90_000;
const STEP_MS = 25;
const BLOCKS = 4;

export interface ChaosResult {
  readonly fences: number;
  readonly changes: number;
  readonly landed: number;
  readonly refused: number;
  readonly closed: number;
}

/** One gateway after another under one name. */
class Place {
  readonly name: string;
  readonly #chaos: Chaos;
  readonly #backOff: BackOff;
  gateway: SimGateway | undefined;
  isServing = false;
  #servingMs = 0;
  /** Seen over when it went on after a stop: it must not act again. */
  #isCondemned = false;

  constructor(chaos: Chaos, name: string) {
    this.#chaos = chaos;
    this.name = name;
    this.#backOff = new BackOff(chaos.world.random);
  }

  async start(previous?: SimGateway): Promise<void> {
    const { world, gateways } = this.#chaos;
    const gateway = await world.gateway(this.name);
    this.gateway = gateway;
    this.isServing = false;
    this.#isCondemned = false;
    gateways.push(gateway);
    gateway
      .join(previous?.self)
      .then(async (members) => {
        const { cluster, random } = world;
        const mapEpoch = Math.max(1, cluster.mapEpoch - random.below(3));
        gateway.fencing.openInstance(this.volumeOf(gateway), mapEpoch);
        await members.register({ address: this.volumeOf(gateway), kind: 'volume' });
        await members.admit();
        if (this.gateway !== gateway) return;
        this.isServing = true;
        this.#servingMs = world.clock.now();
      })
      // It could not join, or was closed before it served: the next one tries.
      .catch(() => this.#again(gateway));
  }

  volumeOf(gateway: SimGateway): string {
    return `${gateway.address}:volume`;
  }

  /** Once a step: work, and what a supervisor does. */
  step(): void {
    const { world, medium } = this.#chaos;
    const { gateway } = this;
    if (gateway?.members === undefined || gateway.isPaused || gateway.isDead) return;
    if (gateway.closed !== undefined) {
      this.#chaos.closed += 1;
      this.#again(gateway);
      return;
    }
    if (!this.isServing || !gateway.members.mayAct()) return;
    assert.ok(!this.#isCondemned, `${this.name} acts, but was fenced while it was stopped`);
    if (gateway.fencing.isHolding) return;
    const isSlow = world.random.below(10) === 0;
    const delayMs = world.random.below(isSlow ? SLOW_WRITE_MAX_MS : 20);
    medium.submit(gateway, this.volumeOf(gateway), delayMs);
  }

  kill(): void {
    const { world } = this.#chaos;
    const { gateway } = this;
    if (gateway === undefined || gateway.isDead) return;
    gateway.kill();
    this.isServing = false;
    world.clock.after(world.random.below(RESTART_MAX_MS), () => {
      if (this.gateway === gateway) void this.start();
    });
  }

  /** One more process under this name: it may join only if the first one does not live. */
  startTwin(): void {
    const { world, gateways } = this.#chaos;
    void world.gateway(this.name).then((twin) => {
      gateways.push(twin);
      const leave = () => twin.members?.leave();
      twin.join().then(leave, () => {});
    });
  }

  pause(lengthMs: number): void {
    const { world } = this.#chaos;
    const { gateway } = this;
    if (gateway === undefined || gateway.isDead || gateway.isPaused) return;
    gateway.pause();
    world.clock.after(lengthMs, () => {
      const roster = rosterNow(world);
      const isOld = lengthMs > PAUSE_GAP_MAX_MS && isOver(roster, gateway.self);
      if (isOld && this.isServing && this.gateway === gateway) this.#isCondemned = true;
      gateway.resume();
    });
  }

  #again(gateway: SimGateway): void {
    const { world } = this.#chaos;
    if (this.gateway !== gateway || gateway.isDead) return;
    this.gateway = undefined;
    const backOff = this.#backOff;
    const waitMs = this.isServing
      ? backOff.afterServingMs(world.clock.now() - this.#servingMs)
      : backOff.afterFailureMs();
    this.isServing = false;
    world.clock.after(waitMs, () => {
      if (this.gateway === undefined) void this.start(gateway);
    });
  }
}

export class Chaos {
  readonly world: MembershipWorld;
  readonly medium: SimMedium;
  /** Every gateway that ever was. */
  readonly gateways: SimGateway[] = [];
  readonly #places: Place[];
  closed = 0;

  constructor(seed: number, names: readonly string[]) {
    const shape = seed % 3;
    const [delayMaxMs, lossPerMille] = [
      [0, 0],
      [15, 0],
      [40, 10],
    ][shape] as [number, number];
    this.world = new MembershipWorld(seed, { delayMaxMs, lossPerMille });
    this.medium = new SimMedium(this.world, BLOCKS);
    this.#places = names.map((name) => new Place(this, name));
  }

  async run(lengthMs: number): Promise<ChaosResult> {
    const { clock, random } = this.world;
    const counted = watchRoster(this.world, () => this.gateways);
    for (const place of this.#places) await place.start();
    const endMs = clock.now() + lengthMs;
    let nextFaultMs = 5_000;
    while (clock.now() < endMs) {
      await this.#step();
      if (clock.now() < nextFaultMs) continue;
      nextFaultMs = clock.now() + random.below(FAULT_INTERVAL_MAX_MS);
      this.#fault();
    }
    // Every fault has an end; then all serve again, and no fence is left.
    const healMs = clock.now() + FAULT_LENGTH_MAX_MS + HEAL_MS;
    while (!this.#isHealed()) {
      assert.ok(clock.now() < healMs, `not healed: ${JSON.stringify(rosterNow(this.world))}`);
      await this.#step();
    }
    const fences = this.world.cluster.blocklisted.length / 2;
    const { landed, refused } = this.medium;
    return { fences, changes: counted.changes, landed, refused, closed: this.closed };
  }

  async #step(): Promise<void> {
    await this.world.clock.advance(STEP_MS);
    for (const place of this.#places) place.step();
  }

  #isHealed(): boolean {
    const { members } = rosterNow(this.world);
    const areServing = this.#places.every(({ isServing, gateway }) => {
      return isServing && gateway?.closed === undefined && gateway?.isPaused === false;
    });
    const open = members.filter(isOpen);
    const areOver = members.every((member) => isOpen(member) || member.state === 'finished');
    return areServing && areOver && open.length === this.#places.length;
  }

  #fault(): void {
    const { random, clock } = this.world;
    const place = random.pick(this.#places);
    const lengthMs = random.below(FAULT_LENGTH_MAX_MS);
    const { gateway } = place;
    const during = (faults: Parameters<SimGateway['set']>[0]): void => {
      if (gateway === undefined) return;
      gateway.set(faults);
      const healed = Object.fromEntries(Object.keys(faults).map((fault) => [fault, false]));
      clock.after(lengthMs, () => gateway.set(healed));
    };
    const faults: readonly (() => void)[] = [
      () => place.pause(lengthMs),
      () => place.pause(lengthMs),
      () => place.kill(),
      () => place.startTwin(),
      () => during({ isStoreSilent: true }),
      () => during({ isMonitorSilent: true }),
      () => during({ isBarrierStuck: true }),
      () => during({ isStoreSilent: true, isMonitorSilent: true, areWitnessesSilent: true }),
      () => during({ isStoreSilent: true, areWitnessesSilent: true }),
      () => this.#fence(place, random.pick(this.#places)),
      () => {
        const other = random.pick(this.#places);
        this.#fence(place, other);
        this.#fence(other, place);
      },
    ];
    random.pick(faults)();
  }

  #fence(by: Place, victim: Place): void {
    const { gateway } = victim;
    if (by.gateway?.members === undefined || by.gateway.isDead || gateway === undefined) return;
    if (by.gateway.isPaused || by === victim) return;
    const { self } = gateway;
    // One that joins and was never open is over until it is opened.
    if (stateOf(rosterNow(this.world), self) === undefined) return;
    by.gateway.members.fence(self).then(
      () => assert.ok(isOver(rosterNow(this.world), self), 'a fence resolved too early'),
      // Refused, or the fencer is over itself.
      () => {},
    );
  }
}
