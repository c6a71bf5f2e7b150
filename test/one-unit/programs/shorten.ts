import type { Program, Step } from './program.ts';

/** Leaves out steps as long as the program still finds something. */
export async function shortened(
  program: Program,
  finds: (program: Program) => Promise<boolean>,
): Promise<Program> {
  let steps = program.steps;
  for (
    let size = Math.ceil(steps.length / 2);
    size >= 1;
    size = size > 1 ? Math.ceil(size / 2) : 0
  ) {
    for (let at = 0; at < steps.length; ) {
      const fewer: readonly Step[] = steps.toSpliced(at, size);
      if (await finds({ ...program, steps: fewer })) steps = fewer;
      else at += size;
    }
  }
  return { ...program, steps };
}
