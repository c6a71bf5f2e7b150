const INTERVAL_MS = 10;

/** Resolves when the condition holds; rejects with `what` when it does not within the limit. */
export async function waitFor(
  what: string,
  condition: () => boolean,
  limitMs: number,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}
