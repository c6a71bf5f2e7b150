import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Load, putLoad } from './client/load.ts';
import { residentBytes } from './process-figures.ts';
import { startAllpath } from './server/allpath-server.ts';
import type { Server } from './server/server.ts';

const load: Omit<Load, 'direction'> = { tool: 'qemu-img', blockBytes: 4096, depth: 128 };
/** Sessions besides the first, over which the growth is spread. */
const moreSessions = 16;
const sampleMs = 200;
const settleMs = 1000;
const firstMinutes = 2;

export interface MemoryOptions {
  readonly folder: string;
  readonly sizeBytes: number;
  /** How long each number of sessions is held under load. */
  readonly seconds: number;
  /** How long the growth under load is measured; 0: not at all. */
  readonly minutes: number;
  progress(text: string): void;
}

export interface MemoryResult {
  readonly idleBytes: number;
  readonly oneSessionBytes: number;
  readonly manySessionsBytes: number;
  readonly perSessionBytes: number;
  /** From minute 2 to the last minute of load; undefined if it was not measured. */
  readonly growthBytes: number | undefined;
}

/**
 * Memory of one gateway: idle, for each session at depth 128, and its growth under lasting load.
 */
export async function measureMemory(options: MemoryOptions): Promise<MemoryResult> {
  const folder = await mkdtemp(join(options.folder, 'allpath-bench-'));
  try {
    await using server = await startAllpath(
      join(folder, 'store'),
      options.sizeBytes,
      load.blockBytes,
    );
    const idle = await startAllpath(join(folder, 'idle'), 16 * 1024 ** 2);
    options.progress('idle');
    await sleep(settleMs);
    const idleBytes = residentBytes(idle.pid);
    await idle[Symbol.asyncDispose]();
    const peak = async (sessions: number) => {
      options.progress(`${sessions} sessions at depth ${load.depth}`);
      return await peakUnderLoad(server, sessions, options.seconds);
    };
    const oneSessionBytes = await peak(1);
    const manySessionsBytes = await peak(1 + moreSessions);
    const perSessionBytes = (manySessionsBytes - oneSessionBytes) / moreSessions;
    const growthBytes = options.minutes > firstMinutes ? await growth(server, options) : undefined;
    return { idleBytes, oneSessionBytes, manySessionsBytes, perSessionBytes, growthBytes };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function peakUnderLoad(server: Server, sessions: number, seconds: number): Promise<number> {
  const samples: number[] = [];
  await underLoad(server, sessions, seconds, () => samples.push(residentBytes(server.pid)));
  return Math.max(...samples);
}

async function growth(server: Server, options: MemoryOptions): Promise<number> {
  const startedMs = performance.now();
  /** The maximum of each minute: what remains after a garbage collection is not what it needs. */
  const perMinute: number[] = [];
  await underLoad(server, 2, options.minutes * 60, () => {
    const minute = Math.floor((performance.now() - startedMs) / 60_000);
    perMinute[minute] = Math.max(perMinute[minute] ?? 0, residentBytes(server.pid));
    if (performance.now() % 10_000 < sampleMs) options.progress(`minute ${minute}`);
  });
  const last = perMinute[options.minutes - 1] ?? Number.NaN;
  return last - (perMinute[firstMinutes - 1] ?? Number.NaN);
}

/** Keeps that many sessions under load for this time, and takes samples. */
async function underLoad(
  server: Server,
  sessions: number,
  seconds: number,
  sample: () => void,
): Promise<void> {
  const endMs = performance.now() + seconds * 1000;
  /** Reads and writes in turns; half of the sessions start with each. */
  const session = async (index: number) => {
    for (let turn = index; performance.now() < endMs; turn += 1) {
      const direction = turn % 2 === 0 ? 'write' : 'read';
      await putLoad(server.url, { ...load, direction }, Math.round(40_000 / sessions), 1);
    }
  };
  const done = Promise.all(Array.from({ length: sessions }, (_, index) => session(index))).then(
    () => true,
  );
  while (!(await Promise.race([done, sleep(sampleMs, false)]))) sample();
  sample();
}
