import { InvariantBroken } from '../src/base/assert.ts';
import type { Store } from '../src/gateway/store.ts';
import type { SeededRandom } from '../test/support/seeded-random.ts';
import { InputSource, SimProcess } from './time/sim-process.ts';
import type { Timeline } from './time/timeline.ts';
import type { Trace } from './trace.ts';
import { Violation } from './violation.ts';
import type { WorldStore } from './world-store.ts';

/** Of the world, what a process needs that has the store open. */
export interface ToolParts {
  readonly timeline: Timeline;
  readonly random: SeededRandom;
  readonly store: WorldStore;
  readonly trace: Trace;
  /** The world has seen an invariant broken. */
  readonly fail: (error: unknown) => void;
}

/** The store as a process of the world has it open. */
export function openStoreOf(
  { store, random, trace }: ToolParts,
  process: SimProcess,
  memberName: string,
  ifAbsent: 'make' | 'refuse',
): Promise<Store> {
  const { clock, name } = process;
  return store.open(process, { memberName, ifAbsent, clock, random, log: trace.log(name) });
}

/** A process that does one thing with the store; resolves whether that succeeded. */
export function runTool(
  parts: ToolParts,
  { processName, memberName }: { readonly processName: string; readonly memberName: string },
  work: (store: Store, process: SimProcess) => Promise<unknown>,
): Promise<boolean> {
  const { timeline, random, trace, fail } = parts;
  const process = new SimProcess(processName, timeline, random);
  const run = async (): Promise<void> => {
    const store = await openStoreOf(parts, process, memberName, 'refuse');
    try {
      await work(store, process);
    } finally {
      await store.close();
    }
  };
  return new Promise((resolve) => {
    const end = (how: string): void => {
      trace.add(processName, how);
      process.kill();
      resolve(how === 'done');
    };
    process.deliver(new InputSource(), () => {
      void run().then(
        () => end('done'),
        (error: unknown) => {
          if (isDefect(error)) fail(error);
          end(String(error));
        },
      );
    });
  });
}

/** What a process ends with may be a matter of its day, or a defect. */
export function isDefect(error: unknown): boolean {
  return error instanceof InvariantBroken || error instanceof Violation;
}
