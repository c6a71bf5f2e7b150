import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { within } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { ApplyContext } from '../gateway/apply.ts';
import { openStore, type Store } from '../gateway/store.ts';
import type { StoreLocation } from '../gateway/store-location.ts';
import { logOutput } from '../host/log-output.ts';
import { systemClock } from '../host/system-clock.ts';
import { systemRandom } from '../host/system-random.ts';

const TOOL_PREFIX = 'tool-';
/** How long a store may take to close. */
const CLOSE_MAX_MS = 10_000;

/** Whether a member of a store is one command, not a gateway. */
export function isToolName(name: string): boolean {
  return new RegExp(`^${TOOL_PREFIX}[0-9]+$`).test(name);
}

export interface ToolStoreOptions {
  readonly location: StoreLocation;
  /** Make the store if it is not there. */
  readonly create: boolean;
  /** The command only reads: of a store that is there it claims nothing, and needs no room in it. */
  readonly reads?: boolean;
}

/** Opens a store for one command, runs it, and closes the store whatever happens. */
export async function withStore<T>(
  { location, create, reads = false }: ToolStoreOptions,
  work: (store: Store, context: ApplyContext) => Promise<T>,
): Promise<T> {
  if (!create && 'dir' in location) requireLocalStore(location.dir);
  const environment = { clock: systemClock, random: systemRandom, log: logOutput('warn') };
  const memberName = `${TOOL_PREFIX}${process.pid}`;
  const store = await openStore({
    ...{ location, memberName, isReader: reads && isThere(location), ...environment },
  });
  try {
    const { records, volumes } = store;
    const living = () => store.living();
    return await work(store, { ...environment, records, volumes, living });
  } finally {
    // What a silent cluster does not let close ends with the process.
    await within(systemClock, CLOSE_MAX_MS, store.close());
  }
}

/** Whether a store of a cluster is there is for the cluster to say. */
function isThere(location: StoreLocation): boolean {
  return !('dir' in location) || existsSync(join(location.dir, 'records', 'records.db'));
}

function requireLocalStore(directory: string): void {
  if (existsSync(join(directory, 'records'))) return;
  throw new Failure('storeMissing', `there is no store in ${directory}`, { directory });
}
