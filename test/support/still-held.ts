import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { settle } from './virtual-clock.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
/** What a turn of the event loop still holds is free in the next; more turns would not help. */
const turnsMax = 10;

/** Collects garbage, and gives the names of those that something still holds. */
export async function stillHeld(refs: ReadonlyMap<string, WeakRef<object>>): Promise<string[]> {
  let held: string[] = [];
  for (let turn = 0; turn < turnsMax; turn++) {
    // References that were looked at, or made, live to the end of their turn.
    await settle();
    collectGarbage();
    held = [...refs].filter(([, ref]) => ref.deref() !== undefined).map(([name]) => name);
    if (held.length === 0) break;
  }
  return held;
}
