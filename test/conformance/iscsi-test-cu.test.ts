// Proves that the two gateways behave as libiscsi's conformance suite expects of one logical unit:
// all of its SCSI and iSCSI tests, through one gateway and through the pair, by 512 and 4096 byte
// blocks. What is known not to pass stands in exceptions.json, with the reason.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Demo } from '../support/demo.ts';
import { run } from '../support/run.ts';
import { type Exception, judge, parseReport } from './iscsi-test-cu-report.ts';

const exceptionsPath = new URL('exceptions.json', import.meta.url);
const exceptions = JSON.parse(readFileSync(exceptionsPath, 'utf8')) as readonly Exception[];

/** How many tests libiscsi 1.19 has in each family. */
const families = [
  { family: 'SCSI', total: 215 },
  { family: 'iSCSI', total: 15 },
] as const;

const runs = [
  { name: 'one-gateway', blocks: 512, gateways: [0] },
  { name: 'pair', blocks: 512, gateways: [0, 1] },
  { name: 'pair-4096', blocks: 4096, gateways: [0, 1] },
] as const;

const runLimitMs = 100_000;

for (const { name, blocks, gateways } of runs) {
  test(`iscsi-test-cu, ${name}`, async (t) => {
    await using demo = await Demo.start({ gateways: 2, size: '256M', blocks });
    const urls = gateways.map((gateway) => demo.url(gateway));
    for (const { family, total } of families) {
      await t.test(`family ${family}, ${total} tests`, async () => {
        const args = ['-d', '-f', '-v', '-t', family, ...urls];
        const { stdout, stderr } = await run('iscsi-test-cu', args, runLimitMs);
        const report = parseReport(family, stdout);
        const problems = judge(report, { family, run: name, total }, exceptions);
        assert.deepEqual(problems, [], `${problems.join('\n')}\n${stderr}\n${demo.errors()}`);
      });
    }
  });
}

test('every exception is of a run there is, has a reason, and names a test once', () => {
  const names = new Set<string>(runs.map(({ name }) => name));
  const seen = new Set<string>();
  for (const { reason, runs: runNames = [...names], tests } of exceptions) {
    assert.ok(reason.length > 20, `a reason that says nothing: ${reason}`);
    for (const runName of runNames) {
      assert.ok(names.has(runName), `no such run: ${runName}`);
      for (const testName of tests) {
        const key = `${runName} ${testName}`;
        assert.ok(!seen.has(key), `excused twice: ${key}`);
        seen.add(key);
      }
    }
  }
});
