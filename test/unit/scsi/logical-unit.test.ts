// Proves what a logical unit does with the events of its shared state and with the volumes that
// serve it one after another: what it copies, whom it tells, and which of them a self-fence fences.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandResult } from '../../../src/scsi/command-result.ts';
import {
  type AbortCause,
  LogicalUnit,
  type LogicalUnitListener,
} from '../../../src/scsi/logical-unit.ts';
import {
  type NexusSession,
  NO_RESERVATIONS,
  type Reservations,
  ReservationType,
} from '../../../src/scsi/reservations/reservations.ts';
import { UNRESTRICTED } from '../../../src/scsi/reservations/restrictions.ts';
import { conditions } from '../../../src/scsi/sense-table.ts';
import { coldReset, initialState, modesSelected, reset } from '../../../src/scsi/unit-changes.ts';
import type { CommittedEvent } from '../../../src/scsi/unit-state.ts';
import { LocalUnitState } from '../../../src/units/local-unit-state.ts';
import { MemoryStore, type MemoryVolume } from '../../doubles/memory-volumes.ts';
import { GatedVolume } from '../../support/gated-volume.ts';
import { nexusOf } from '../../support/nexus-names.ts';
import { identity } from '../../support/scsi-call.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

class Listener implements LogicalUnitListener {
  readonly told: (CommandResult | AbortCause)[] = [];
  readonly modes: boolean[] = [];
  readonly restrictions: number[] = [];
  readonly session: NexusSession;

  constructor(host: string) {
    this.session = { nexus: nexusOf(host, 1), incarnation: 'one', number: 1 };
  }

  restrict(_: LogicalUnit, restrictions: number) {
    this.restrictions.push(restrictions);
    return [];
  }

  hasCommands(): boolean {
    return false;
  }

  establish(_: LogicalUnit, condition: CommandResult): void {
    this.told.push(condition);
  }

  abortCommands(unit: LogicalUnit, cause: AbortCause) {
    this.told.push(cause);
    this.modes.push(unit.modes.tas);
    return [];
  }
}

async function world() {
  const store = new MemoryStore();
  await store.create('a', 100 * 512);
  const open = async () => new GatedVolume((await store.open('a')) as MemoryVolume);
  const volume = await open();
  const description = {
    ...{
      identity,
      blocks: 100,
      documentBlocks: 100,
      blockLengthBytes: 512,
      readOnly: false,
      volatileCache: true,
      documentVersion: 1,
    },
  };
  const state = new LocalUnitState(initialState(description));
  const unfenced: string[] = [];
  const unit: LogicalUnit = new LogicalUnit({
    ...{ name: 'a', state, volume, clock: new VirtualClock() },
    onUnfenced: () => unfenced.push(unit.name),
  });
  const [one, other] = [new Listener('a'), new Listener('b')];
  unit.join(one);
  unit.join(other);
  const serve = (by: GatedVolume, isReplaced = false, documentVersion = 1) =>
    unit.serve({
      ...{ name: 'a', volume: by, isReplaced },
      description: { ...description, documentVersion },
    });
  return { store, open, volume, description, state, unit, one, other, unfenced, serve };
}

function event(state: CommittedEvent['state'], parts: Partial<CommittedEvent> = {}) {
  const nothing = { aborts: 'nothing', attentions: [] } as const;
  return { state, event: nothing, origin: undefined, ...parts };
}

function askedBy(nexus: Listener) {
  return { nexus, isAborted: false };
}

test('an event changes what commands read, in the turn in which it is applied', async () => {
  const { unit, state } = await world();
  const { modes } = state.current;
  void unit.apply(event({ ...state.current, blocks: 5, readOnly: true }));
  assert.deepEqual([unit.blocks, unit.isWriteProtected], [5, true]);
  const current = { ...modes.current, swp: true };
  void unit.apply(event({ ...state.current, modes: { ...modes, current } }));
  assert.deepEqual([unit.modes, unit.isWriteProtected], [current, true]);
  const renamed = { ...identity, product: 'ANOTHER' };
  void unit.apply(event({ ...state.current, identity: renamed }));
  assert.deepEqual([unit.identity, unit.isWriteProtected], [renamed, false]);
});

