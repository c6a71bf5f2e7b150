import type { Address } from '../test/initiator/host.ts';
import { Nexuses } from '../test/one-unit/nexuses.ts';
import { DocumentCluster } from '../test/support/document-cluster.ts';
import type { EventRowResult } from './event-latency.ts';

const targetName = 'iqn.2026-11.io.allpath:bench';
/** The most that a TARGET RESET may take, in ms. */
const limitMs = 2_000;

export interface TargetResetOptions {
  /** Logical units of the target. */
  readonly units: number;
  /** How long each row is measured. */
  readonly seconds: number;
  /** Only rows whose label contains this. */
  readonly only?: string;
  /** How many gateways there are, one cluster after the other. */
  readonly gateways: readonly number[];
  progress(text: string): void;
}

/** How long it takes until a TARGET RESET is answered, by gateways of the local store. */
export async function measureTargetResets(options: TargetResetOptions): Promise<EventRowResult[]> {
  const { units, gateways, only = '', progress } = options;
  const results: EventRowResult[] = [];
  for (const count of gateways) {
    const label = `${count} gateways, idle: TARGET RESET of ${units} units`;
    if (!label.includes(only)) continue;
    progress(label);
    await using cluster = await DocumentCluster.start(count, documentOf(units));
    const addresses = cluster.gateways.map((_, gateway) => cluster.address(gateway));
    results.push(rowOf(label, await timesOf(addresses, options)));
  }
  return results;
}

function documentOf(units: number) {
  const names = Array.from({ length: units }, (_, lun) => `d${lun}`);
  const luns = Object.fromEntries(names.map((name, lun) => [lun, name]));
  return {
    disks: names.map((name) => ({ name, size: '1M' })),
    targets: [{ iqn: targetName, luns, access: 'any' }],
  };
}

/** Through all gateways in turn. */
async function timesOf(
  addresses: readonly Address[],
  { seconds }: TargetResetOptions,
): Promise<number[]> {
  await using nexuses = await Nexuses.connect({ addresses, targetName, lun: 0 });
  const timesMs: number[] = [];
  const endMs = performance.now() + seconds * 1000;
  do {
    const nexus = nexuses.all[timesMs.length % nexuses.all.length]!;
    const startedMs = performance.now();
    await nexus.resetTarget();
    timesMs.push(performance.now() - startedMs);
  } while (performance.now() < endMs);
  return timesMs;
}

function rowOf(label: string, timesMs: readonly number[]): EventRowResult {
  const sorted = [...timesMs].sort((left, right) => left - right);
  const quantile = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  const p50Ms = quantile(0.5);
  const events = sorted.length;
  return { label, events, p50Ms, p99Ms: quantile(0.99), limitMs, reached: p50Ms <= limitMs };
}
