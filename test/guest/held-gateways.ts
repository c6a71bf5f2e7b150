// Two gateways of one store in memory, in this process, and on sockets that a guest reaches. Their
// media can be held: then no operation lands, whatever its initiator does meanwhile.

import type { Random } from '../../src/base/random.ts';
import { writeDocument } from '../../src/control/document/document-record.ts';
import { Gateway } from '../../src/gateway/gateway.ts';
import type { Store } from '../../src/gateway/store.ts';
import { listen } from '../../src/host/net-socket.ts';
import { processFacts } from '../../src/host/process-facts.ts';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import { MembershipStore } from '../../src/membership/membership-store.ts';
import { type Lateness, LateVolumes } from '../doubles/late-volumes.ts';
import { MemoryCluster, MemoryFencing } from '../doubles/memory-fencing.ts';
import { MemoryRecordsWorld } from '../doubles/memory-records-world.ts';
import { MemoryStore } from '../doubles/memory-volumes.ts';
import type { Address } from '../initiator/host.ts';
import { clusterDocument } from '../support/cluster-document.ts';
import { freePorts } from '../support/demo.ts';
import { RecordingLog } from '../support/recording-log.ts';

const HOST = '127.0.0.1';
const DISK = { name: 'held', sizeBytes: 16 * 1024 * 1024 };
const names = ['h0', 'h1'];

/** While it is held, nothing lands. */
class HeldMedium implements Lateness {
  #held: PromiseWithResolvers<void> | undefined;

  hold(): void {
    this.#held ??= Promise.withResolvers();
  }

  release(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  async landing(): Promise<void> {
    await this.#held?.promise;
  }

  async result(): Promise<void> {}
}

export class HeldGateways {
  readonly addresses: readonly Address[];
  readonly medium = new HeldMedium();
  readonly #gateways: Gateway[] = [];
  readonly #random: Random = systemRandom;
  readonly #records = new MemoryRecordsWorld({ clock: systemClock, random: systemRandom });
  readonly #volumes = new LateVolumes(new MemoryStore(), this.medium);
  readonly #cluster = new MemoryCluster();

  private constructor(firstPort: number) {
    this.addresses = names.map((_, at) => ({ host: HOST, port: firstPort + at }));
  }

  /** They serve one disk, LUN 0 of the target. */
  static async start(target: string): Promise<HeldGateways> {
    const held = new HeldGateways(await freePorts(names.length));
    await held.#commitDocument(target);
    await held.#volumes.create(DISK.name, DISK.sizeBytes);
    for (const name of names) held.#gateways.push(await held.#startGateway(name));
    return held;
  }

  async stop(): Promise<void> {
    this.medium.release();
    await Promise.all(this.#gateways.map((gateway) => gateway.close()));
  }

  async #commitDocument(target: string): Promise<void> {
    const tool = await this.#records.open('tool');
    const portals = this.addresses.map(({ host, port }) => ({ address: host, port }));
    const document = clusterDocument({
      disks: [{ name: DISK.name, size: DISK.sizeBytes }],
      gateways: names.map((name, at) => ({ name, portals: [portals[at]] })),
      targets: [{ iqn: target, luns: { 0: DISK.name }, access: 'any' }],
      settings: { drainSeconds: 0 },
    });
    await writeDocument(tool, 0, document);
    await tool.close();
  }

  async #startGateway(name: string): Promise<Gateway> {
    return await Gateway.start({
      ...{ name, store: await this.#openStore(name), listen, processFacts },
      ...{ clock: systemClock, random: this.#random, log: new RecordingLog() },
    });
  }

  async #openStore(name: string): Promise<Store> {
    const records = await this.#records.open(name);
    const driver = new MemoryFencing(this.#cluster);
    driver.openInstance(name);
    return {
      ...{ location: { dir: '/nowhere' }, isNew: false, records, volumes: this.#volumes },
      membership: new MembershipStore({ records, clock: systemClock, random: this.#random }),
      fencing: { driver, instances: [{ address: name, kind: 'records' }] },
      living: async () => [],
      openVolume: (volume, known) => this.#volumes.open(volume, known),
      close: () => records.close(),
    };
  }
}
