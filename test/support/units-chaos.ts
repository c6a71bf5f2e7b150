// Gateways that agree on a logical unit under random kills, pauses, silent stores, lost and late
// messages: every gateway that may still act enforces what is answered, and nothing is lost.

import assert from 'node:assert/strict';
import { isOver } from '../../src/membership/membership.ts';
import { COMMITTED, NOT_COMMITTED } from '../../src/scsi/unit-state.ts';
import { command, grown, type UnitDouble, type UnitsGateway, UnitsWorld } from './units-world.ts';

const CHANGES = 40;
const DRAIN_MAX_MS = 40;
const DRAIN_SLOW_MAX_MS = 1_500;
const STEP_MAX_MS = 400;
/** Longer than a suspicion, a fence and the completion of what a dead gateway left. */
const QUIET_MS = 40_000;

interface Place {
  readonly gateway: UnitsGateway;
  readonly unit: UnitDouble;
  /** The blocks of the last event that it enforces. */
  enforced: number;
}

/** Resolves with how many changes were answered. */
export async function runUnitsChaos(seed: number): Promise<number> {
  const world = new UnitsWorld(seed, { delayMaxMs: 20, lossPerMille: 30 });
  const { random, clock } = world;
  const places: Place[] = [];
  let [answered, unknown] = [0, 0];

  async function start(name: string): Promise<void> {
    const gateway = await untilAnswered(() => world.unitsGateway(name));
    const unit = await untilAnswered(() => world.within(20_000, gateway.open()));
    const place: Place = { gateway, unit, enforced: unit.blocks };
    const apply = unit.apply.bind(unit);
    unit.apply = async (event) => {
      await apply(event);
      const drainMs = random.below(random.below(10) === 0 ? DRAIN_SLOW_MAX_MS : DRAIN_MAX_MS);
      await new Promise<void>((go) => gateway.sim.clock.after(drainMs, go));
      place.enforced = event.state.blocks;
      return true;
    };
    places.push(place);
  }

  /** Messages are lost: a start is tried again, as a gateway does. */
  async function untilAnswered<T>(attempt: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await attempt();
      } catch (error) {
        if (tries > 20) throw error;
        await clock.advance(500);
      }
    }
  }

  const living = () => places.filter(({ gateway: { sim } }) => !sim.isDead && !sim.closed);

  function change({ unit, gateway }: Place): void {
    let wanted = 0;
    const counted = (state: Parameters<typeof grown>[0]) => {
      wanted = state.blocks + 1;
      return grown(state);
    };
    unknown += 1;
    void unit.state.commit(counted, command()).then(async (outcome) => {
      if (gateway.sim.isDead || gateway.sim.isPaused) return;
      if (outcome === NOT_COMMITTED && gateway.sim.closed === undefined) unknown -= 1;
      if (outcome !== COMMITTED) return;
      [answered, unknown] = [answered + 1, unknown - 1];
      const before = places.map(({ enforced }) => enforced);
      const roster = await world.read();
      places.forEach((place, at) => {
        const { self, name } = place.gateway.sim;
        const isEnforced = before[at]! >= wanted || isOver(roster, self);
        assert.ok(isEnforced, `seed ${seed}: ${name} does not enforce what was answered`);
      });
    });
  }

  for (let at = 0; at < 3; at++) await start(`g${at}`);
  for (let at = 0; at < CHANGES; at++) {
    const any = living();
    if (any.length < 2) await start(`late${at}`);
    else fault(any[random.below(any.length)]!, any.length);
    const place = living()[random.below(living().length)];
    if (place !== undefined) change(place);
    await clock.advance(random.below(STEP_MAX_MS));
  }
  for (const { gateway } of places) {
    if (gateway.sim.isPaused && !gateway.sim.isDead) gateway.sim.resume();
    gateway.sim.set({ isStoreSilent: false });
  }
  await clock.advance(QUIET_MS);
  const blocks = world.record().state.blocks - 1000;
  assert.ok(blocks >= answered, `seed ${seed}: an answered change is lost`);
  assert.ok(blocks <= answered + unknown, `seed ${seed}: a change is made that nobody asked for`);
  for (const { gateway, enforced } of living()) {
    assert.equal(enforced, blocks + 1000, `seed ${seed}: ${gateway.sim.name} is behind`);
    assert.equal(gateway.isBehind, false);
  }
  assert.deepEqual((await world.read()).marks, [], `seed ${seed}: a mark is left`);
  const { number, settled } = world.record();
  assert.equal(settled, number, `seed ${seed}: an event is not settled`);
  return answered;

  function fault({ gateway: { sim } }: Place, count: number): void {
    const dice = random.below(100);
    if (dice < 4 && count > 2) sim.kill();
    else if (dice < 12 && !sim.isPaused) {
      sim.pause();
      clock.after(random.below(7_000), () => {
        if (sim.isPaused && !sim.isDead) sim.resume();
      });
    } else if (dice < 18) {
      sim.set({ isStoreSilent: true });
      clock.after(random.below(2_500), () => sim.set({ isStoreSilent: false }));
    }
  }
}
