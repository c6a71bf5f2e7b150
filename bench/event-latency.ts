import { ThrowawayCeph } from '../lab/ceph/throwaway-ceph.ts';
import { createPool } from '../lab/ceph/throwaway-pools.ts';
import { iscsiTransportId } from '../src/scsi/transport-id.ts';
import type { Address } from '../test/initiator/host.ts';
import type { ScsiRequest } from '../test/initiator/scsi-exchange.ts';
import { reserveOut } from '../test/one-unit/commands.ts';
import { controlBitRequest } from '../test/one-unit/events.ts';
import type { Nexus } from '../test/one-unit/nexus.ts';
import { Nexuses } from '../test/one-unit/nexuses.ts';
import { CephGateways } from '../test/support/ceph-gateways.ts';
import { DocumentCluster } from '../test/support/document-cluster.ts';
import { Action } from '../test/support/reserve-out.ts';
import { StampedLoad } from '../test/support/stamped-load.ts';

const targetName = 'iqn.2026-11.io.allpath:bench';
const pool = 'bench';
const sessions = 8;
/** Enough that an event finds its logical unit idle again: each is settled after a second. */
const disks = 16;
/** The LUNs of disks without registrations, and of as many with them. */
const plainLuns = Array.from({ length: disks }, (_, index) => index);
const registeredLuns = plainLuns.map((lun) => disks + lun);
const betweenMs = 60;
const BUSY = 0x08;

/** The upper bound of a median, in ms. */
const limitsMs = {
  local: { idle: 20, loaded: 100 },
  rbd: { idle: 60, loaded: 250 },
} as const;
/** The ratio of the medians with and without registrations. */
export const registeredRatioMax = 1.5;

export interface EventLatencyOptions {
  readonly folder: string;
  readonly on: 'local' | 'rbd';
  readonly backend: 'memstore' | 'bluestore';
  readonly osds: number;
  /** How long each row is measured. */
  readonly seconds: number;
  /** Only rows whose label contains this. */
  readonly only?: string;
  /** How many gateways there are, one cluster after the other. */
  readonly gateways: readonly number[];
  /** The registrations of each disk that has any. */
  readonly registrations: number;
  progress(text: string): void;
}

export interface EventRowResult {
  readonly label: string;
  readonly events: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** The bound of the median. */
  readonly limitMs: number;
  readonly reached: boolean;
}

/** Prepares an event, and resolves with the function that causes it, which is measured. */
type Kind = (nexus: Nexus, number: number) => Promise<() => Promise<unknown>>;

const kinds: Readonly<Record<string, Kind>> = {
  'LOGICAL UNIT RESET': async (nexus) => () => nexus.resetLogicalUnit(),
  'MODE SELECT': async (nexus) => {
    const request = await controlBitRequest(nexus, 'dSense');
    return () => untilDone(nexus, request);
  },
  REGISTER: async (nexus, number) => {
    const request = reserveOut(Action.registerAndIgnore, { actionKey: number + 1 });
    return () => untilDone(nexus, request);
  },
};

/** BUSY changes nothing: the command is repeated, as initiators do. */
async function untilDone(nexus: Nexus, request: Omit<ScsiRequest, 'lun'>): Promise<void> {
  for (;;) {
    const { status, sense } = await nexus.execute(request);
    if (status === 0) return;
    if (status !== BUSY) throw new Error(`status ${status}: ${sense.toString('hex')}`);
  }
}

/** Measures how long it takes until a change of a logical unit is answered. */
export async function measureEvents(options: EventLatencyOptions): Promise<EventRowResult[]> {
  const results: EventRowResult[] = [];
  if (options.on === 'local') {
    for (const count of options.gateways) {
      await using cluster = await DocumentCluster.start(count, documentParts());
      const addresses = cluster.gateways.map((_, gateway) => cluster.address(gateway));
      results.push(...(await measureGateways(addresses, options)));
    }
    return results;
  }
  const { osds, backend, folder: parent } = options;
  await using ceph = await ThrowawayCeph.start({ osds, backend, parent });
  await createPool(ceph, pool);
  const place = { conf: ceph.conf, pool, user: 'admin' };
  for (const gateways of options.gateways) {
    const options_ = { place: { ...place, namespace: '' }, gateways, parts: documentParts() };
    await using cluster = await CephGateways.start(options_);
    results.push(...(await measureGateways(cluster.addresses, options)));
  }
  return results;
}

function documentParts() {
  const names = [...plainLuns, ...registeredLuns].map((lun) => `d${lun}`);
  const luns = Object.fromEntries(names.map((name, lun) => [lun, name]));
  return {
    disks: names.map((name) => ({ name, size: '32M' })),
    targets: [{ iqn: targetName, luns, access: 'any' }],
  };
}

