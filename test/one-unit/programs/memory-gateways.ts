// The logical units of a target in memory and on virtual time: served by one gateway with all
// target ports, or by four gateways with one each.

import { type PlantedError, withPlanted } from '../../../sim/planted-errors.ts';
import type { Clock } from '../../../src/base/clock.ts';
import type { Store } from '../../../src/gateway/store.ts';
import { silentLog } from '../../../src/log/log.ts';
import type { IdentifiedCopies } from '../../../src/scsi/copy/identified-copies.ts';
import { createDeviceServer, type DeviceServer } from '../../../src/scsi/device-server.ts';
import { LogicalUnit } from '../../../src/scsi/logical-unit.ts';
import type { Nexus, PortGroup } from '../../../src/scsi/nexus.ts';
import { initialState } from '../../../src/scsi/unit-changes.ts';
import type { UnitStates } from '../../../src/scsi/unit-state.ts';
import { LocalUnitStates } from '../../../src/units/local-unit-states.ts';
import { SharedUnitStates } from '../../../src/units/shared-unit-states.ts';
import { MemoryStore } from '../../doubles/memory-volumes.ts';
import { copyManagerOf } from '../../support/copy-managers.ts';
import { MembershipWorld } from '../../support/membership-world.ts';
import { noProbe } from '../../support/scsi-bench.ts';
import { SeededRandom } from '../../support/seeded-random.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { type Losses, lossyRecords } from './lossy-records.ts';
import { HeldVolume, MediumHold } from './medium-hold.ts';
import { identityOf } from './nexus-identities.ts';
import {
  BLOCK_LENGTH_BYTES,
  BLOCKS,
  LUNS,
  type NexusEnds,
  naaOf,
  TARGET_PORTS,
} from './program.ts';

/** Beyond it a nexus gets TASK SET FULL. */
const TASK_SET_DEPTH_MAX = 8;
const DELAY_MAX_MS = 2;
/** A third one in a row could end a change BUSY. */
const LOST_IN_ROW_MAX = 2;
const SERVING_MAX_MS = 60_000;

const portGroups: readonly PortGroup[] = TARGET_PORTS.map((port) => ({
  ...{ portGroup: port, state: 'activeOptimized', relativePortIdentifiers: [port] },
}));

interface MemoryGateway {
  readonly server: DeviceServer;
  /** By LUN. */
  readonly units: ReadonlyMap<number, LogicalUnit>;
}

export class MemoryGateways {
  readonly clock: VirtualClock;
  readonly hold = new MediumHold();
  /** Of messages between gateways: each costs half a second. */
  readonly losses: Losses;
  readonly #seed: number;
  readonly #volumes = new MemoryStore();
  /** Of all gateways. */
  readonly #copies: IdentifiedCopies[] = [];
  /** By target port. */
  readonly #gateways = new Map<number, MemoryGateway>();

  private constructor(clock: VirtualClock, seed: number, lostInRowMax: number) {
    this.#seed = seed;
    this.clock = clock;
    this.losses = { areOn: true, inRowMax: lostInRowMax };
  }

  /** One gateway, which has no other to agree with. */
  static async one(seed: number): Promise<MemoryGateways> {
    const clock = new VirtualClock();
    const gateways = new MemoryGateways(clock, seed, 0);
    await gateways.#createVolumes();
    const states = new LocalUnitStates();
    const gateway = await gateways.#gateway('one', clock, states);
    for (const port of TARGET_PORTS) gateways.#gateways.set(port, gateway);
    return gateways;
  }

  /** One for each target port; `seed` decides how long their messages take. */
  static async four(seed: number, planted?: PlantedError): Promise<MemoryGateways> {
    const world = new MembershipWorld(seed, { delayMaxMs: DELAY_MAX_MS });
    // With an error planted more may be lost: some errors show only when agreement takes long.
    const lostInRowMax = planted === undefined ? LOST_IN_ROW_MAX : Number.POSITIVE_INFINITY;
    const gateways = new MemoryGateways(world.clock, seed, lostInRowMax);
    await gateways.#createVolumes();
    for (const port of TARGET_PORTS) {
      const sim = await world.gateway(`g${port}`);
      const { clock } = sim;
      const random = new SeededRandom(seed + port);
      const lossy = lossyRecords(sim.records, random, gateways.losses);
      // Nothing else of a store is there to be broken.
      const { records } = withPlanted({ records: lossy } as Store, planted);
      const states = new SharedUnitStates({ records, clock, log: silentLog });
      const serve = async (): Promise<void> => {
        await states.listen();
        await sim.serve();
        states.join(sim.members!);
        const gateway = await gateways.#gateway(sim.self.incarnation, clock, states);
        gateways.#gateways.set(port, gateway);
      };
      await world.within(SERVING_MAX_MS, serve());
    }
    return gateways;
  }

  /** A session of that nexus. */
  login(ends: NexusEnds): Nexus {
    const { server, units } = this.#gateways.get(ends.targetPort)!;
    return server.openNexus(identityOf(ends), units);
  }

  /** Lets time pass until it holds; false: it does not within so long. */
  async until(limitMs: number, holds: () => boolean): Promise<boolean> {
    await this.clock.advance(0);
    if (!holds()) await this.clock.timeline.run(this.clock.now() + limitMs, holds);
    return holds();
  }

  async resize(lun: number, blocks: number): Promise<void> {
    await this.#volumes.resize(`disk${lun}`, blocks * BLOCK_LENGTH_BYTES, { mayShrink: true });
  }

  /** Whether every gateway has that size. */
  haveBlocks(lun: number, blocks: number): boolean {
    return [...this.#gateways.values()].every(({ units }) => units.get(lun)!.blocks === blocks);
  }

  async #createVolumes(): Promise<void> {
    for (const lun of LUNS) await this.#volumes.create(`disk${lun}`, BLOCKS * BLOCK_LENGTH_BYTES);
  }

  async #gateway(incarnation: string, clock: Clock, states: UnitStates): Promise<MemoryGateway> {
    const units = new Map<number, LogicalUnit>();
    for (const lun of LUNS) units.set(lun, await this.#unit(lun, clock, states));
    const server = createDeviceServer({
      ...{ clock, incarnation, log: silentLog, probe: noProbe },
      // Tokens contain when they expire, which shall be the same whatever messages cost.
      copyManager: copyManagerOf(this.clock, this.#copies, () => 0),
      portGroups: () => portGroups,
      taskSetDepthMax: TASK_SET_DEPTH_MAX,
    });
    return { server, units };
  }

  async #unit(lun: number, clock: Clock, states: UnitStates): Promise<LogicalUnit> {
    const name = `disk${lun}`;
    const volume = new HeldVolume(await this.#volumes.open(name), this.hold);
    const state = await states.open(
      initialState({
        identity: {
          uuid: `6f3c1a1e-9f3e-4a53-8d64-00000000000${lun}`,
          serial: `6f3c1a1e9f3e4a5${lun}`,
          naa: naaOf(this.#seed, lun),
          ...{ vendor: 'ALLPATH', product: 'DISK', revision: '0001' },
        },
        ...{ blocks: BLOCKS, blockLengthBytes: BLOCK_LENGTH_BYTES, readOnly: false },
        volatileCache: volume.limits.volatileCache,
        documentVersion: 1,
      }),
    );
    return new LogicalUnit({ name, state, volume, clock });
  }
}
