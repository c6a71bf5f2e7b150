/** Something wrong with a document, and where. */
export interface Problem {
  /** From 1; 0 where the document as a whole is meant. */
  readonly line: number;
  /** From 1; 0 where the document as a whole is meant. */
  readonly column: number;
  /** `disks[0].size`; empty for the whole document. */
  readonly path: string;
  readonly message: string;
}

export type Path = readonly (string | number)[];

/** A problem before its place in the text is known. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  /** A word that is not known here, and those that are: the closest is suggested. */
  readonly near?: { readonly word: string; readonly names: Iterable<string> };
}

export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** `FILE:LINE:COLUMN: PATH: MESSAGE`, as editors and people read it. */
export function formatProblem(problem: Problem, file: string): string {
  const where = problem.line === 0 ? file : `${file}:${problem.line}:${problem.column}`;
  const what = problem.path === '' ? problem.message : `${problem.path}: ${problem.message}`;
  return `${where}: ${what}`;
}