async function measureGateways(
  addresses: readonly Address[],
  options: EventLatencyOptions,
): Promise<EventRowResult[]> {
  await using nexuses = await Nexuses.connect({ addresses, targetName, lun: 0 });
  for (const lun of registeredLuns) {
    await fillRegistrations(nexuses.first.at(lun), addresses, options.registrations);
  }
  const context = { nexuses, addresses, options };
  return [...(await measureIdle(context)), ...(await measureLoaded(context))];
}

interface Measurement {
  readonly nexuses: Nexuses;
  readonly addresses: readonly Address[];
  readonly options: EventLatencyOptions;
}

/** Measures disks without and with registrations in turns, because they are compared. */
async function measureIdle({ nexuses, addresses, options }: Measurement) {
  const { registrations, seconds, on } = options;
  const results: EventRowResult[] = [];
  for (const [kind, prepare] of Object.entries(kinds)) {
    const labels = ['idle', `${registrations} registrations`].map(
      (situation) => `${addresses.length} gateways, ${situation}: ${kind}`,
    );
    if (!labels.some((label) => isWanted(label, options))) continue;
    options.progress(labels.join('; '));
    const groups = [plainLuns, registeredLuns];
    const [plain, registered] = await timesOf(nexuses, prepare, 2 * seconds, groups);
    const idle = rowOf(labels[0]!, plain!, limitsMs[on].idle);
    results.push(idle, rowOf(labels[1]!, registered!, idle.p50Ms * registeredRatioMax));
  }
  return results;
}

async function measureLoaded({ nexuses, addresses, options }: Measurement) {
  const results: EventRowResult[] = [];
  const labelOf = (kind: string) =>
    `${addresses.length} gateways, ${sessions} sessions write: ${kind}`;
  const wanted = Object.entries(kinds).filter(([kind]) => isWanted(labelOf(kind), options));
  if (wanted.length === 0) return results;
  const load = await StampedLoad.connect({ paths: addresses, targetName, writers: sessions });
  const settling = setInterval(() => {
    // Commands that an event has aborted do not land after its answer.
    for (const writer of load.writers) writer.settled();
  }, betweenMs);
  try {
    load.start();
    await load.progress(1);
    for (const [kind, prepare] of wanted) {
      options.progress(labelOf(kind));
      const [timesMs] = await timesOf(nexuses, prepare, options.seconds, [[0]]);
      results.push(rowOf(labelOf(kind), timesMs!, limitsMs[options.on].loaded));
    }
  } finally {
    clearInterval(settling);
    await load.close();
  }
  return results;
}

function isWanted(label: string, { only }: EventLatencyOptions): boolean {
  return only === undefined || label.includes(only);
}

/** Registers many initiator ports at once, through every target port. */
async function fillRegistrations(
  nexus: Nexus,
  addresses: readonly Address[],
  registrations: number,
): Promise<void> {
  const ports = Math.ceil(registrations / addresses.length);
  const transportIds = Array.from({ length: ports }, (_, index) => {
    const isid = Buffer.alloc(6);
    isid.writeUInt16BE(index, 4);
    return iscsiTransportId(Buffer.from(`iqn.2026-11.test:h${index}`), isid);
  });
  await nexus.attentions();
  await untilDone(nexus, reserveOut(Action.registerAndIgnore, { actionKey: 0 }));
  const all = { actionKey: 1, allTargetPorts: true, transportIds };
  await untilDone(nexus, reserveOut(Action.register, all));
}

/** Causes events of each group of units in turn, through all gateways; the times by group. */
async function timesOf(
  nexuses: Nexuses,
  prepare: Kind,
  seconds: number,
  groups: readonly (readonly number[])[],
): Promise<number[][]> {
  const timesMs: number[][] = groups.map(() => []);
  const endMs = performance.now() + seconds * 1000;
  for (let number = 0; performance.now() < endMs || number % groups.length > 0; number++) {
    const group = number % groups.length;
    const round = Math.floor(number / groups.length);
    const luns = groups[group]!;
    const nexus = nexuses.all[round % nexuses.all.length]!.at(luns[round % luns.length]!);
    await nexus.attentions();
    const event = await prepare(nexus, number);
    const startedMs = performance.now();
    await event();
    timesMs[group]!.push(performance.now() - startedMs);
    await new Promise((resolve) => setTimeout(resolve, betweenMs));
  }
  return timesMs;
}

function rowOf(label: string, timesMs: readonly number[], limitMs: number): EventRowResult {
  const sorted = [...timesMs].sort((left, right) => left - right);
  const quantile = (share: number) => sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  const p50Ms = quantile(0.5);
  const events = sorted.length;
  return { label, events, p50Ms, p99Ms: quantile(0.99), limitMs, reached: p50Ms <= limitMs };
}
