// Proves that the expectation of one nexus finds wrong ends of its commands: a unit attention that
// is missing, repeated or unfounded; RESERVATION CONFLICT and GOOD at the wrong time. It accepts
// whatever the order of answers leaves open.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CommandEnd, NexusExpectation } from './nexus-expectation.ts';

function nexus() {
  const expectation = new NexusExpectation('n');
  return {
    expectation,
    command: (end: CommandEnd) => expectation.ended(expectation.sent(true), end),
    event: () => {
      expectation.eventBegins();
      expectation.eventIsEffective();
    },
  };
}

const faultsOf = ({ faults }: NexusExpectation) => faults.map((each) => each.slice(3));

test('each event is reported once, at the latest by the first command after its answer', () => {
  const { expectation, command, event } = nexus();
  event();
  command('attention');
  command('good');
  expectation.eventBegins();
  command('attention');
  expectation.eventIsEffective();
  command('good');
  event();
  event();
  command('attention');
  command('good');
  assert.deepEqual(faultsOf(expectation), []);
});

test('an attention that is missing, repeated or unfounded is found', () => {
  const missing = nexus();
  missing.event();
  missing.command('good');
  assert.deepEqual(faultsOf(missing.expectation), ['a unit attention is due and did not come']);
  const twice = nexus();
  twice.event();
  twice.command('attention');
  twice.command('attention');
  assert.deepEqual(faultsOf(twice.expectation), ['a unit attention that is not due']);
  const unasked = nexus();
  unasked.expectation.eventBegins();
  unasked.expectation.eventIsNone();
  unasked.command('attention');
  assert.deepEqual(faultsOf(unasked.expectation), ['a unit attention that is not due']);
});

test('commands are checked in the order in which they were sent', () => {
  const { expectation, event } = nexus();
  event();
  const [first, second] = [expectation.sent(true), expectation.sent(true)];
  expectation.ended(second, 'good');
  expectation.ended(first, 'attention');
  assert.deepEqual(faultsOf(expectation), []);
});

test('a nexus is kept out while it is forbidden, and no longer', () => {
  const { expectation, command } = nexus();
  expectation.access = 'unknown';
  for (const end of ['good', 'conflict'] as const) command(end);
  expectation.access = 'forbidden';
  command('conflict');
  const late = expectation.sent(true);
  expectation.access = 'unknown';
  expectation.ended(late, 'good');
  expectation.access = 'allowed';
  command('good');
  assert.deepEqual(faultsOf(expectation), []);
  command('conflict');
  expectation.access = 'forbidden';
  command('good');
  assert.deepEqual(faultsOf(expectation), [
    'RESERVATION CONFLICT though it was allowed',
    'done though it was forbidden',
  ]);
});

test('a new session is notified only of events after its login', () => {
  const { expectation, command, event } = nexus();
  event();
  expectation.eventBegins();
  expectation.connected(expectation.effective);
  command('good');
  expectation.eventIsEffective();
  command('good');
  assert.deepEqual(faultsOf(expectation), []);
  event();
  command('good');
  assert.equal(faultsOf(expectation).length, 1);
});
