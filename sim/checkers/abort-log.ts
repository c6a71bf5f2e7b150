/** What initiators do that aborts commands of other nexuses: resets, and CLEAR TASK SET (I3). */
export class AbortLog {
  /** Those under way; each resolves whether it was answered. */
  readonly #open = new Set<Promise<boolean>>();

  /** Returns what ends it. */
  begin(): (isAnswered: boolean) => void {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#open.add(promise);
    return (isAnswered) => {
      this.#open.delete(promise);
      resolve(isAnswered);
    };
  }

  /** Resolves true when all that are under way now were answered: what they aborted is over. */
  async answered(): Promise<boolean> {
    return (await Promise.all(this.#open)).every((isAnswered) => isAnswered);
  }
}
