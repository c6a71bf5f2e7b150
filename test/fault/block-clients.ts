// Many clients at one block through all gateways, while resets, aborts and kills come between.

import { setTimeout as delay } from 'node:timers/promises';
import { Initiator } from '../initiator/initiator.ts';
import { type Demo, demoTargetName } from '../support/demo.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { waitFor } from '../support/wait-for.ts';
import { BlockChain, type BlockOutcome } from './block-chain.ts';
import { BlockClient } from './block-client.ts';

export interface BlockClientsOptions {
  readonly demo: Demo;
  readonly random: SeededRandom;
  readonly seconds: number;
  readonly clients?: number;
  /** One gateway so often, when all serve; 0: none. */
  readonly killEveryMs?: number;
  /** LOGICAL UNIT RESET so often, through a gateway by chance; 0: none. */
  readonly resetEveryMs?: number;
  readonly aborts?: boolean;
  readonly onProgress?: (summary: BlockSummary) => void;
}

export interface BlockSummary extends Readonly<Record<BlockOutcome, number>> {
  readonly resets: number;
  readonly aborted: number;
  readonly kills: number;
  readonly worstMs: number;
}

const LOGICAL_UNIT_RESET = 5;
const PROGRESS_MS = 1_000;
const START_LIMIT_MS = 60_000;

/** Rejects when what was seen of the block is not what one copy of it could have shown. */
export async function blockClients(options: BlockClientsOptions): Promise<BlockSummary> {
  const { demo, random, clients = 16, aborts = true, seconds, onProgress } = options;
  const block = new BlockChain();
  const addresses = demo.addresses();
  const all = Array.from({ length: clients }, (_, index) => {
    const gateway = index % addresses.length;
    const name = `client-${index}`;
    return new BlockClient({
      ...{ name, addresses, gateway, targetName: demoTargetName, block, random, aborts },
    });
  });
  const counts = { resets: 0, kills: 0 };
  const summary = (): BlockSummary => ({
    ...{ ...block.counts, ...counts },
    aborted: all.reduce((sum, client) => sum + client.aborted, 0),
    worstMs: Math.max(...all.map(({ worstMs }) => worstMs)),
  });
  const ending = new AbortController();
  const { signal } = ending;
  const disturbances = [
    every(options.resetEveryMs ?? 0, signal, async () => {
      if (!(await reset(demo, random.below(demo.gateways)))) return;
      counts.resets += 1;
      await Promise.all(all.map((client) => client.resetDone()));
    }),
    every(options.killEveryMs ?? 0, signal, async () => {
      await killOne(demo, random.below(demo.gateways));
      counts.kills += 1;
    }),
  ];
  try {
    const endMs = performance.now() + seconds * 1000;
    while (performance.now() < endMs) {
      await delay(Math.max(0, Math.min(PROGRESS_MS, endMs - performance.now())));
      onProgress?.(summary());
    }
    ending.abort();
    await Promise.all(disturbances);
    await Promise.all(all.map((client) => client.stop()));
  } finally {
    ending.abort();
  }
  const fault = block.fault();
  if (fault !== undefined) throw new Error(fault);
  return summary();
}

/** Does it again and again, with a pause; never where the pause is 0. */
async function every(pauseMs: number, signal: AbortSignal, work: () => Promise<void>) {
  if (pauseMs === 0) return;
  for (;;) {
    await delay(pauseMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    await work();
  }
}

/** False when its gateway was lost meanwhile: the reset may have been done. */
async function reset(demo: Demo, gateway: number): Promise<boolean> {
  const initiatorName = 'iqn.2026-11.test:resets';
  const login = { ...demo.address(gateway), targetName: demoTargetName, initiatorName };
  let session: Initiator | undefined;
  try {
    session = await Initiator.connect(login);
    const { response } = await session.manage({ function: LOGICAL_UNIT_RESET });
    await session.logout();
    if (response === 0) return true;
  } catch {
    session?.destroy();
    return false;
  }
  throw new Error('LOGICAL UNIT RESET was not done');
}

/** Its supervisor starts it again. */
async function killOne(demo: Demo, gateway: number): Promise<void> {
  const { pid } = demo.processOf(gateway);
  demo.signal(demo.processOf(gateway), 'SIGKILL');
  await waitFor(
    'the gateway is started again',
    () => demo.processOf(gateway).pid !== pid,
    START_LIMIT_MS,
  );
}
