import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import type { ApplyContext } from '../gateway/apply.ts';
import { openStore, type Store } from '../gateway/store.ts';
import { logOutput } from '../host/log-output.ts';
import { systemClock } from '../host/system-clock.ts';
import { systemRandom } from '../host/system-random.ts';

const TOOL_PREFIX = 'tool-';

/** Whether a member of a store is one command, not a gateway. */
export function isToolName(name: string): boolean {
  return new RegExp(`^${TOOL_PREFIX}[0-9]+$`).test(name);
}

export interface ToolStoreOptions {
  readonly directory: string;
  /** Make the store if it is not there. */
  readonly create: boolean;
}

/** Opens a store for one command, runs it, and closes the store whatever happens. */
export async function withStore<T>(
  { directory, create }: ToolStoreOptions,
  work: (store: Store, context: ApplyContext) => Promise<T>,
): Promise<T> {
  if (!create && !existsSync(join(directory, 'records'))) {
    throw new Failure('storeMissing', `there is no store in ${directory}`, { directory });
  }
  const environment = { clock: systemClock, random: systemRandom, log: logOutput('warn') };
  const memberName = `${TOOL_PREFIX}${process.pid}`;
  const store = await openStore({ directory, memberName, ...environment });
  try {
    const { records, volumes } = store;
    return await work(store, { records, volumes, clock: systemClock, random: systemRandom });
  } finally {
    await store.close();
  }
}
