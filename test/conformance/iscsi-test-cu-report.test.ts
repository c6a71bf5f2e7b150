// Proves that no output of iscsi-test-cu is misread: skips that CUnit calls passed, tests that
// never ended, wrong totals and exceptions that no longer hold are all found.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Exception, joinReports, parseReport, problemsIn } from './iscsi-test-cu-report.ts';

const output = `
     CUnit - A unit testing framework for C - Version 2.1-3

Suite: CompareAndWrite
  Test: Simple ...    [SKIPPED] COMPAREANDWRITE is not implemented.
    [SKIPPED] COMPAREANDWRITE is not implemented.
passed
Suite: GetLBAStatus
  Test: Simple ...passed
  Test: BeyondEol ...    [FAILED] GET_LBA_STATUS successful but should have failed
FAILED
    1. test_get_lba_status_beyond_eol.c:38  - CU_ASSERT_EQUAL(_r,0)
Suite: Reserve6
  Test: LUNReset ...passed    [FAILED] PRIN command: failed with sense.
    [SKIPPED] PERSISTENT RESERVE IN is not implemented.

  Test: 2Initiators ...FAILED
    1. test_reserve6_2initiators.c:70  - CU_ASSERT_EQUAL(_r,0)

Run Summary:    Type  Total    Ran Passed Failed Inactive
              suites      3      3    n/a      0        0
               tests      5      5      3      2        0
             asserts     10     10      8      2      n/a

Tests completed with return value: 0
`;
const expected = { family: 'SCSI', run: 'single', total: 5 };
const exceptions: readonly Exception[] = [
  { outcome: 'skip', reason: 'r', tests: ['SCSI.CompareAndWrite.Simple'] },
  {
    outcome: 'fail',
    reason: 'r',
    tests: ['SCSI.GetLBAStatus.BeyondEol', 'SCSI.Reserve6.2Initiators'],
  },
];

test('each test is read from its own lines', () => {
  const { tests, summary } = parseReport('SCSI', output);
  assert.deepEqual(
    tests.map(({ name, outcome }) => `${name} ${outcome}`),
    [
      'SCSI.CompareAndWrite.Simple skip',
      'SCSI.GetLBAStatus.Simple pass',
      'SCSI.GetLBAStatus.BeyondEol fail',
      'SCSI.Reserve6.LUNReset pass',
      'SCSI.Reserve6.2Initiators fail',
    ],
  );
  assert.deepEqual(summary, { total: 5, ran: 5 });
});

test('exceptions excuse exactly what they name', () => {
  const report = parseReport('SCSI', output);
  assert.deepEqual(problemsIn(report, expected, exceptions), []);
  assert.equal(problemsIn(report, expected, []).length, 3);
});

test('an exception that no longer holds is a problem', () => {
  const report = parseReport('SCSI', output);
  const [skip, fail] = exceptions;
  const stale: Exception = { outcome: 'skip', reason: 'r', tests: ['SCSI.GetLBAStatus.Simple'] };
  const gone: Exception = { outcome: 'skip', reason: 'r', tests: ['SCSI.Nothing.AtAll'] };
  assert.equal(problemsIn(report, expected, [skip!, fail!, stale]).length, 1);
  assert.equal(problemsIn(report, expected, [skip!, fail!, gone]).length, 1);
  const otherRun: Exception = { ...stale, runs: ['pair'] };
  assert.deepEqual(problemsIn(report, expected, [skip!, fail!, otherRun]), []);
});

test('a test without an end and an output without a table are problems', () => {
  const cut = output.slice(0, output.indexOf('FAILED\n    1. test_get'));
  const report = parseReport('SCSI', cut);
  assert.equal(report.tests.at(-1)?.outcome, 'unfinished');
  const problems = problemsIn(report, expected, exceptions);
  assert.ok(problems.some((problem) => problem.includes('closing table')));
  assert.ok(problems.some((problem) => problem.includes('unfinished')));
  assert.ok(problems.some((problem) => problem.includes('lists 3 tests, not 5')));
});

test('reports of the parts of a family are read as one; one that was cut leaves no table', () => {
  const report = parseReport('SCSI', output);
  const joined = joinReports([report, report]);
  assert.deepEqual([joined.tests.length, joined.summary], [10, { total: 10, ran: 10 }]);
  assert.equal(joinReports([report, parseReport('SCSI', '')]).summary, undefined);
  assert.equal(joinReports([]).summary, undefined);
});

test('a name that matches nothing is no pass', () => {
  const problems = problemsIn(parseReport('SCSI', ''), { ...expected, total: 215 }, []);
  assert.equal(problems.length, 2);
});
