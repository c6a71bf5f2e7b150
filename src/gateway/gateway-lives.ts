import { assert } from '../base/assert.ts';
import { type Clock, within } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { errorText } from '../base/system-reason.ts';
import type { Log } from '../log/log.ts';
import { BackOff } from '../membership/back-off.ts';
import type { Member } from '../records/records.ts';
import type { GatewayOptions } from './gateway.ts';
import type { Store } from './store.ts';

/**
 * After this, a store that does not close is abandoned. Where members are processes, this process
 * ends instead, because stuck writes could land after its next incarnation has written.
 */
const STORE_CLOSE_WAIT_MAX_MS = 3_000;

/** A gateway as `runGatewayLives` sees it. */
export interface LivingGateway {
  readonly self: Member;
  readonly over: Promise<unknown>;
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** The parts that differ between the lives of a gateway, and those that all lives share. */
export type GatewayLife = Omit<GatewayOptions, 'listen' | 'processFacts'>;

interface GatewayLivesOptions<G extends LivingGateway> {
  readonly name: string;
  /** The last incarnation of this name, when its process was seen to end. */
  readonly previous?: Member | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Opens the store again, because a fenced client cannot be used further. */
  readonly openStore: () => Promise<Store>;
  readonly start: (life: GatewayLife) => Promise<G>;
  readonly onServing: (gateway: G) => void;
  /**
   * Ends this process at once. Where members are processes, only that keeps stuck writes from
   * landing later.
   */
  readonly endProcess: () => void;
  /** Asked to end: `drain` first, or `now`. */
  readonly end: Promise<'drain' | 'now'>;
}

/**
 * Runs a gateway until it is asked to end. One that is fenced, or cut off from its store, drops its
 * sessions, waits a while, and serves again as a new incarnation. Rejects when the first cannot
 * start; later ones are tried again.
 */
export async function runGatewayLives<G extends LivingGateway>(
  options: GatewayLivesOptions<G>,
): Promise<void> {
  const { clock, random, log, end } = options;
  const backOff = new BackOff(random);
  let { previous } = options;
  let hasServed = false;
  for (;;) {
    let servingMs: number | undefined;
    let overMs: number | undefined;
    const marks: LifeMarks<G> = {
      onServing: (gateway) => {
        hasServed = true;
        servingMs = clock.now();
        previous = gateway.self;
        options.onServing(gateway);
      },
      onOver: () => {
        overMs = clock.now();
      },
    };
    try {
      if ((await runOne(options, previous, marks)) === 'ended') return;
    } catch (error) {
      if (!hasServed) throw error;
      log.write('restart_failed', { reason: errorText(error) });
    }
    const endMs = overMs ?? clock.now();
    assert(servingMs === undefined || servingMs <= endMs, 'a gateway is over after it served');
    const backOffMs =
      servingMs === undefined
        ? backOff.afterFailureMs()
        : backOff.afterServingMs(endMs - servingMs);
    const waitMs = Math.max(0, endMs + backOffMs - clock.now());
    log.write('restart_planned', { waitMs });
    if ((await within(clock, waitMs, end)) !== undefined) return;
  }
}

interface LifeMarks<G> {
  readonly onServing: (gateway: G) => void;
  /** The gateway was fenced or cut off: the time that closing takes counts as waiting. */
  readonly onOver: () => void;
}

async function runOne<G extends LivingGateway>(
  { name, clock, random, log, openStore, start, end, endProcess }: GatewayLivesOptions<G>,
  previous: Member | undefined,
  { onServing, onOver }: LifeMarks<G>,
): Promise<'ended' | 'over'> {
  const store = await openStore();
  const isProcess = store.fencing?.driver.processes !== undefined;
  let isEnding = false;
  try {
    const before = previous === undefined ? {} : { previous };
    const gateway = await start({ name, store, clock, random, log, ...before });
    onServing(gateway);
    const over = gateway.over.then((reason) => {
      onOver();
      if (reason === 'unfenced' && isProcess) endProcess();
      return 'over' as const;
    });
    const how = await Promise.race([end, over]);
    isEnding = how !== 'over';
    if (how === 'drain') await gateway.drain();
    await gateway.close();
    return isEnding ? 'ended' : 'over';
  } finally {
    const closing = store.close().then(() => true);
    const isClosed = await within(clock, STORE_CLOSE_WAIT_MAX_MS, closing);
    if (isClosed === undefined && isProcess && !isEnding) endProcess();
  }
}
