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
  const { one, four, differsAt = 0 } = await compare(short);
  const steps = wholeProgram(short);
  const own = one.slice(0, Math.min(differsAt, short.steps.length));
  const before = own.map((text, at) => textOfStep(short, steps[at]!) + text);
  return [
    `seed ${program.seed}: ${short.steps.length} of ${program.steps.length} steps find it`,
    ...before,
    textOfStep(short, steps[differsAt]!),
    `through one gateway:${one[differsAt]}`,
    `through four:${four[differsAt]}`,
    `again: npm run one-unit -- --programs 1 --from ${program.seed}`,
  ].join('\n');
}

function isDifferent({ differsAt }: Comparison): boolean {
  return differsAt !== undefined;
}