test('an event notifies all nexuses, or all but the one that asked', async () => {
  const { unit, state, one, other } = await world();
  const attentions = [
    { condition: 'modeParametersChanged', nexuses: 'others' },
    { condition: 'capacityDataHasChanged', nexuses: 'all' },
  ] as const;
  await unit.apply(
    event(state.current, { event: { aborts: 'nothing', attentions }, origin: askedBy(one) }),
  );
  assert.deepEqual(one.told, [conditions.capacityDataHasChanged]);
  const both = [conditions.modeParametersChanged, conditions.capacityDataHasChanged];
  assert.deepEqual(other.told, both);
});

test('commands that an event aborts end by the previous TAS; then the event is reported', async () => {
  const { unit, state, one, other } = await world();
  const { modes } = state.current;
  void unit.apply(
    event({ ...state.current, modes: { ...modes, current: { ...modes.current, tas: true } } }),
  );
  assert.equal(
    await unit.apply({ ...event(state.current), event: resetOf(state), origin: askedBy(one) }),
    true,
  );
  const { busDeviceResetFunctionOccurred } = conditions;
  assert.deepEqual(one.told, ['ownNexus', busDeviceResetFunctionOccurred]);
  assert.deepEqual(other.told, ['otherNexus', busDeviceResetFunctionOccurred]);
  assert.deepEqual(other.modes, [true]);
  assert.equal(unit.modes.tas, false);
});

function resetOf(state: LocalUnitState): CommittedEvent['event'] {
  const outcome = reset(state.current);
  assert.ok('event' in outcome);
  return outcome.event;
}

test('the capacity is that of the volume that serves it, not of the previous one', async () => {
  const { store, open, volume, unit, one, serve } = await world();
  await store.resize('a', 200 * 512);
  assert.deepEqual([unit.blocks, one.told], [200, [conditions.capacityDataHasChanged]]);
  const next = await open();
  await serve(next);
  assert.equal(unit.volume, next);
  assert.equal(unit.blocks, 200, 'the document that is served already makes it no smaller');
  await store.create('b', 50 * 512);
  const last = new GatedVolume((await store.open('b')) as MemoryVolume);
  await serve(last, true, 2);
  await store.resize('a', 300 * 512);
  assert.equal(unit.blocks, 100, 'as it was described, whatever becomes of the volumes before');
  await volume.close();
  unit.volumeClosed(volume);
  await store.resize('b', 60 * 512);
  assert.equal(unit.blocks, 60);
});

test('a self-fence fences every volume that may have commands in flight, and no other', async () => {
  const { open, volume, unit, serve } = await world();
  const second = await open();
  await serve(second);
  assert.equal(await unit.fence(), true);
  assert.deepEqual([volume.fences, second.fences], [1, 1]);
  await settle();
  assert.equal(unit.fencing, false);
  await volume.close();
  unit.volumeClosed(volume);
  await settle();
  await unit.fence();
  assert.deepEqual([volume.fences, second.fences], [1, 2]);
  await settle();
  // A disk that no document names has its volume closed, and may come back.
  await second.close();
  unit.volumeClosed(second);
  await settle();
  const third = await open();
  await serve(third);
  await unit.fence();
  assert.deepEqual([second.fences, third.fences], [2, 1]);
});

test('if a former volume cannot be fenced, the unit is not, and commands continue', async () => {
  const { open, volume, unit, unfenced, serve } = await world();
  await serve(await open());
  volume.holdFences = true;
  const fenced = unit.fence();
  volume.endFence(false);
  assert.equal(await fenced, false);
  await settle();
  assert.deepEqual([unfenced, unit.fencing], [['a'], false]);
});

test('other data are reported as a reset, before all other changes', async () => {
  const { open, unit, one, description } = await world();
  const volume = await open();
  await unit.serve({
    ...{ name: 'b', volume, isReplaced: true },
    description: { ...description, readOnly: true },
  });
  const { powerOnResetOrBusDeviceResetOccurred, modeParametersChanged } = conditions;
  assert.deepEqual(one.told, [powerOnResetOrBusDeviceResetOccurred, modeParametersChanged]);
  assert.equal(unit.name, 'b');
});

