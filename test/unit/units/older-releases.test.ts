// Beside a gateway of a release that does not enforce reservations none is made; other changes are,
// at the gateways that know them; and once it is gone, reservations are made again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_RESERVATIONS, type Reservations } from '../../../src/scsi/reservations/reservations.ts';
import { reservationsChanged } from '../../../src/scsi/unit-changes.ts';
import { COMMITTED, NOT_COMMITTED, type UnitChange } from '../../../src/scsi/unit-state.ts';
import { nexusOf } from '../../support/nexus-names.ts';
import { command, grown, UnitsWorld } from '../../support/units-world.ts';

const nexus = nexusOf('a', 1);
const SILENT = { aborts: [], attentions: [] };
const registered: Reservations = {
  ...NO_RESERVATIONS,
  registrations: new Map([[nexus, '0000000000000001']]),
};
const to = (next: Reservations): UnitChange => {
  return reservationsChanged(() => ({ next, event: SILENT }));
};

test('no reservation is made while a gateway runs that does not enforce it', async () => {
  const world = new UnitsWorld(20);
  const { gateways, units } = await world.pair();
  const [{ sim }] = gateways as [(typeof gateways)[0]];
  const text = (content: object) => new TextEncoder().encode(JSON.stringify({ v: 1, ...content }));
  await sim.records.setFields('members', {
    'inc:old/1': text({ state: 'open' }),
    'about:old/1': text({ start: 9, serving: true, instances: [] }),
  });
  await world.clock.advance(600);
  const state = units[0]!.state;
  const commit = (change: UnitChange) => {
    return world.within(3_000, state.commit(change, command()));
  };
  assert.equal(await commit(grown), COMMITTED);
  assert.equal(await commit(to(registered)), COMMITTED, 'it keeps nobody from anything');
  const { reservations } = state.current;
  const reserved = { ...reservations, persistent: { type: 1, holder: nexus } } as const;
  assert.equal(await commit(to(reserved)), NOT_COMMITTED);
  const session = { nexus, incarnation: sim.self.incarnation, number: 1 };
  assert.equal(await commit(to({ ...reservations, reserve: session })), NOT_COMMITTED);
  const said = sim.log.lines.filter(({ event }) => event === 'unit_change_failed');
  assert.equal(said.length, 1);
  assert.match(said[0]!.fields['reason'] as string, /^gateway old runs a release that does not/);
  // It shows no sign of life: it is fenced.
  await world.clock.advance(10_000);
  assert.equal(await commit(to(reserved)), COMMITTED);
});
