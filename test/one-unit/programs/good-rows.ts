import type { CommandNumber, Program, Request, Step } from './program.ts';
import type { Transcript } from './transcript.ts';

/** How often commands of each row ended GOOD: what programs did, and did not only try. */
export class GoodRows {
  readonly #counts = new Map<string, number>();

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** What programs end with does not count. */
  add({ steps }: Program, transcript: Transcript): void {
    for (const [at, step] of steps.entries()) {
      for (const { number, request } of sentIn(step)) {
        const isGood = transcript[at]!.includes(`#${number} status 00`);
        if (isGood) this.#counts.set(request.name, this.of(request.name) + 1);
      }
    }
  }
}

function sentIn(
  step: Step,
): readonly { readonly number: CommandNumber; readonly request: Request }[] {
  if (step.kind === 'command' || step.kind === 'start') return [step];
  if (step.kind !== 'held') return [];
  return step.then.kind === 'command' ? [step, step.then] : [step];
}
