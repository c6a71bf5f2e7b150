import { setTimeout as delay } from 'node:timers/promises';
import type { Demo } from '../../support/demo.ts';
import { demoTargetName } from '../../support/demo.ts';
import { rssBytes } from '../witness.ts';
import type { Tally } from './attack.ts';
import type { GatewayReport, GoodReport } from './good-sessions.ts';
import { Party } from './party.ts';

export interface BattleOptions {
  readonly demo: Demo;
  readonly attack: string;
  readonly seed: number;
  readonly quietMs: number;
  readonly attackMs: number;
  /** Well-behaved sessions at each gateway, and attacking ones at the first. */
  readonly goodSessions: number;
  readonly attackSessions: number;
  readonly depth: number;
  readonly thinkMs: number;
}

/** What an attack on the first gateway did to the well-behaved initiators of all. */
export interface BattleReport {
  readonly attack: string;
  readonly quiet: GatewayReport;
  /** Of the gateway that did worse. */
  readonly attacked: GatewayReport;
  readonly drops: number;
  readonly reasons: readonly string[];
  readonly corrupt: number;
  readonly loginMaxMs: number;
  /** Of all gateways, at most. */
  readonly rssMaxBytes: number;
  /** Gateway processes that ended. */
  readonly ended: number;
  readonly tally: Tally;
}

const BLOCK_LENGTH = 512;
/** The attackers have the first half of the disk, the well-behaved initiators the other. */
export const BATTLE_DISK = '512M';
const HALF_BLOCKS = (256 * 1024 * 1024) / BLOCK_LENGTH;
const WARM_UP_MS = 500;
const SAMPLE_MS = 50;
/** Attackers are in no hurry: their sessions take time on a busy machine. */
const BEGIN_LIMIT_MS = 60_000;
const PROGRESS_POLL_MS = 1000;
/** Only a hang takes longer: the attackers' process has the lowest priority of all. */
const PROGRESS_LIMIT_MS = 180_000;

/** Measures the well-behaved initiators without and under an attack. */
export async function battle(options: BattleOptions): Promise<BattleReport> {
  const { demo, attack, seed, quietMs, attackMs } = options;
  await using good = new Party();
  await using hostile = new Party();
  const pids = gatewayPids(demo);
  const memory = new MemoryWatch(pids);
  await good.behave({
    gateways: demo.addresses(),
    targetName: demoTargetName,
    blockLength: BLOCK_LENGTH,
    sessions: options.goodSessions,
    depth: options.depth,
    thinkMs: options.thinkMs,
    firstBlock: HALF_BLOCKS,
  });
  await delay(WARM_UP_MS);
  await good.report();
  await delay(quietMs);
  const quiet = await good.report();
  const begun = hostile.attack(attack, seed, {
    address: demo.address(0),
    targetName: demoTargetName,
    sessions: options.attackSessions,
    blockLength: BLOCK_LENGTH,
    blocks: HALF_BLOCKS,
  });
  begun.catch(() => {});
  // An attack that cannot begin because its target is down shows in the observations.
  await Promise.race([begun, delay(BEGIN_LIMIT_MS, undefined, { ref: false })]);
  const reports = [await good.report()];
  await delay(attackMs);
  const { report: seen, earlier, tally } = await afterProgress(good, hostile);
  reports.push(...earlier, seen);
  const ended = gatewayPids(demo).filter((pid, gateway) => pid !== pids[gateway]).length;
  return {
    attack,
    quiet: worst(quiet),
    attacked: worst(seen),
    drops: reports.reduce((sum, { drops }) => sum + drops, 0),
    reasons: [...new Set(reports.flatMap(({ reasons }) => reasons))],
    corrupt: [quiet, ...reports].reduce((sum, { corrupt }) => sum + corrupt, 0),
    loginMaxMs: Math.max(...reports.map(({ loginMaxMs }) => loginMaxMs)),
    rssMaxBytes: memory.stop(),
    ended: Math.max(ended, memory.ended),
    tally,
  };
}

interface Progress {
  readonly report: GoodReport;
  readonly earlier: readonly GoodReport[];
  readonly tally: Tally;
}

/**
 * What both parties have met. On a busy machine a short attack may be over before the attackers
 * have sent anything, or before each well-behaved initiator has finished anything: then it goes on
 * until they have.
 */
async function afterProgress(good: Party, hostile: Party): Promise<Progress> {
  const earlier: GoodReport[] = [];
  const deadline = performance.now() + PROGRESS_LIMIT_MS;
  const late = delay(PROGRESS_LIMIT_MS, NO_TALLY, { ref: false });
  for (;;) {
    const tally = await Promise.race([hostile.tally().catch(() => NO_TALLY), late]);
    const report = await good.report();
    const isMade = report.gateways.every(({ commandsMin }) => commandsMin > 0);
    const isOver = (isMade && tally.requests > 0) || performance.now() >= deadline;
    if (isOver) return { report, earlier, tally };
    earlier.push(report);
    await delay(PROGRESS_POLL_MS);
  }
}

const NO_TALLY: Tally = { requests: 0, answers: 0, ended: 0 };

function gatewayPids(demo: Demo): readonly number[] {
  return demo.addresses().map((_, gateway) => demo.processOf(gateway).pid);
}

function worst({ gateways }: GoodReport): GatewayReport {
  const longMaxMs = Math.max(...gateways.map((each) => each.longMaxMs));
  return { ...gateways.reduce((a, b) => (a.p99Ms > b.p99Ms ? a : b)), longMaxMs };
}

/** The largest resident memory of some processes, looked at often. */
class MemoryWatch {
  readonly #pids: readonly number[];
  readonly #timer: NodeJS.Timeout;
  readonly #gone = new Set<number>();
  #maxBytes = 0;

  constructor(pids: readonly number[]) {
    this.#pids = pids;
    this.#timer = setInterval(() => this.#look(), SAMPLE_MS);
  }

  get ended(): number {
    return this.#gone.size;
  }

  stop(): number {
    this.#look();
    clearInterval(this.#timer);
    return this.#maxBytes;
  }

  #look(): void {
    for (const pid of this.#pids) {
      try {
        this.#maxBytes = Math.max(this.#maxBytes, rssBytes(pid));
      } catch {
        this.#gone.add(pid);
      }
    }
  }
}
