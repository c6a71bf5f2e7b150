// Proves the CmdSN window against a count of commands, at any beginning and so across the wrap at
// 2^32: numbers never go back, and what is taken is what the window offered.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';

import { CommandWindow, serialDistance } from '../../../src/iscsi/command-window.ts';

const anyStart = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.integer({ min: 0xffff_fff0, max: 0xffff_ffff }),
  fc.integer({ min: 0x7fff_fff0, max: 0x8000_0000 }),
);

test('the window follows the commands in flight, wherever its numbers begin', () => {
  fc.assert(
    fc.property(
      anyStart,
      fc.integer({ min: 1, max: 64 }),
      fc.array(fc.boolean(), { maxLength: 300 }),
      (start, depth, comings) => {
        const window = new CommandWindow(start, depth);
        let taken = 0;
        let ended = 0;
        for (const comes of comings) {
          const { expCmdSn, maxCmdSn } = window;
          if (comes && taken - ended < depth) {
            assert.equal(window.judge(expCmdSn), 'next');
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
      const window = new CommandWindow(start, depth);
      const cmdSn = (start + ahead + 2 ** 32) % 2 ** 32;
      const inside = ahead > 0 && ahead < depth ? 'early' : 'ignored';
      assert.equal(window.judge(cmdSn), ahead === 0 ? 'next' : inside);
      assert.equal(window.judge((cmdSn ^ 0x8000_0000) >>> 0), 'ignored');
    }),
  );
});

test('a full window takes nothing, not even the number that is expected', () => {
  const window = new CommandWindow(0xffff_ffff, 1);
  window.advance();
  assert.equal(window.judge(0), 'ignored');
  window.finished();
  assert.equal(window.judge(0), 'next');
});
