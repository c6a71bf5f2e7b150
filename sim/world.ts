import type { DocumentDraft } from '../src/config/document.ts';
import { applyDocument } from '../src/control/document/apply-document.ts';
import { documentDraft } from '../test/support/cluster-document.ts';
import { SeededRandom } from '../test/support/seeded-random.ts';
import { Administrator } from './administrator/administrator.ts';
import { DocumentHistory } from './checkers/document-history.ts';
import { UnitHistory } from './checkers/unit-history.ts';
import { EmbeddedHost } from './embedded/embedded-host.ts';
import { Faults } from './faults/faults.ts';
import { gatewayFaults } from './faults/gateway-faults.ts';
import { FencePromise } from './fence-promise.ts';
import { GatewayPlace, type PlaceParts } from './gateway-place.ts';
import { initiatorNameOf, PortNames } from './initiator/port-names.ts';
import { SimInitiator } from './initiator/sim-initiator.ts';
import { SimPath } from './initiator/sim-path.ts';
import { SimNetwork } from './network/sim-network.ts';
import type { PlantedError } from './planted-errors.ts';
import { ClusterStore } from './rados/cluster-store.ts';
import type { SimCluster } from './rados/sim-cluster.ts';
import { InputSource, SimProcess } from './time/sim-process.ts';
import { Timeline } from './time/timeline.ts';
import { openStoreOf } from './tool.ts';
import { Trace } from './trace.ts';
import { isDocumentStep, isUnitEvent, type WorldEvent, worldEvents } from './world-events.ts';
import type { FenceCounts, WorldStore } from './world-store.ts';

const TARGET = 'iqn.2026-11.io.allpath:sim';
const PORT = 3260;
const BLOCK_BYTES = 512;
const DISK_BLOCKS = 128;
const PRODUCT = 'SIMULATED';

/** A pool of a Ceph cluster, or the embedded store of one host. */
export type StoreKind = 'ceph' | 'embedded';

export interface WorldOptions {
  readonly seed: number;
  readonly gateways?: number;
  readonly initiators?: number;
  readonly store?: StoreKind;
  /** In place of all. */
  readonly events?: readonly WorldEvent[] | undefined;
  readonly planted?: PlantedError | undefined;
  /** The kinds of fault, instead of those that the seed switches on. */
  readonly kinds?: readonly string[] | undefined;
}

/** Gateways, initiators, the network between them and a store, on virtual time. */
export class World {
  readonly timeline = new Timeline();
  readonly random: SeededRandom;
  readonly trace = new Trace(() => this.timeline.nowMs);
  readonly network: SimNetwork;
  readonly store: WorldStore;
  readonly history: UnitHistory;
  readonly places: readonly GatewayPlace[];
  readonly faults: Faults;
  readonly administrator: Administrator;
  readonly initiators: SimInitiator[] = [];
  /** How often initiators and administrators did what to the unit. */
  readonly unitEvents = new Map<string, number>();
  readonly #parts: PlaceParts;
  readonly #hosts: readonly string[];
  readonly #ports: PortNames;
  readonly #events: readonly WorldEvent[];
  readonly #promise: FencePromise;
  #value = 0;
  #failure: unknown;

