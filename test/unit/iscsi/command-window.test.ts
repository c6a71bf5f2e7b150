// Proves the CmdSN window against a count of commands, at any beginning and so across the wrap at
// 2^32: numbers never go back, and what is taken is what the window offered. And that its size
// follows what the initiator uses and what its session has credit for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import {
  CommandWindow,
  serialDistance,
  type WindowCredit,
} from '../../../src/iscsi/command-window.ts';
import { WINDOW_REST_COMMANDS } from '../../../src/iscsi/limits.ts';

const anyStart = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.integer({ min: 0xffff_fff0, max: 0xffff_ffff }),
  fc.integer({ min: 0x7fff_fff0, max: 0x8000_0000 }),
);

/** Credit for `limit` commands, of which `ownCommands` are the session's own. */
class Credit implements WindowCredit {
  readonly ownCommands: number;
  limit: number;
  invited = 0;

  constructor(ownCommands: number, limit: number) {
    this.ownCommands = ownCommands;
    this.limit = limit;
  }

  invite(): boolean {
    if (this.invited >= Math.max(this.limit, this.ownCommands)) return false;
    this.invited++;
    return true;
  }

  retract(): void {
    this.invited--;
  }

  get mustRetract(): boolean {
    return this.invited > Math.max(this.limit, this.ownCommands);
  }
}

/** An initiator that keeps `depth` commands in flight, for some round trips; returns the size. */
function runAt(window: CommandWindow, depth: number, roundTrips: number): number {
  for (let i = 0; i < roundTrips; i++) {
    window.beginBatch();
    const open = serialDistance(window.maxCmdSn, window.expCmdSn) + 1;
    const sent = Math.min(depth, open);
    for (let j = 0; j < sent; j++) {
      window.advance();
      window.finished();
    }
  }
  return window.size;
}

test('the window follows the commands in flight, wherever its numbers begin', () => {
  fc.assert(
    fc.property(
      anyStart,
      fc.integer({ min: 1, max: 64 }),
      fc.array(fc.boolean(), { maxLength: 300 }),
      (start, depth, comings) => {
        const window = new CommandWindow(start, depth, new Credit(depth, depth));
        let taken = 0;
        let ended = 0;
        for (const comes of comings) {
          const { expCmdSn, maxCmdSn } = window;
          if (comes && taken - ended < depth) {
            assert.equal(window.classify(expCmdSn), 'next');
            window.advance();
            taken++;
          } else if (taken > ended) {
            window.finished();
            ended++;
          }
          assert.ok(serialDistance(window.expCmdSn, expCmdSn) >= 0);
          assert.ok(serialDistance(window.maxCmdSn, maxCmdSn) >= 0);
          assert.equal(window.isIdle, taken === ended);
          assert.equal(window.expCmdSn, (start + taken) % 2 ** 32);
          assert.equal(serialDistance(window.maxCmdSn, window.expCmdSn) + 1, depth - taken + ended);
        }
      },
    ),
  );
});

test('a number is next, early or none of the window, also across the wrap', () => {
  fc.assert(
    fc.property(anyStart, fc.integer({ min: -300, max: 300 }), (start, ahead) => {
      const depth = 64;
      const window = new CommandWindow(start, depth, new Credit(depth, depth));
      const cmdSn = (start + ahead + 2 ** 32) % 2 ** 32;
      const inside = ahead > 0 && ahead < depth ? 'early' : 'ignored';
      assert.equal(window.classify(cmdSn), ahead === 0 ? 'next' : inside);
      assert.equal(window.classify((cmdSn ^ 0x8000_0000) >>> 0), 'ignored');
    }),
  );
});

test('a full window takes nothing, not even the number that is expected', () => {
  const window = new CommandWindow(0xffff_ffff, 1, new Credit(1, 1));
  window.advance();
  assert.equal(window.classify(0), 'ignored');
  window.finished();
  assert.equal(window.classify(0), 'next');
});

test('it grows to what the initiator uses, though its commands end at once, and no further', () => {
  for (const depth of [8, 32, 128]) {
    const window = new CommandWindow(0, 256, new Credit(2, 1000));
    const size = runAt(window, depth, 30);
    // It stops at the fourth that takes it beyond 4/3 of what is in use.
    const most = Math.max(2.25 * depth, WINDOW_REST_COMMANDS);
    assert.ok(size >= depth && size <= most, `${size} at depth ${depth}`);
  }
  assert.equal(runAt(new CommandWindow(0, 256, new Credit(2, 1000)), 1000, 40), 256, 'at most');
  assert.equal(
    runAt(new CommandWindow(0, 256, new Credit(2, 1000)), 1, 40),
    WINDOW_REST_COMMANDS,
    'not for one',
  );
  assert.equal(runAt(new CommandWindow(0, 256, new Credit(2, 50)), 1000, 40), 50, 'on credit');
});

test('commands that do not end leave room for others, as far as there is credit', () => {
  const credit = new Credit(2, 100);
  const window = new CommandWindow(0xffff_fff0, 256, credit);
  let told = 0;
  for (let i = 0; i < 20; i++) {
    window.beginBatch();
    while (window.classify(window.expCmdSn) === 'next') window.advance();
    if (window.review()) told++;
  }
  assert.equal(window.size, 100);
  assert.equal(credit.invited, 100);
  assert.ok(told >= 2, 'the initiator is told');
  window.beginBatch();
  assert.equal(window.review(), false, 'a full window that cannot grow is no news');
});

test('it gives back what is not used', () => {
  const credit = new Credit(2, 1000);
  const window = new CommandWindow(0, 256, credit);
  runAt(window, 128, 30);
  window.review();
  runAt(window, 10, 1);
  window.review();
  assert.equal(runAt(window, 10, 50), WINDOW_REST_COMMANDS);
  assert.equal(credit.invited, WINDOW_REST_COMMANDS);
});

test('it gives back what others need, down to its own, and MaxCmdSN never goes back', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ limit: fc.nat(80), depth: fc.nat(100) }), { maxLength: 60 }),
      (rounds) => {
        const credit = new Credit(4, 80);
        const window = new CommandWindow(0xffff_ff00, 64, credit);
        for (const { limit, depth } of rounds) {
          const { maxCmdSn } = window;
          credit.limit = limit;
          runAt(window, depth, 1);
          if (depth % 7 === 0) window.review();
          assert.ok(serialDistance(window.maxCmdSn, maxCmdSn) >= 0);
          assert.ok(window.size >= 4 && window.size <= 64);
          assert.equal(credit.invited, window.size);
        }
        credit.limit = 0;
        assert.equal(runAt(window, 100, 20), 4);
      },
    ),
  );
});
