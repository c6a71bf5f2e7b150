// Proves that the benchmarks still run, by running them on tiny input. Figures are not checked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { EventRowResult } from '../../bench/event-latency.ts';
import type { MemoryResult } from '../../bench/memory.ts';
import { type RowResult, rows } from '../../bench/tgt-comparison.ts';
import type { TreeRowResult } from '../../bench/tree-comparison.ts';
import { mustRun } from '../support/run.ts';

const program = fileURLToPath(new URL('../../bench/main.ts', import.meta.url));

test('the comparison with tgt yields a figure for every row', async () => {
  const args = [program, 'tgt', '--quick', '--json'];
  const results = (await resultsOf(args)) as readonly RowResult[];
  assert.equal(results.length, rows.length);
  for (const { label, tgt, allpath } of results) {
    assert.ok(tgt.iops > 0 && allpath.iops > 0, `${label} has no rate`);
  }
});

test('the comparison of two trees yields a figure for every row', async () => {
  const before = fileURLToPath(new URL('../..', import.meta.url));
  const args = [program, 'trees', '--before', before, '--only', 'depth 32', '--quick', '--json'];
  const results = (await resultsOf(args)) as readonly TreeRowResult[];
  assert.equal(results.length, 3);
  for (const { before: old, now } of results) assert.ok(old.iops > 0 && now.iops > 0);
});

test('the memory benchmark yields its figures', async () => {
  const args = [program, 'memory', '--quick', '--json'];
  const result = (await resultsOf(args)) as MemoryResult;
  assert.ok(result.idleBytes > 0 && result.manySessionsBytes > 0);
});

test('the benchmark of events yields a figure for every row', async () => {
  const args = [program, 'event', '--gateways', '2', '--quick', '--json'];
  const results = (await resultsOf(args)) as readonly EventRowResult[];
  assert.equal(results.length, 10);
  for (const { label, p50Ms } of results) assert.ok(p50Ms > 0, `${label} has no time`);
});

async function resultsOf(args: readonly string[]): Promise<unknown> {
  const report = JSON.parse(await mustRun(process.execPath, args)) as { results: unknown };
  return report.results;
}
