import { within } from '../base/clock.ts';
import { commandName } from '../control/command-name.ts';
import type { ControlContext } from '../control/control-context.ts';
import { openStore } from '../gateway/open-store.ts';
import type { OpenStoreOptions, Store } from '../gateway/store.ts';
import { describeLocation } from '../gateway/store-location.ts';
import { STANDARD_ERROR } from '../host/journal.ts';
import { logOutput } from '../host/log-output.ts';
import { systemClock } from '../host/system-clock.ts';
import { systemRandom } from '../host/system-random.ts';
import type { CliCall } from './command-spec.ts';
import { eventOutput } from './event-output.ts';
import { liveLine } from './live-line.ts';
import { notice } from './output.ts';
import { storeOf } from './store-options.ts';

/** How long a store may take to close. */
const CLOSE_MAX_MS = 10_000;

interface ToolStoreOptions {
  /** The action if there is no store; only commands that fill one create it. */
  readonly ifAbsent: OpenStoreOptions['ifAbsent'];
  /** The command only reads: it claims nothing in the store, and needs no room there. */
  readonly reads?: boolean;
  /** Instead of the notice that a store was made. */
  readonly onNew?: () => void;
}

/**
 * Opens the store of a command, runs it, and closes the store whatever happens. A new store is
 * announced on standard error.
 */
export async function withStore<T>(
  call: Pick<CliCall, 'store' | 'json'>,
  { ifAbsent, reads = false, onNew }: ToolStoreOptions,
  work: (context: ControlContext) => Promise<T>,
): Promise<T> {
  const location = storeOf(call);
  const log = logOutput('warn', {}, STANDARD_ERROR, (write) => liveLine.above(write));
  const environment = { clock: systemClock, random: systemRandom, log };
  const store = await openStore({
    location,
    ifAbsent,
    memberName: commandName(process.pid),
    isReader: reads,
    ...environment,
  });
  if (store.isNew) (onNew ?? (() => announceNew(store, ifAbsent === 'make', call.json)))();
  try {
    const { records, volumes, membership } = store;
    const living = () => store.living();
    const onEvent = eventOutput(call.json);
    return await work({ ...environment, records, volumes, membership, living, onEvent });
  } finally {
    // Connections that a silent cluster does not let close end with the process.
    await within(systemClock, CLOSE_MAX_MS, store.close());
  }
}

function announceNew({ location }: Store, isMade: boolean, json: boolean): void {
  const where = describeLocation(location);
  const text = isMade ? `made a store in ${where}` : `a store would be made in ${where}`;
  notice({ store: { path: where, made: isMade } }, text, json);
}
