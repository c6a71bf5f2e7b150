/** An invariant was broken: a defect of ours, never a matter of input. Ends the process. */
export class InvariantBroken extends Error {
  override readonly name = 'InvariantBroken';
}

/** States an invariant. Stays on in production. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new InvariantBroken(what);
}
