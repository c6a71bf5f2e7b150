// Proves that the target's waits are bounded: for data that it asked for, for an initiator that
// shows no sign of life, for a login that does not go on.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { write16 } from '../../initiator/cdb.ts';
import { Connection } from '../../initiator/connection.ts';
import { Demo } from '../../support/demo.ts';
import { loggedIn } from './logged-in.ts';

let demo: Demo;
before(async () => {
  demo = await Demo.start();
});
after(async () => {
  await demo.stop();
});

/** Only a hang takes longer. */
const WAIT_MAX_MS = 60_000;
const ABORTED_COMMAND = 0x0b;

describe('bounded waits', { concurrency: true, timeout: 2 * WAIT_MAX_MS }, () => {
  test('an R2T that is not answered ends its command, or its session', async () => {
    const session = await loggedIn(demo, {
      keys: { InitialR2T: 'Yes', ImmediateData: 'No' },
      timeoutMs: WAIT_MAX_MS,
    });
    const write = { cdb: write16(0, 8), dataOut: Buffer.alloc(4096), onR2t: () => false };
    const outcome = await session.execute(write).catch(() => undefined);
    if (outcome === undefined) {
      assert.equal(session.isOpen, false);
    } else {
      assert.equal(outcome.status, 2);
      const key = outcome.sense[(outcome.sense[0]! & 0x7f) >= 0x72 ? 1 : 2]! & 0x0f;
      assert.equal(key, ABORTED_COMMAND);
      await session.nop();
      await session.logout();
    }
  });

  for (const answersNops of [true, false]) {
    test(`an idle initiator keeps its session; answers NOP-Ins: ${answersNops}`, async () => {
      const session = await loggedIn(demo);
      session.answersNops = answersNops;
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      await session.nop();
      await session.logout();
    });
  }

  test('a connection without a login is closed', async () => {
    const silent = await Connection.open(demo.address(0));
    const begun = await Connection.open(demo.address(0));
    begun.sendRaw(Buffer.from([0x43, 0x87]));
    const startedAt = performance.now();
    await Promise.all([silent.closed, begun.closed]);
    assert.ok(performance.now() - startedAt < WAIT_MAX_MS);
  });
});
