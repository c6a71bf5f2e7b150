import { assert } from '../base/assert.ts';
import { sleep } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { isCommandName } from './command-name.ts';
import type { ControlContext } from './control-context.ts';

/** Gateways that were killed have this long to end. */
const LEAVING_WAIT_MAX_MS = 3_000;
const LEAVING_POLL_MS = 100;

assert(LEAVING_POLL_MS < LEAVING_WAIT_MAX_MS, 'a gateway that ends is looked for again');

/**
 * Rejects with `storeInUse` if gateways serve the store: a new document would
 * take the disks from under them. `store`: its place, in words.
 */
export async function requireUnserved(
  { living, clock }: Pick<ControlContext, 'living' | 'clock'>,
  store: string,
): Promise<void> {
  const deadline = clock.now() + LEAVING_WAIT_MAX_MS;
  for (;;) {
    const members = await living();
    const gateways = members.map(({ name }) => name).filter((name) => !isCommandName(name));
    if (gateways.length === 0) return;
    if (clock.now() >= deadline) {
      const names = gateways.sort().join(', ');
      const message = `the store ${store} is served already, by ${names}`;
      throw new Failure('storeInUse', message, { gateways });
    }
    await sleep(clock, LEAVING_POLL_MS);
  }
}
