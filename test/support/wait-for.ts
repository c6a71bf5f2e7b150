/** Only a hang takes longer, also on a machine that does much else. */
export const HANG_MS = 180_000;
const INTERVAL_MS = 10;

/** Resolves when the condition holds; rejects with `what` when it does not within the limit. */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limitMs = HANG_MS,
  intervalMs = INTERVAL_MS,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