test('it is closed when no nexus reaches it, and then ignores its volume', async () => {
  const { store, unit, one, other } = await world();
  assert.throws(() => unit.close(), /no nexus reaches/);
  await unit.part(one);
  await unit.part(other);
  unit.close();
  await store.resize('a', 200 * 512);
  assert.equal(unit.blocks, 100);
});

/** A unit with these reservations, of life 4, at a gateway for which `life` and `isLost` hold. */
async function reservedUnit(reservations: Partial<Reservations>) {
  const { description, volume } = await world();
  const state = new LocalUnitState({
    ...initialState(description),
    reservations: { ...NO_RESERVATIONS, life: 4, ...reservations },
  });
  const cluster = { life: 4, lost: '' };
  Object.defineProperty(state, 'life', { get: () => cluster.life });
  state.isLost = (incarnation?: string) => incarnation === cluster.lost;
  const clock = new VirtualClock();
  const unit = new LogicalUnit({ name: 'a', state, volume, clock });
  const other = new Listener('other');
  unit.join(other);
  return { unit, other, cluster };
}

const holder = nexusOf('holder', 1);
const registrations = new Map([[holder, '1'.repeat(16)]]);
const persistent = { type: ReservationType.exclusiveAccess, holder };

test('in a later life registrations without APTPL are absent, and the rest stays', async () => {
  for (const aptpl of [false, true]) {
    const { unit, other, cluster } = await reservedUnit({ aptpl, registrations, persistent });
    assert.notEqual(unit.restrictionsOf(other.session), UNRESTRICTED);
    cluster.life = 5;
    unit.readAgain();
    assert.equal(unit.restrictionsOf(other.session) === UNRESTRICTED, !aptpl);
    assert.equal(other.restrictions.length, 1, 'nexuses are told');
    assert.equal((await unit.latestReservations())?.registrations.size, aptpl ? 1 : 0);
    // A change is computed from what there is in this life, and is of this life.
    await unit.commit(reset);
    cluster.life = 6;
    unit.readAgain();
    assert.equal((await unit.latestReservations())?.life, 6);
  }
});

test('in a later life the saved mode parameters are current', async () => {
  const { unit, other, cluster } = await reservedUnit({});
  const select = (parameters: object, isSaved: boolean) =>
    unit.commit((state) =>
      modesSelected(state, { ...state.modes.current, ...parameters }, isSaved),
    );
  await select({ dSense: true }, true);
  await select({ swp: true }, false);
  cluster.life = 5;
  unit.readAgain();
  assert.deepEqual(
    [unit.modes.dSense, unit.modes.swp, unit.isWriteProtected],
    [true, false, false],
  );
  await select({ swp: true }, false);
  unit.readAgain();
  assert.equal(unit.isWriteProtected, true, 'selected in this life');
  assert.ok(other.told.length > 0);
});

test('the reset of a TARGET COLD RESET ends the sessions of the target, another reset does not', async () => {
  const { volume, description } = await world();
  const ended: string[] = [];
  const unit = new LogicalUnit({
    ...{ name: 'a', state: new LocalUnitState(initialState(description)), volume },
    clock: new VirtualClock(),
    onTargetEnded: (targetName) => ended.push(targetName),
  });
  const nexus = new Listener('a');
  unit.join(nexus);
  await unit.commit(coldReset('iqn.2026-11.com.example:t'));
  await unit.commit(reset);
  assert.deepEqual(ended, ['iqn.2026-11.com.example:t']);
  const told = ['otherNexus', conditions.busDeviceResetFunctionOccurred];
  assert.deepEqual(nexus.told, [...told, ...told]);
});

test('RESERVE of a session whose gateway is over is absent', async () => {
  const session = { nexus: holder, incarnation: 'two', number: 7 };
  const { unit, other, cluster } = await reservedUnit({ reserve: session });
  assert.notEqual(unit.restrictionsOf(other.session), UNRESTRICTED);
  cluster.lost = 'two';
  unit.readAgain();
  assert.equal(unit.restrictionsOf(other.session), UNRESTRICTED);
  assert.equal((await unit.latestReservations())?.reserve, undefined);
});
