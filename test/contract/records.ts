// The suite that every driver of `src/records/records.ts` passes.

import { after, before, describe } from 'node:test';
import type { Records } from '../../src/records/records.ts';
import { edgeTests } from './records-edges.ts';
import { closeTests, notifyTests, watchTests } from './records-notify.ts';
import {
  boundTests,
  concurrencyTests,
  fieldTests,
  listTests,
  valueTests,
} from './records-values.ts';
import { HANG_MS, type RecordsWorld, type Use } from './records-world.ts';

/** Declares the suite for one driver. */
export function recordsContract(name: string, openWorld: () => Promise<RecordsWorld>): void {
  describe(`records contract: ${name}`, { timeout: 6 * HANG_MS }, () => {
    let world: RecordsWorld;
    let a: Records;
    let b: Records;
    before(async () => {
      world = await openWorld();
      [a, b] = await Promise.all([world.open('a'), world.open('b')]);
    });
    after(async () => {
      // Not opened, if `before` failed.
      await Promise.all([a?.close(), b?.close()]);
      await world.dispose();
    });
    const use: Use = (body) => body(a, b, world);
    valueTests(use);
    listTests(use);
    concurrencyTests(use);
    fieldTests(use);
    boundTests(use);
    edgeTests(use);
    notifyTests(use);
    watchTests(use);
    closeTests(use);
  });
}
