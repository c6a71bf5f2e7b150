import { assert } from '../../src/base/assert.ts';
import { nexusIdentity } from '../../src/iscsi/nexus-identity.ts';
import { silentLog } from '../../src/log/log.ts';
import type { CommandProbe } from '../../src/scsi/command-probe.ts';
import type { CopyManager } from '../../src/scsi/copy/copy-manager.ts';
import { createDeviceServer } from '../../src/scsi/device-server.ts';
import { LogicalUnit } from '../../src/scsi/logical-unit.ts';
import { encodeLun } from '../../src/scsi/lun.ts';
import type { LunMap, Nexus, PortGroup } from '../../src/scsi/nexus.ts';
import type { NexusIdentity } from '../../src/scsi/nexus-identity.ts';
import type { StateLease } from '../../src/scsi/state-lease.ts';
import { Task } from '../../src/scsi/task.ts';
import { Execution } from '../../src/scsi/tasks/execution.ts';
import { TaskState, type TaskStateName } from '../../src/scsi/tasks/task-life.ts';
import { initialState } from '../../src/scsi/unit-changes.ts';
import type { SharedState, UnitState } from '../../src/scsi/unit-state.ts';
import { LocalUnitState } from '../../src/units/local-unit-state.ts';
import { MemoryStore, type MemoryVolume } from '../doubles/memory-volumes.ts';
import { copyManagerOf } from './copy-managers.ts';
import { GatedVolume } from './gated-volume.ts';
import { VirtualClock } from './virtual-clock.ts';

/** Tags of commands whose tests name none: beyond those that tests name. */
let nextTag = 0x1_0000;

const STATES = Object.keys(TaskState) as TaskStateName[];

/** A command as a test sends it, and how it ended. */
export class TestTask extends Task {
  dataOut: readonly Uint8Array[] = [];
  /** What ended it: a status, or being discarded; in the order of calls. */
  readonly ends: (number | 'discarded')[] = [];
  sense: Uint8Array | undefined = undefined;
  dataIn = new Uint8Array(0);
  /** Bytes asked for by `requestDataOut`; undefined when it was not called. */
  requested: number | undefined = undefined;
  /** False: data-out waits for `deliver`. */
  immediate = true;
  onEnd: (() => void) | undefined = undefined;
  #data: Uint8Array = new Uint8Array(0);

  constructor(cdb: readonly number[], options: TestTaskOptions = {}) {
    super();
    this.cdb.set(cdb);
    this.cdbLength = cdb.length;
    this.lun.set(encodeLun(options.lun ?? 0));
    this.#data = options.data ?? new Uint8Array(0);
    this.dataOutExpected = options.dataOutExpected ?? this.#data.length;
    this.dataInExpected = options.dataInExpected ?? 0;
    this.tag = options.tag ?? nextTag++;
    this.attribute = options.attribute ?? 'simple';
    this.immediate = options.immediate ?? true;
  }

  get status(): number | 'discarded' | undefined {
    return this.ends[0];
  }

  /** SENSE KEY, ADDITIONAL SENSE CODE and QUALIFIER as hexadecimal digits: `5/2400`. */
  get condition(): string | undefined {
    const { sense } = this;
    if (sense === undefined) return undefined;
    const fixed = (sense[0]! & 0x7f) === 0x70;
    const [key, at] = fixed ? [sense[2]! & 0xf, 12] : [sense[1]! & 0xf, 2];
    const code = (sense[at]! << 8) | sense[at + 1]!;
    return `${key.toString(16)}/${code.toString(16).padStart(4, '0')}`;
  }

  /** Where it is in its life. */
  get state(): TaskStateName {
    const { owner } = this;
    if (owner === undefined) return 'idle';
    assert(owner instanceof Execution, 'the device server owns it');
    return STATES[owner.state]!;
  }

  requestDataOut(length: number): boolean {
    if (this.requested !== undefined) throw new Error('data-out was asked for twice');
    if (length > this.dataOutExpected) throw new Error('more data-out than offered');
    this.requested = length;
    if (this.immediate) this.#place();
    return this.immediate;
  }

  /** The solicited data arrives. */
  deliver(): void {
    this.#place();
    this.owner?.dataOutArrived();
  }

  allocateDataIn(length: number): readonly Uint8Array[] {
    if (length > this.dataInExpected) throw new Error('more data-in than expected');
    this.dataIn = new Uint8Array(length);
    // Two parts, so that scatter lists are scattered.
    const middle = length >> 1;
    return [this.dataIn.subarray(0, middle), this.dataIn.subarray(middle)];
  }

  end(status: number, dataInLength: number, sense: Uint8Array | undefined): void {
    this.ends.push(status);
    this.sense = sense?.slice();
    this.dataIn = this.dataIn.subarray(0, dataInLength);
    this.onEnd?.();
  }

  discard(): void {
    this.ends.push('discarded');
    this.onEnd?.();
  }

  #place(): void {
    const middle = this.#data.length >> 1;
    this.dataOut = [this.#data.subarray(0, middle), this.#data.subarray(middle)];
  }
}

export interface TestTaskOptions {
  readonly lun?: number;
  readonly tag?: number;
  readonly data?: Uint8Array;
  readonly dataOutExpected?: number;
  readonly dataInExpected?: number;
  readonly attribute?: Task['attribute'];
  readonly immediate?: boolean;
}

export interface BenchOptions {
  readonly blocks?: number;
  readonly blockLengthBytes?: number;
  readonly readOnly?: boolean;
  readonly taskSetDepthMax?: number;
  readonly clock?: VirtualClock;
  /** Holds the state of the logical unit in place of what one gateway alone has. */
  readonly stateOf?: (initial: SharedState) => UnitState;
  readonly probe?: CommandProbe;
  readonly copyManager?: CopyManager;
}

