// The checker of unit attentions takes every course that a right target could take, and finds an
// attention that is not told, that is told to the wrong nexus, twice, or without a reason.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type AttentionEvent,
  type AttentionReport,
  findWrongAttention,
  type NexusCommand,
} from '../../sim/checkers/attention-rules.ts';

const RESET = 0x2903;
const MODES = 0x2a01;
const NEXUS = 'host0:192.0.2.1';

function event(beginMs: number, endMs: number, more: Partial<AttentionEvent> = {}): AttentionEvent {
  return {
    ...{ name: 'reset', codes: [RESET], beginMs, endMs, isCertain: true },
    ...{ belongsTo: () => true, ...more },
  };
}

function command(sentMs: number, endMs: number, report: AttentionReport = 'none'): NexusCommand {
  return { name: 'TEST UNIT READY', sentMs, endMs, report };
}

function wrong(commands: readonly NexusCommand[], events: readonly AttentionEvent[]) {
  return findWrongAttention({ nexus: NEXUS, loginSentMs: 0, openedMs: 10, commands }, events)?.what;
}

test('events answered before a command was sent are reported by that command', () => {
  const events = [event(20, 30)];
  assert.equal(wrong([command(40, 50, RESET), command(60, 70)], events), undefined);
  assert.match(wrong([command(40, 50), command(60, 70, RESET)], events)!, /is due/);
  assert.match(wrong([command(40, 50)], events)!, /is due/);
  assert.equal(wrong([command(40, 50, 'exempt'), command(60, 70, RESET)], events), undefined);
  assert.equal(wrong([command(40, Infinity, 'unknown')], events), undefined);
});

test('an event under way may be reported by any command, but by one only', () => {
  const events = [event(20, 100)];
  assert.equal(
    wrong([command(40, 50), command(60, 70, RESET), command(120, 130)], events),
    undefined,
  );
  assert.equal(wrong([command(40, 50, RESET), command(120, 130)], events), undefined);
  assert.match(wrong([command(40, 50, RESET), command(60, 70, RESET)], events)!, /not due/);
  assert.match(wrong([command(40, 50), command(120, 130)], events)!, /is due/);
});

test('no attention comes before its event, to other nexuses, or with another code', () => {
  assert.match(wrong([command(40, 50, RESET)], [event(60, 70)])!, /not due/);
  assert.match(wrong([command(40, 50, RESET)], [])!, /not due/);
  const others = event(20, 30, { belongsTo: (nexus) => nexus !== NEXUS });
  assert.match(wrong([command(40, 50, RESET)], [others])!, /not due/);
  assert.match(wrong([command(40, 50, MODES)], [event(20, 30)])!, /not due/);
});

test('one report may stand for several events of a code, but not for a later one', () => {
  const events = [event(20, 30), event(32, 38)];
  assert.equal(wrong([command(40, 50, RESET), command(60, 70)], events), undefined);
  assert.match(wrong([command(40, 50, RESET), command(60, 70, RESET)], events)!, /not due/);
  const later = [event(20, 30), event(52, 58)];
  assert.match(wrong([command(40, 50, RESET), command(60, 70)], later)!, /is due/);
});

test('events of several kinds are reported one after the other', () => {
  const events = [event(20, 30), event(31, 35, { name: 'modes', codes: [MODES] })];
  assert.equal(wrong([command(40, 50, RESET), command(51, 60, MODES)], events), undefined);
  assert.equal(wrong([command(40, 50, MODES), command(51, 60, RESET)], events), undefined);
  assert.match(wrong([command(40, 50, MODES), command(51, 60)], events)!, /reset is due/);
});

test('a session reports no event before its login, but may report one under way then', () => {
  assert.equal(wrong([command(40, 50)], [event(5, 30)]), undefined);
  assert.equal(wrong([command(40, 50, RESET)], [event(5, 30)]), undefined);
  assert.match(wrong([command(40, 50, RESET)], [event(-20, -10)])!, /not due/);
});

test('an event that may have happened need not be reported, and is at most once', () => {
  const events = [event(20, Infinity, { isCertain: false })];
  assert.equal(
    wrong([command(40, 50), command(60, 70, RESET), command(80, 90)], events),
    undefined,
  );
  assert.match(wrong([command(40, 50, RESET), command(60, 70, RESET)], events)!, /not due/);
});

test('a logical unit that is new to a nexus has lost what was pending', () => {
  const login = event(0, 35, { codes: [0x2900], isCertain: false });
  const events = [event(20, 30), login];
  assert.equal(wrong([command(40, 50, 0x2900), command(60, 70)], events), undefined);
  assert.equal(wrong([command(40, 50, 'absent'), command(60, 70)], events), undefined);
  const later = event(52, 55);
  assert.match(wrong([command(40, 50, 0x2900), command(60, 70)], [later, login])!, /is due/);
});

interface Step {
  readonly act: number;
  readonly code: number;
}

/** A nexus of a right target: conditions wait in a queue, equal ones as one. */
function rightCourse(steps: readonly Step[]) {
  const events: AttentionEvent[] = [];
  const commands: NexusCommand[] = [];
  const pending: number[] = [];
  const waiting: NexusCommand[] = [];
  const open: AttentionEvent[] = [];
  let nowMs = 20;
  for (const { act, code } of steps) {
    nowMs += 1;
    if (act === 0) {
      const begun = event(nowMs, Infinity, { codes: [code], name: String(code) });
      events.push(begun);
      open.push(begun);
    } else if (act === 1 && open.length > 0) {
      const [first] = open;
      if (!pending.includes(first!.codes[0]!)) pending.push(first!.codes[0]!);
      open.shift();
      first!.endMs = nowMs + 0.5;
    } else if (act === 2) {
      const sent = command(nowMs, Infinity, 'unknown');
      commands.push(sent);
      waiting.push(sent);
    } else if (waiting.length > 0) {
      const admitted = waiting.shift()!;
      admitted.report = pending.shift() ?? 'none';
      admitted.endMs = nowMs + 0.2;
    }
  }
  return { commands, events };
}

const steps = fc.array(fc.record({ act: fc.nat(3), code: fc.constantFrom(RESET, MODES) }), {
  minLength: 20,
  maxLength: 60,
  size: 'max',
});

test('every behaviour of a correct target is accepted', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const { commands, events } = rightCourse(all);
      assert.equal(wrong(commands, events), undefined);
    }),
    { numRuns: 1_000 },
  );
});

test('a missing or repeated report is found where nothing overlaps', () => {
  let found = 0;
  fc.assert(
    fc.property(steps, (all) => {
      // An event is answered, and a command ends, before anything else begins.
      const inOrder = all.flatMap(({ act, code }) => {
        const begin = act < 2 ? 0 : 2;
        return [
          { act: begin, code },
          { act: begin + 1, code },
        ];
      });
      const { commands, events } = rightCourse(inOrder);
      assert.equal(wrong(commands, events), undefined);
      for (const [at, each] of commands.entries()) {
        const { report } = each;
        if (typeof report !== 'number') continue;
        found++;
        each.report = 'none';
        assert.match(wrong(commands, events)!, /is due/);
        each.report = report;
        const twice = [...commands.slice(0, at + 1), { ...each }, ...commands.slice(at + 1)];
        assert.match(wrong(twice, events)!, /not due/);
      }
    }),
  );
  assert.ok(found > 100, `${found}`);
});
