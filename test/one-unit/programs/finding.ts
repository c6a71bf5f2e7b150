import type { Comparison } from './compare.ts';
import type { Program } from './program.ts';
import { shortened } from './shorten.ts';
import { textOfStep } from './transcript.ts';
import { wholeProgram } from './whole-program.ts';

/** A program that tells one gateway from four, made short, with what it saw, as text. */
export async function textOfFinding(
  program: Program,
  compare: (program: Program) => Promise<Comparison>,
): Promise<string> {
  const short = await shortened(program, async (each) => isDifferent(await compare(each)));
  return [
    `${short.steps.length} of ${program.steps.length} steps find it`,
    textOfDifference(short, await compare(short)),
    `again: npm run one-unit -- --programs 1 --from ${program.seed}`,
  ].join('\n');
}

/** The steps up to the first that came to something else, with all answers. */
export function textOfDifference(program: Program, comparison: Comparison): string {
  const { one, four, differsAt = 0 } = comparison;
  const steps = wholeProgram(program);
  const textOf = (at: number): string => textOfStep(program, steps[at]!);
  const own = one.slice(0, Math.min(differsAt, program.steps.length));
  return [
    `seed ${program.seed}:`,
    ...own.map((text, at) => `${textOf(at)}\n${text}`),
    textOf(differsAt),
    `through one gateway:\n${one[differsAt]}`,
    `through four:\n${four[differsAt]}`,
  ].join('\n');
}

function isDifferent({ differsAt }: Comparison): boolean {
  return differsAt !== undefined;
}
