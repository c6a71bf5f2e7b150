import { setTimeout as delay } from 'node:timers/promises';
import { read16, readCapacity16, testUnitReady, write16 } from '../initiator/cdb.ts';
import { Initiator } from '../initiator/initiator.ts';
import type { ScsiResult } from '../initiator/scsi-exchange.ts';
import type { ProcessHoldings } from '../support/process-holdings.ts';
import { StampedLoad } from '../support/stamped-load.ts';
import { waitFor } from '../support/wait-for.ts';
import { DAY_TARGET, DayWorld, DISK_BYTES } from './day-world.ts';

export interface DayOptions {
  /** From the begin of the load to its end. */
  readonly minutes: number;
  readonly images: number;
  readonly initiators: number;
  /** Between a status and the next write of an initiator to a disk: bounds the load. */
  readonly thinkMs: number;
  readonly onProgress?: (what: Readonly<Record<string, unknown>>) => void;
}

/** What a gateway held when it had been under load for a while, and at the end. */
export interface GatewayDay {
  readonly name: string;
  readonly early: ProcessHoldings;
  readonly late: ProcessHoldings;
}

export interface DayReport {
  readonly acknowledged: number;
  readonly retried: number;
  /** Longest time to a status of a write that one attempt was enough for. */
  readonly steadyWorstMs: number;
  readonly gateways: readonly GatewayDay[];
  readonly watchesEarly: { readonly headers: number; readonly channels: number };
  readonly watchesLate: { readonly headers: number; readonly channels: number };
  readonly fences: number;
  readonly instancesFenced: number;
  readonly blocklisted: number;
}

const UNITS = 1_024;
const ANSWER_BOUND_MS = 5_000;
const DOWN_MS = 2_000;
/** A write that waits for so long waits for a gateway that is stopped. */
const STILL_MS = 200;
const HANG_MS = 120_000;
const CAPACITY_DATA_HAS_CHANGED = '2a09';
const GROWN_BYTES = 2 * DISK_BYTES;
const ATTENTIONS_MAX = 10;
/** When what happens, in fifteenths of the whole. */
const EARLY = 2;
const OSD_RESTARTED = 3;
const MON_RESTARTED = 5;
const KILLED = 7;
const FENCED = 10;
const GROWN = 12;
const END = 15;

/**
 * A day in small: many images through two gateways, under load, while an OSD and the monitor are
 * killed and started again, one gateway is killed, the other is fenced, and an image grows. Rejects
 * when a byte is lost, or a gateway does not come back. The caller checks what is held.
 */
export async function day(options: DayOptions): Promise<DayReport> {
  await using world = await DayWorld.start(options.images);
  return await new Day(world, options).run();
}

class Day {
  readonly #world: DayWorld;
  readonly #options: DayOptions;
  #startMs = 0;
  #instancesFenced = 0;
  #fences = 0;

  constructor(world: DayWorld, options: DayOptions) {
    this.#world = world;
    this.#options = options;
  }

  async run(): Promise<DayReport> {
    const { cluster, disks } = this.#world;
    const load = await StampedLoad.connect({
      paths: cluster.addresses,
      targetName: DAY_TARGET,
      writers: this.#options.initiators,
      luns: [...disks.keys()],
      units: UNITS,
      depth: 1,
      thinkMs: this.#options.thinkMs,
      answerBoundMs: ANSWER_BOUND_MS,
    });
    try {
      this.#startMs = performance.now();
      load.start();
      return await this.#events(load);
    } finally {
      await load.close();
    }
  }

