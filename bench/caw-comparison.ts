import { ThrowawayCeph } from '../lab/ceph/throwaway-ceph.ts';
import { createPool } from '../lab/ceph/throwaway-pools.ts';
import { Demo, demoTargetName } from '../test/support/demo.ts';
import { LibiscsiClient } from './client/libiscsi-client.ts';
import { LibrbdClient } from './client/librbd-client.ts';

const pool = 'bench';
const image = 'raw';
/** The length that librbd of Ceph 16 takes. */
const blockBytes = 512;
/** Short, so that other load of the machine affects all subjects alike. */
const turnMs = 100;
const warmUpCalls = 5000;

/** At most this many times librbd's latency. */
export const cawRatioMax = 1.3;

export interface CawComparisonOptions {
  /** The cluster goes to a new folder in it. */
  readonly folder: string;
  readonly backend: 'memstore' | 'bluestore';
  readonly osds: number;
  /** About how long each subject is measured. */
  readonly seconds: number;
  progress(text: string): void;
}

export interface CawFigures {
  readonly name: string;
  readonly calls: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

export interface CawResult {
  readonly subjects: readonly CawFigures[];
  /** The ratio of the medians, Allpath's to librbd's. */
  readonly ratio: number;
  readonly reached: boolean;
}

interface Subject {
  readonly name: string;
  readonly timesUs: number[];
  /** The call of this number; each compares with the data that the previous one wrote. */
  readonly call: (number: number) => void;
  next: number;
}

/**
 * Measures how long one COMPARE AND WRITE of a block takes at depth 1: by librbd's own synchronous
 * call, and by libiscsi's through a gateway, in short turns; in addition TEST UNIT READY, which is
 * the round trip alone.
 */
export async function compareCaw(options: CawComparisonOptions): Promise<CawResult> {
  const { backend, osds, folder, seconds, progress } = options;
  progress(`starting a Ceph of ${osds} OSD(s), ${backend}`);
  await using ceph = await ThrowawayCeph.start({ osds, backend, parent: folder });
  await createPool(ceph, pool);
  await ceph.rbd('create', '-p', pool, '--size', '64', '--image-feature', 'layering', image);
  await using demo = await Demo.start({ gateways: 1, ceph: { conf: ceph.conf, pool } });
  using raw = new LibrbdClient(ceph.conf, pool, image);
  const { host, port } = demo.address(0);
  const name = 'iqn.2026-11.io.allpath:bench';
  using session = new LibiscsiClient(`${host}:${port}`, demoTargetName, name, blockBytes);
  raw.write(0, block(0));
  session.write(0, block(0));
  const librbd = subject('librbd', (number) => {
    raw.compareAndWrite(0, block(number), block(number + 1));
  });
  const allpath = subject('allpath', (number) => {
    session.compareAndWrite(0, Buffer.concat([block(number), block(number + 1)]));
  });
  const wayOnly = subject('TEST UNIT READY', () => session.testUnitReady());
  const subjects = [librbd, allpath, wayOnly];
  progress('warming up');
  // Also in turns: the session answers the target's NOPs only during its own calls.
  while (subjects.some(({ next }) => next < warmUpCalls)) turn(subjects);
  for (const each of subjects) each.timesUs.length = 0;
  const turns = Math.max(1, Math.round((seconds * 1000) / turnMs));
  for (let number = 0; number < turns; number += 1) {
    if (number % 50 === 0) progress(`turn ${number + 1} of ${turns}`);
    turn(subjects);
  }
  const figures = subjects.map(figuresOf);
  const ratio = median(allpath.timesUs) / median(librbd.timesUs);
  return { subjects: figures, ratio, reached: ratio <= cawRatioMax };
}

/** A block that contains its number. */
function block(number: number): Buffer {
  return Buffer.alloc(blockBytes, String(number).padStart(8, '0'));
}

function subject(name: string, call: (number: number) => void): Subject {
  return { name, call, timesUs: [], next: 0 };
}

/** Runs each subject for a while, and for at least one call. */
function turn(subjects: readonly Subject[]): void {
  for (const each of subjects) {
    const endMs = performance.now() + turnMs;
    let nowMs = performance.now();
    do {
      const startedMs = nowMs;
      each.call(each.next);
      nowMs = performance.now();
      each.timesUs.push((nowMs - startedMs) * 1000);
      each.next += 1;
    } while (nowMs < endMs);
  }
}

function figuresOf({ name, timesUs }: Subject): CawFigures {
  return { name, calls: timesUs.length, p50Us: median(timesUs), p99Us: quantile(timesUs, 0.99) };
}

function median(times: readonly number[]): number {
  return quantile(times, 0.5);
}

function quantile(times: readonly number[], share: number): number {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length * share)] ?? Number.NaN;
}
