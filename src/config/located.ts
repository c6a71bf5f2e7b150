import type { LineCounter } from 'yaml';
import { assert } from '../base/assert.ts';
import { PROBLEMS_MAX } from './limits.ts';
import type { Problem } from './problem.ts';

/** A problem and its offset in the text. */
export interface Located {
  readonly offset: number;
  readonly path: string;
  readonly message: string;
}

/** In the order of the text, at most `PROBLEMS_MAX`, and one that counts those beyond. */
export function locate(
  listed: readonly Located[],
  lines: LineCounter,
  count = listed.length,
): Problem[] {
  const problems = [...listed]
    .sort((a, b) => a.offset - b.offset)
    .slice(0, PROBLEMS_MAX)
    .map(({ offset, path, message }): Problem => {
      const { line, col } = lines.linePos(offset);
      return { line, column: col, path, message };
    });
  const left = count - problems.length;
  assert(left >= 0, 'what is listed is counted');
  if (left > 0) {
    problems.push({ line: 0, column: 0, path: '', message: `${left} more problems` });
  }
  return problems;
}
