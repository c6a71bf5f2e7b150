// Proves that the two gateways behave as libiscsi's conformance suite expects of one logical unit:
// all of its SCSI and iSCSI tests, through one gateway and through the pair, by 512 and 4096 byte
// blocks. What is known not to pass stands in exceptions.json, with the reason. (The runs on RBD
// are in test/cluster.)

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { conformanceRuns, exceptions, testConformance } from './iscsi-test-cu-runs.ts';

// In each run, the suite and the gateways wait for each other.
describe('on the embedded store', { concurrency: 2 }, () => {
  for (const run of conformanceRuns) if (run.store === 'embedded') testConformance(run.name);
});

test('every exception is of a run there is, has a reason, and names a test once', () => {
  const names = new Set<string>(conformanceRuns.map(({ name }) => name));
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
