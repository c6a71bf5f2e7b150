// A store that gateways serve is not taken over; one whose last gateway is ending is waited for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandName, isCommandName } from '../../../src/control/command-name.ts';
import { requireUnserved } from '../../../src/control/require-unserved.ts';
import type { Member } from '../../../src/records/records.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const command: Member = { name: commandName(17), incarnation: '1' };
const gateway: Member = { name: 'g0', incarnation: '2' };

test('a command is told from a gateway by its name', () => {
  assert.ok(isCommandName(command.name));
  assert.ok(!isCommandName('g0') && !isCommandName('tool-') && !isCommandName('tool-1x'));
});

test('a store that commands alone have open is free', async () => {
  await requireUnserved({ clock: new VirtualClock(), living: async () => [command] }, 'S');
});

test('a gateway that ends within seconds is waited for; one that stays is named', async () => {
  const clock = new VirtualClock();
  let members = [gateway, command];
  const waiting = requireUnserved({ clock, living: async () => members }, 'S');
  await clock.advance(1_000);
  members = [command];
  await clock.advance(200);
  await waiting;

  members = [gateway, command];
  const refused = requireUnserved({ clock, living: async () => members }, 'S');
  const rejects = assert.rejects(refused, {
    code: 'storeInUse',
    message: 'the store S is served already, by g0',
    data: { gateways: ['g0'] },
  });
  await clock.advance(4_000);
  await rejects;
});
