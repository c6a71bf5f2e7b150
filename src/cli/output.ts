import { liveLine } from './live-line.ts';

/** Standard output of commands. */
export function print(text: string): void {
  liveLine.above(() => process.stdout.write(`${text}\n`));
}

/** Standard error of commands: a notice, or a line of a gateway's log. */
export function printError(text: string): void {
  liveLine.above(() => process.stderr.write(`${text}\n`));
}

/** One JSON value on one line. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value));
}

/** On standard error, beside the answer: a sentence, or with `json` one value a line. */
export function notice(value: object, text: string, json: boolean): void {
  printError(json ? JSON.stringify({ notice: value }) : text);
}

/** Percents between two lines where the output is not a terminal. */
const PROGRESS_STEP = 10;

/**
 * Takes how far long work is, in percent, and says so on standard error: `what: 30 %`, in one line
 * that changes on a terminal; with `json` as one value a line.
 */
export function progressOf(what: string, json: boolean): (percent: number) => void {
  const isTerminal = process.stderr.isTTY === true && !json;
  let said = 0;
  return (percent) => {
    if (isTerminal) {
      liveLine.show(process.stderr, `${what}: ${percent} %`);
      if (percent === 100) liveLine.end();
      return;
    }
    if (percent < said + PROGRESS_STEP) return;
    said = percent - (percent % PROGRESS_STEP);
    const line = json ? JSON.stringify({ progress: { percent: said } }) : `${what}: ${said} %`;
    printError(line);
  };
}

/** Rows under their headings, in columns. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, i) => Math.max(...all.map((row) => (row[i] ?? '').length)));
  const line = (row: readonly string[]) =>
    widths
      .map((width, i) => (row[i] ?? '').padEnd(width))
      .join('  ')
      .trimEnd();
  return all.map(line).join('\n');
}
