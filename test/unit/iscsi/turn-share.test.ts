// Proves that a connection works off PDUs for a bounded time before the others get their turn, that
// it goes on by itself, and that nothing is lost or done out of order meanwhile.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TURN_ALL_MS, TURN_CHECK_PDUS, TURN_MAX_MS } from '../../../src/iscsi/limits.ts';
import { FIRST_CMD_SN, IscsiWorld, scsiCommand } from '../../support/iscsi-world.ts';
import { settle, TurnClock } from '../../support/virtual-clock.ts';

const COMMANDS = 1000;

/** A world in which a command takes so long, and a session that has sent a thousand at once. */
async function floodedWorld(commandMs: number) {
  const clock = new TurnClock();
  const world = new IscsiWorld({ clock });
  const stream = await world.logIn();
  await clock.endTurn();
  const { nexus } = world;
  const tags: number[] = [];
  nexus.onSubmit = (task) => {
    tags.push(task.tag);
    clock.skip(commandMs);
    task.end(0, 0, undefined);
  };
  const flood = Array.from({ length: COMMANDS }, (_, i) =>
    scsiCommand(FIRST_CMD_SN + i, i, 0x80, 0),
  );
  stream.feed(Buffer.concat(flood));
  return { clock, world, stream, tags };
}

test('slow commands are worked off turn by turn', async () => {
  const { clock, stream, tags } = await floodedWorld(TURN_MAX_MS / 4);
  assert.ok(tags.length <= TURN_CHECK_PDUS, `${tags.length} commands in one turn`);
  assert.equal(stream.paused, true);
  while (tags.length < COMMANDS) {
    const before = tags.length;
    await clock.endTurn();
    assert.ok(tags.length > before && tags.length <= before + TURN_CHECK_PDUS);
  }
  await clock.endTurn();
  assert.equal(stream.paused, false);
  assert.deepEqual(
    tags,
    Array.from({ length: COMMANDS }, (_, i) => i),
  );
});

test('another session is answered between two turns', async () => {
  const { clock, world, tags } = await floodedWorld(TURN_MAX_MS);
  const other = await world.logIn([], { bytes: { 8: 0x40, 13: 2 } });
  const { nexus } = world;
  nexus.onSubmit = (task) => task.end(0, 0, undefined);
  const before = tags.length;
  other.feed(scsiCommand(FIRST_CMD_SN, 1, 0x80, 0));
  await settle();
  assert.deepEqual([nexus.submitted.length, tags.length], [1, before]);
  await clock.endTurn();
  assert.ok(tags.length > before);
});

test('quick commands are worked off in the turn in which they come', async () => {
  const { stream, tags } = await floodedWorld(0);
  assert.deepEqual([tags.length, stream.paused], [COMMANDS, false]);
});

test('many connections with more to do than a turn takes do less each', async () => {
  const clock = new TurnClock();
  const world = new IscsiWorld({ clock });
  const connections = 4 * (TURN_ALL_MS / TURN_MAX_MS);
  const commandMs = TURN_MAX_MS / 100;
  let done = 0;
  for (let i = 0; i < connections; i++) {
    const stream = await world.logIn([], { bytes: { 8: 0x40, 12: 1, 13: i } });
    await clock.endTurn();
    world.nexus.onSubmit = (task) => {
      done++;
      clock.skip(commandMs);
      task.end(0, 0, undefined);
    };
    const flood = Array.from({ length: COMMANDS }, (_, n) =>
      scsiCommand(FIRST_CMD_SN + n, n, 0x80, 0),
    );
    stream.feed(Buffer.concat(flood));
  }
  await clock.endTurn();
  const before = clock.now();
  const doneBefore = done;
  await clock.endTurn();
  assert.ok(done - doneBefore >= connections * TURN_CHECK_PDUS);
  assert.ok(clock.now() - before < 2 * TURN_ALL_MS, `${clock.now() - before} ms in one turn`);
});