/** Counts nothing. */
export const noProbe: CommandProbe = { onCommandEnded() {} };

/** A lease that ends, and runs again, when a test says so. */
export class TestLease implements StateLease {
  untilMs = Number.POSITIVE_INFINITY;
  #waiting: (() => void)[] = [];

  whenRenewed(call: () => void): void {
    this.#waiting.push(call);
  }

  end(): void {
    this.untilMs = Number.NEGATIVE_INFINITY;
  }

  renew(): void {
    this.untilMs = Number.POSITIVE_INFINITY;
    for (const call of this.#waiting.splice(0)) call();
  }
}

/** A device server over one disk in memory at LUN 0, with a first nexus. */
export class ScsiBench {
  readonly clock: VirtualClock;
  readonly store: MemoryStore;
  readonly volume: GatedVolume;
  readonly logicalUnit: LogicalUnit;
  readonly nexus: Nexus;
  readonly lease = new TestLease();
  /** How often the logical unit said that its volume could not be fenced. */
  unfenced = 0;
  readonly #server: ReturnType<typeof createDeviceServer>;

  static async open(options: BenchOptions = {}): Promise<ScsiBench> {
    const store = new MemoryStore();
    const { blocks = 2048, blockLengthBytes = 512 } = options;
    await store.create('disk', blocks * blockLengthBytes);
    return new ScsiBench(store, (await store.open('disk')) as MemoryVolume, options);
  }

  private constructor(store: MemoryStore, volume: MemoryVolume, options: BenchOptions) {
    this.clock = options.clock ?? new VirtualClock();
    this.store = store;
    this.volume = new GatedVolume(volume);
    this.logicalUnit = makeLogicalUnit(this.volume, this.clock, options, () => this.unfenced++);
    this.#server = createDeviceServer({
      clock: this.clock,
      incarnation: 'bench',
      log: silentLog,
      probe: options.probe ?? noProbe,
      lease: this.lease,
      copyManager: options.copyManager ?? copyManagerOf(this.clock),
      portGroups: () => [portGroup],
      taskSetDepthMax: options.taskSetDepthMax ?? 64,
    });
    this.nexus = this.openNexus();
  }

  /** Another logical unit, for LUN maps of other nexuses. */
  async openUnit(number: number, options: BenchOptions = {}): Promise<BenchUnit> {
    const { blocks = 2048, blockLengthBytes = 512 } = options;
    await this.store.create(`disk${number}`, blocks * blockLengthBytes);
    const volume = new GatedVolume((await this.store.open(`disk${number}`)) as MemoryVolume);
    const onUnfenced = (): void => void this.unfenced++;
    return {
      logicalUnit: makeLogicalUnit(volume, this.clock, options, onUnfenced, number),
      volume,
    };
  }

  /** Another nexus; its unit attention of the beginning is taken off. */
  openNexus(
    luns: LunMap = new Map([[0, this.logicalUnit]]),
    identity: NexusIdentity = benchNexus,
  ): Nexus {
    const nexus = this.#server.openNexus(identity, luns);
    for (const lun of luns.keys()) this.send(TEST_READ, { lun, dataInExpected: 512 }, nexus);
    return nexus;
  }

  /** Submits a command and gives it back, ended or not. */
  send(cdb: readonly number[], options: TestTaskOptions = {}, nexus: Nexus = this.nexus): TestTask {
    const task = new TestTask(cdb, options);
    task.receivedMs = this.clock.now();
    nexus.submit(task);
    return task;
  }

  /** Submits a command and waits for its end. */
  async perform(
    cdb: readonly number[],
    options: TestTaskOptions = {},
    nexus: Nexus = this.nexus,
  ): Promise<TestTask> {
    const task = this.send(cdb, options, nexus);
    while (task.ends.length === 0) await this.clock.advance(1);
    return task;
  }
}

const TEST_READ = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];

const portGroup: PortGroup = {
  portGroup: 1,
  state: 'activeOptimized',
  relativePortIdentifiers: [1],
};

/** A logical unit, and its medium. */
interface BenchUnit {
  readonly logicalUnit: LogicalUnit;
  readonly volume: GatedVolume;
}

/** The nexus that every bench opens. */
export const benchNexus = nexusIdentity(
  {
    initiatorName: 'iqn.2026-11.io.allpath:initiator',
    isid: '000000000001',
    targetName: 'iqn.2026-11.io.allpath:test',
    portalGroupTag: 1,
  },
  1,
);

function makeLogicalUnit(
  volume: GatedVolume,
  clock: VirtualClock,
  options: BenchOptions,
  onUnfenced: () => void,
  number = 15,
): LogicalUnit {
  const { blockLengthBytes = 512, readOnly = false } = options;
  const state = initialState({
    identity: {
      uuid: `6f3c1a1e-9f3e-4a53-8d64-${String(number).padStart(12, '0')}`,
      serial: '6f3c1a1e9f3e4a53',
      naa: Uint8Array.of(0x60, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, number),
      vendor: 'ALLPATH',
      product: 'disk',
      revision: '0001',
    },
    blocks: Math.floor(volume.sizeBytes / blockLengthBytes),
    blockLengthBytes,
    readOnly,
    volatileCache: volume.limits.volatileCache,
    documentVersion: 1,
  });
  const unitState = options.stateOf?.(state) ?? new LocalUnitState(state);
  return new LogicalUnit({ name: 'disk', state: unitState, volume, clock, onUnfenced });
}
