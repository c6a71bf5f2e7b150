// Reads what iscsi-test-cu 1.19 and 1.20 print. CUnit counts a skipped test as passed and the exit
// status says little, so every test is read from its own lines.

export type TestOutcome = 'pass' | 'fail' | 'skip' | 'unfinished';

export interface TestResult {
  /** FAMILY.Suite.Test, as `iscsi-test-cu -l` names it. */
  readonly name: string;
  readonly outcome: TestOutcome;
  /** What the test said before its verdict, and the assertions that failed. */
  readonly messages: readonly string[];
}

export interface Report {
  readonly tests: readonly TestResult[];
  /** The line `tests` of the closing table; undefined if the program never got there. */
  readonly summary: { readonly total: number; readonly ran: number } | undefined;
}

/** Tests known not to pass, with the reason; each must still be met, or it has to go. */
export interface Exception {
  readonly outcome: 'fail' | 'skip';
  readonly reason: string;
  /** The runs it holds for; all if absent. */
  readonly runs?: readonly string[];
  /** The release of libiscsi that brought the tests; any if absent. */
  readonly since?: string;
  readonly tests: readonly string[];
}

const suiteLine = /^Suite: (\S+)/;
const testLine = /^ {2}Test: (.+?) \.\.\.(.*)$/;
/** Text of a test's clean-up may follow on the same line. */
const endLine = /^(passed|FAILED)(?:\s+.*)?$/;
const failedAssertion = /^ {4}\d+\. /;
const summaryLine = /^\s+tests\s+(\d+)\s+(\d+)\s/;

interface OpenTest {
  readonly name: string;
  /** Those up to the verdict: what follows is of a clean-up or of the next set-up. */
  readonly messages: string[];
  verdict: 'passed' | 'FAILED' | undefined;
}

export function parseReport(family: string, output: string): Report {
  const open: OpenTest[] = [];
  let suite = '';
  let inTests = true;
  let summary: Report['summary'];
  for (const line of output.split('\n')) {
    const suiteName = suiteLine.exec(line)?.[1];
    const test = testLine.exec(line);
    const total = summaryLine.exec(line);
    if (line.startsWith('Run Summary:')) inTests = false;
    if (suiteName !== undefined) {
      suite = suiteName;
    } else if (test !== null) {
      open.push({ name: `${family}.${suite}.${test[1]}`, messages: [], verdict: undefined });
      readTestLine(open.at(-1), test[2] ?? '');
    } else if (total !== null) {
      summary = { total: Number(total[1]), ran: Number(total[2]) };
    } else if (inTests) {
      readTestLine(open.at(-1), line);
    }
  }
  const tests = open.map((test) => ({
    name: test.name,
    outcome: outcomeOf(test),
    messages: test.messages,
  }));
  return { tests, summary };
}

/** One report of several calls, each for a part of a family. */
export function joinReports(reports: readonly Report[]): Report {
  const summaries = reports.map(({ summary }) => summary);
  const sum = (key: 'total' | 'ran') =>
    summaries.reduce((all, each) => all + (each?.[key] ?? 0), 0);
  const isWhole = reports.length > 0 && !summaries.includes(undefined);
  return {
    tests: reports.flatMap(({ tests }) => tests),
    summary: isWhole ? { total: sum('total'), ran: sum('ran') } : undefined,
  };
}

function readTestLine(test: OpenTest | undefined, text: string): void {
  if (test === undefined) return;
  const verdict = endLine.exec(text)?.[1];
  if (test.verdict === undefined && verdict !== undefined) {
    test.verdict = verdict as 'passed' | 'FAILED';
  } else if (text.trim() !== '' && (test.verdict === undefined || failedAssertion.test(text))) {
    test.messages.push(text.trim());
  }
}

function outcomeOf({ verdict, messages }: OpenTest): TestOutcome {
  if (verdict === undefined) return 'unfinished';
  if (verdict === 'FAILED') return 'fail';
  return messages.some((message) => message.startsWith('[SKIPPED]')) ? 'skip' : 'pass';
}

/** What is wrong with a report: one sentence each; none means conforming. */
export function problemsIn(
  report: Report,
  expected: { readonly family: string; readonly run: string; readonly total: number },
  exceptions: readonly Exception[],
): readonly string[] {
  const problems: string[] = [];
  const { summary, tests } = report;
  if (summary === undefined) problems.push('it ended before its closing table');
  for (const [what, count] of [
    ['lists', tests.length],
    ['counts', summary?.total],
    ['ran', summary?.ran],
  ] as const) {
    if (count !== undefined && count !== expected.total) {
      problems.push(`it ${what} ${count} tests, not ${expected.total}`);
    }
  }
  const excused = new Map<string, 'fail' | 'skip'>();
  for (const { runs, tests: names, outcome } of exceptions) {
    if (runs !== undefined && !runs.includes(expected.run)) continue;
    for (const name of names) {
      if (name.startsWith(`${expected.family}.`)) excused.set(name, outcome);
    }
  }
  for (const { name, outcome, messages } of tests) {
    const excuse = excused.get(name);
    excused.delete(name);
    if (outcome === (excuse ?? 'pass')) continue;
    const said = messages.slice(0, 4).join(' | ');
    problems.push(`${name}: ${outcome}, expected ${excuse ?? 'pass'}${said && `: ${said}`}`);
  }
  for (const name of excused.keys()) problems.push(`${name}: an exception for a test not run`);
  return problems;
}