  async #events(load: StampedLoad): Promise<DayReport> {
    const world = this.#world;
    await this.#at(EARLY, load);
    const watchesEarly = await world.watches();
    const other = world.holdings(1);
    await this.#at(OSD_RESTARTED, load);
    await this.#restartOsd();
    await this.#at(MON_RESTARTED, load);
    await this.#restartMon();
    await this.#at(KILLED, load);
    await this.#killGateway(load);
    await this.#at(KILLED + EARLY, load);
    const killed = world.holdings(0);
    await this.#at(FENCED, load);
    await this.#fenceGateway(load);
    await this.#at(GROWN, load);
    await this.#grow();
    await this.#at(END, load);
    const gateways = [killed, other].map((early, i) => {
      return { name: world.cluster.gateways[i]!.name, early, late: world.holdings(i) };
    });
    const watchesLate = await world.watches();
    await load.pause();
    await load.rebalance();
    await this.#verify(load);
    return {
      acknowledged: load.acknowledged,
      retried: load.retried,
      steadyWorstMs: Math.round(Math.max(...load.writers.map((each) => each.steadyWorstMs))),
      gateways,
      watchesEarly,
      watchesLate,
      fences: this.#fences,
      instancesFenced: this.#instancesFenced,
      blocklisted: await world.blocklisted(),
    };
  }

  /** Waits for its time of the day; the load goes on by then. */
  async #at(fifteenths: number, load: StampedLoad): Promise<void> {
    const dueMs = this.#startMs + (this.#options.minutes * 60_000 * fifteenths) / END;
    await delay(Math.max(0, dueMs - performance.now()));
    await load.progress(1);
    this.#tell({ acknowledged: load.acknowledged, retried: load.retried });
  }

  #tell(what: Readonly<Record<string, unknown>>): void {
    const [g0, g1] = [0, 1].map((i) => this.#world.holdings(i));
    this.#options.onProgress?.({ ...what, g0, g1 });
  }

  async #restartOsd(): Promise<void> {
    const { ceph } = this.#world;
    await ceph.osds[0]!.kill();
    await delay(DOWN_MS);
    await ceph.osds[0]!.start();
    await ceph.osdsUp();
    this.#tell({ event: 'an OSD was killed, and is back' });
  }

  async #restartMon(): Promise<void> {
    const { ceph } = this.#world;
    await ceph.mon.kill();
    await delay(DOWN_MS);
    await ceph.mon.start();
    this.#tell({ event: 'the monitor was killed, and is back' });
  }

  async #killGateway(load: StampedLoad): Promise<void> {
    const { cluster } = this.#world;
    const member = await cluster.serving(0);
    const gateway = cluster.gateways[0]!;
    // Writers think most of the time: those that use this gateway are let run into its end.
    gateway.signal('SIGSTOP');
    const isWaited = () => load.writers.some(({ waitedMs }) => waitedMs > STILL_MS);
    await waitFor('a write waits for the gateway', isWaited, HANG_MS);
    await gateway.kill();
    const startMs = performance.now();
    await gateway.start();
    await cluster.fenced(member);
    this.#count(member.instances.length);
    await load.rebalance();
    this.#tell({ event: 'a gateway was killed', backMs: performance.now() - startMs });
  }

  async #fenceGateway(load: StampedLoad): Promise<void> {
    const { cluster } = this.#world;
    const member = await cluster.serving(1);
    const gateway = cluster.gateways[1]!;
    const { served } = gateway;
    await cluster.mustRun('fence', gateway.name);
    const backMs = await gateway.servesAgain(served);
    this.#count(member.instances.length);
    await load.rebalance();
    this.#tell({ event: 'a gateway was fenced', backMs });
  }

  #count(instances: number): void {
    this.#fences += 1;
    this.#instancesFenced += instances;
  }

  /** Both gateways tell it, and the new end can be used through both. */
  async #grow(): Promise<void> {
    const { cluster, disks } = this.#world;
    const lun = disks.length - 1;
    const both = await Promise.all(cluster.addresses.map((address) => this.#connect(address)));
    for (const initiator of both) await settled(initiator, lun);
    await cluster.mustRun('disk', 'resize', disks[lun]!, String(GROWN_BYTES));
    const last = GROWN_BYTES / 512 - 1;
    for (const initiator of both) {
      const told = condition(await initiator.execute({ lun, cdb: testUnitReady() }));
      if (told !== CAPACITY_DATA_HAS_CHANGED) throw new Error(`told "${told}" of a grown image`);
      const capacity = await initiator.execute({ lun, cdb: readCapacity16(), dataInLength: 32 });
      const found = capacity.dataIn.readBigUInt64BE(0);
      if (found !== BigInt(last)) throw new Error(`the last block is ${found}, not ${last}`);
    }
    const dataOut = Buffer.alloc(512, 9);
    const [first, second] = both;
    const wrote = condition(await first!.execute({ lun, cdb: write16(last, 1), dataOut }));
    const read = await second!.execute({ lun, cdb: read16(last, 1), dataInLength: 512 });
    if (wrote !== '' || !read.dataIn.equals(dataOut)) throw new Error('the new end is not there');
    for (const initiator of both) await initiator.logout();
    this.#tell({ event: 'an image has grown' });
  }

  async #connect(address: { readonly host: string; readonly port: number }): Promise<Initiator> {
    const initiatorName = 'iqn.2026-11.test:grower';
    return await Initiator.connect({ ...address, targetName: DAY_TARGET, initiatorName });
  }

  async #verify(load: StampedLoad): Promise<void> {
    for (const path of [0, 1]) {
      const faults = await load.faults(path);
      if (faults.length === 0) continue;
      const some = faults.slice(0, 10).join('\n');
      throw new Error(`${faults.length} units differ, read through gateway ${path}:\n${some}`);
    }
  }
}

/** Takes what a new nexus is told first. */
async function settled(initiator: Initiator, lun: number): Promise<void> {
  for (let i = 0; i < ATTENTIONS_MAX; i++) {
    if (condition(await initiator.execute({ lun, cdb: testUnitReady() })) === '') return;
  }
  throw new Error('unit attentions without end');
}

/** Additional sense code and qualifier of fixed format sense, in hex; empty when GOOD. */
function condition({ status, sense }: ScsiResult): string {
  return status === 0 ? '' : sense.subarray(12, 14).toString('hex');
}