  constructor(options: WorldOptions) {
    const { seed, gateways = 3, initiators = 3, store = 'ceph', planted, kinds } = options;
    const { timeline, trace } = this;
    const random = new SeededRandom(seed);
    this.random = random;
    const network = new SimNetwork(timeline, random);
    this.network = network;
    const fail = (error: unknown) => this.fail(error);
    const hosts = Array.from({ length: initiators }, (_, index) => `host${index}`);
    this.#hosts = hosts;
    const document = new DocumentHistory(hosts, DISK_BLOCKS, PRODUCT);
    this.history = new UnitHistory(() => timeline.nowMs, document);
    const onMembers = (isNewLife: boolean): void => {
      this.history.attentions.accessStatesChanged(timeline.nowMs);
      if (isNewLife) this.history.lifeBegan();
    };
    const storeParts = { timeline, random, trace, fail, onMembers };
    this.store = store === 'ceph' ? new ClusterStore(storeParts) : new EmbeddedHost(storeParts);
    this.#parts = { timeline, random, network, store: this.store, trace, planted, fail };
    const places = Array.from({ length: gateways }, (_, index) => {
      return new GatewayPlace(this.#parts, `gateway${index}`, addressOf(index));
    });
    this.places = places;
    this.#ports = new PortNames(
      hosts,
      places.map(({ address }) => address),
    );
    this.#events = options.events ?? worldEvents;
    trace.onEvent = (who, event) => {
      const place = places.find(({ process }) => process?.name === who);
      if (place === undefined) return;
      const { attentions, document } = this.history;
      if (event === 'disk_not_served') document.unserved.add(place.address);
      if (event === 'disk_served_again') attentions.unitCame(place.address, timeline.nowMs);
    };
    this.#promise = new FencePromise(timeline, this.store, places);
    const table = {
      ...gatewayFaults({ random, network, places, hosts }),
      ...this.store.faults({ random, places }),
    };
    this.faults = new Faults({ timeline, random, trace, table, kinds });
    this.administrator = new Administrator({
      ...{ ...this.#parts, hosts, history: this.history },
      kinds: this.#events.filter(isDocumentStep),
      allServe: () => this.#allServe,
      onEvent: (kind) => this.#count(kind),
    });
  }

  get fences(): FenceCounts {
    return this.store.fences;
  }

  /** Defined if the store is a cluster. */
  get cluster(): SimCluster {
    if (this.store instanceof ClusterStore) return this.store.cluster;
    throw new Error('the store of this world is no cluster');
  }

  /** Makes the disk and the document, and starts every gateway. */
  async start(): Promise<void> {
    const tool = new SimProcess('tool', this.timeline, this.random);
    await this.within(60_000, tool, () => this.#apply(tool));
    tool.kill();
    for (const place of this.places) place.start();
    await this.until(60_000, 'all gateways serve', () => this.#allServe);
  }

  /** Initiators log in through every gateway and start to work. */
  work(workers: number): void {
    this.administrator.start();
    for (const [index, name] of this.#hosts.entries()) {
      const process = new SimProcess(name, this.timeline, this.random);
      process.deliver(new InputSource(), () => {
        this.initiators.push(this.#initiator(process, index, workers));
      });
    }
  }

  async run(forMs: number): Promise<void> {
    await this.timeline.run(this.timeline.nowMs + forMs, () => this.#failure !== undefined);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Ends all faults; then all gateways serve again, and everything under way ends. */
  async heal(limitMs: number): Promise<void> {
    this.faults.heal();
    this.administrator.stop();
    await this.until(limitMs, 'the document is as at first', () => this.administrator.isIdle);
    await this.until(limitMs, 'all gateways serve again', () => this.#allServe);
    for (const initiator of this.initiators) initiator.stop();
    await this.until(limitMs, 'every command ends', () => {
      return this.initiators.every(({ isIdle }) => isIdle);
    });
  }

  /** Checks the final value of every block against its history. */
  async readAll(limitMs: number): Promise<void> {
    const reader = new SimProcess('reader', this.timeline, this.random);
    await this.within(limitMs, reader, () => this.initiators[0]!.readAll());
    this.history.attentions.check();
  }

  /** Runs `work` in a process, and lets time pass until it has ended. */
  async within<T>(limitMs: number, process: SimProcess, work: () => Promise<T>): Promise<T> {
    let result: { readonly value: T } | undefined;
    process.deliver(new InputSource(), () => {
      work().then(
        (value) => {
          result = { value };
        },
        (error: unknown) => this.fail(error),
      );
    });
    await this.until(limitMs, 'work ends', () => result !== undefined);
    return result!.value;
  }

  async until(limitMs: number, what: string, holds: () => boolean): Promise<void> {
    const isOver = (): boolean => this.#failure !== undefined || holds();
    await this.timeline.run(this.timeline.nowMs + limitMs, isOver);
    if (this.#failure !== undefined) throw this.#failure;
    if (!holds()) throw new Error(`not within ${limitMs} ms: ${what}`);
  }

  fail(error: unknown): void {
    this.#failure ??= error;
  }

  #count(event: WorldEvent): void {
    this.unitEvents.set(event, (this.unitEvents.get(event) ?? 0) + 1);
  }

  get #allServe(): boolean {
    return this.places.every(({ isServing }) => isServing);
  }

  async #apply(tool: SimProcess): Promise<void> {
    const store = await openStoreOf(this.#parts, tool, 'tool', 'make');
    const { clock } = tool;
    const context = { ...store, clock, random: this.random };
    const document = draftOf(this.places, this.#ports, this.store instanceof ClusterStore);
    await applyDocument(context, { document, force: false, otherStore: false });
    await store.close();
  }

  #initiator(process: SimProcess, index: number, workers: number): SimInitiator {
    const { network, random, history } = this;
    const ports = this.#ports;
    const loginKeys = index % 2 === 0 ? {} : { InitialR2T: 'Yes', ImmediateData: 'No' };
    const paths = this.places.map((place, path) => {
      const { address } = place;
      return new SimPath({
        failOverMs: (heardMs) => this.#promise.overMs(place, heardMs),
        ...{ process, network, random, history, keys: loginKeys },
        nexus: ports.nexusOf(process.name, path),
        address: { address, port: PORT },
        initiatorName: initiatorNameOf(process.name),
        targetName: TARGET,
        isid: ports.isidOf(process.name, path),
      });
    });
    const { clock, name } = process;
    const nextValue = () => ++this.#value;
    const onFailure = (error: unknown) => this.fail(error);
    const keys = new Map(this.#hosts.map((host, at) => [host, String(at + 1).padStart(16, '0')]));
    const onEvent = (kind: WorldEvent) => this.#count(kind);
    const events = this.#events.filter(isUnitEvent);
    const parts = { name, clock, random, paths, history, ports, keys, events };
    return new SimInitiator({ ...parts, nextValue, onEvent, onFailure }, workers);
  }
}

function addressOf(index: number): string {
  return `192.0.2.${index + 1}`;
}

function draftOf(
  places: readonly GatewayPlace[],
  ports: PortNames,
  isCluster: boolean,
): DocumentDraft {
  // Small, so that commands reach over several objects.
  const objects = isCluster ? { objectSize: '4K' } : {};
  return documentDraft({
    disks: [
      {
        name: 'disk',
        size: DISK_BLOCKS * BLOCK_BYTES,
        blockLength: BLOCK_BYTES,
        product: PRODUCT,
        ...objects,
      },
    ],
    gateways: places.map(({ name, address }) => {
      const relativePortIdentifier = ports.relativePortOf(address);
      return { name, portals: [{ address, port: PORT, relativePortIdentifier }] };
    }),
    targets: [{ iqn: TARGET, luns: { 0: 'disk' }, access: 'any' }],
  });
}
