import { setTimeout as delay } from 'node:timers/promises';
import type { Demo } from '../support/demo.ts';
import type { PlacedDemo } from '../support/demo-place.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { waitFor } from '../support/wait-for.ts';
import type { CheckedSession } from './checked-session.ts';
import type { EventHost } from './event-host.ts';

/** A gateway is killed, or stopped for a while; or one OSD is, which fences no gateway. */
export type GatewayFault = 'kill' | 'stop' | 'osd';

interface FaultWorld {
  readonly place: PlacedDemo;
  readonly random: SeededRandom;
  readonly host: EventHost;
  readonly sessions: readonly CheckedSession[];
  readonly signal: AbortSignal;
  readonly onFault: () => void;
}

const STOPPED_MS = 12_000;
/** Initiators notice a gateway that does not answer within this. */
const NOTICED_MS = 2_000;
/** A gateway that was fenced before waits up to 60 s until it serves again. */
const BACK_LIMIT_MS = 120_000;

/** One fault after the other, each when all of the one before is over. */
export async function faultLoop(
  fault: GatewayFault,
  everyMs: number,
  world: FaultWorld,
): Promise<void> {
  const { place, sessions, random, signal } = world;
  for (;;) {
    await delay(everyMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    world.onFault();
    if (fault === 'osd') await stopOsd(place, random);
    else if (fault === 'kill') kill(place.demo, random.below(place.demo.gateways));
    else await stop(world, random.below(place.demo.gateways));
    const isBack = () => signal.aborted || sessions.every(({ isConnected }) => isConnected);
    await waitFor('all sessions are back', isBack, BACK_LIMIT_MS);
  }
}

function kill(demo: Demo, gateway: number): void {
  demo.signal(demo.processOf(gateway), 'SIGKILL');
}

/** What is stopped answers nothing, but its kernel keeps the connections. */
async function stop({ place, host, sessions }: FaultWorld, gateway: number): Promise<void> {
  const { demo } = place;
  const process = demo.processOf(gateway);
  demo.signal(process, 'SIGSTOP');
  await delay(NOTICED_MS);
  host.silent(gateway);
  for (const session of sessions) if (session.gateway === gateway) session.giveUp();
  await delay(STOPPED_MS - NOTICED_MS);
  demo.signal(process, 'SIGCONT');
  host.heard(gateway);
}

/** Throws when a gateway was ended, or began a new incarnation. */
async function stopOsd({ ceph, demo }: PlacedDemo, random: SeededRandom): Promise<void> {
  if (ceph === undefined) throw new Error('the embedded store has no OSD');
  const osd = ceph.osds[random.below(ceph.osds.length)]!;
  const before = demo.starts.length;
  await osd.pause();
  await delay(STOPPED_MS);
  osd.resume();
  if (demo.starts.length > before) throw new Error('a gateway ended because an OSD was stopped');
}
