// One command against one logical unit, without a task set or a transport: what the tests of
// command rows and pages need. The volume is a literal that holds no bytes.

import { nexusIdentity } from '../../src/iscsi/nexus-identity.ts';
import type { Command, CommandCall, CommandNexus } from '../../src/scsi/command.ts';
import type { CommandResult } from '../../src/scsi/command-result.ts';
import { commands } from '../../src/scsi/command-table.ts';
import { CopyResults } from '../../src/scsi/copy/copy-results.ts';
import { EchoBuffer } from '../../src/scsi/echo-buffer.ts';
import { LogicalUnit, type LogicalUnitListener } from '../../src/scsi/logical-unit.ts';
import type { PortGroup } from '../../src/scsi/nexus.ts';
import type { NexusIdentity, TargetPort } from '../../src/scsi/nexus-identity.ts';
import { nexusName } from '../../src/scsi/reservations/nexus-name.ts';
import { UNRESTRICTED } from '../../src/scsi/reservations/restrictions.ts';
import { Task } from '../../src/scsi/task.ts';
import { StepQueue } from '../../src/scsi/tasks/step-queue.ts';
import { commandResultOf } from '../../src/scsi/tasks/volume-fault.ts';
import { initialState } from '../../src/scsi/unit-changes.ts';
import type { LogicalUnitIdentity, SharedState, UnitState } from '../../src/scsi/unit-state.ts';
import { LocalUnitState } from '../../src/units/local-unit-state.ts';
import { DONE, type Volume, type VolumeLimits } from '../../src/volume/volume.ts';
import { copyManagerOf } from './copy-managers.ts';
import { nexusOf } from './nexus-names.ts';
import { VirtualClock } from './virtual-clock.ts';

export const identity: LogicalUnitIdentity = {
  uuid: '8f9c0c8e-6a55-4a5e-9b0e-0f2f2a1c7d11',
  serial: '8f9c0c8e6a554a5e',
  naa: Uint8Array.from([0x60, 0x0a, 0x0b, 0x0c, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
  vendor: 'ALLPATH',
  product: 'DISK',
  revision: '0001',
};

/** The nexus that a command comes through unless a test says another. */
export const path: NexusIdentity = nexusIdentity(
  {
    initiatorName: 'iqn.1993-08.org.debian:01:abc',
    isid: '00023d000001',
    targetName: 'iqn.2026-11.io.allpath:demo',
    portalGroupTag: 2,
  },
  2,
);

export const port: TargetPort = path.targetPort;

export interface UnitOptions {
  readonly blockLengthBytes?: number;
  readonly blocks?: number;
  readonly readOnly?: boolean;
  readonly limits?: Partial<VolumeLimits>;
  readonly naa?: Uint8Array;
  /** Held by something else than one gateway alone. */
  readonly state?: UnitState;
  /** Called at each flush. */
  readonly flushed?: () => void;
}

/** A logical unit of 1 GiB in blocks of 512 bytes, unless told otherwise. */
export function logicalUnit(options: UnitOptions = {}): LogicalUnit {
  const { blocks, blockLengthBytes, modes } = unitState(options);
  const volume: Partial<Volume> = {
    sizeBytes: blocks * blockLengthBytes,
    limits: {
      alignmentBytes: 512,
      compareAndWriteMaxBytes: 4096,
      atomicBoundaryBytes: 4096,
      optimalGranularityBytes: 4096,
      unmapGranularityBytes: 4096,
      volatileCache: modes.current.wce,
      ...options.limits,
    },
    onResize: () => () => {},
    flush: () => {
      options.flushed?.();
      return DONE;
    },
  };
  return new LogicalUnit({
    ...{ name: 'disk', volume: volume as Volume, clock: new VirtualClock() },
    state: options.state ?? new LocalUnitState(unitState(options)),
  });
}

/** The state that such a logical unit begins with. */
export function unitState(options: UnitOptions = {}): SharedState {
  const { blockLengthBytes = 512, readOnly = false, limits = {} } = options;
  return initialState({
    identity: { ...identity, naa: options.naa ?? identity.naa },
    blocks: options.blocks ?? 2 ** 30 / blockLengthBytes,
    ...{ blockLengthBytes, readOnly },
    volatileCache: limits.volatileCache ?? true,
    documentVersion: 1,
  });
}

export interface CallOptions {
  /** Null: the LUN has no logical unit. */
  readonly unit?: LogicalUnit | null;
  readonly luns?: readonly number[];
  readonly portGroups?: readonly PortGroup[];
  readonly commands?: readonly Command[];
  readonly identity?: NexusIdentity;
  /** What takeUnitAttention gives, once. */
  readonly unitAttention?: CommandResult;
  readonly dataOut?: Uint8Array;
  /** Expected Data Transfer Length of data-in; as much as asked for unless given. */
  readonly dataInExpected?: number;
}

export interface CallResult {
  readonly result: CommandResult;
  readonly dataIn: Uint8Array;
  readonly transferLength: number;
  /** What other nexuses were told. */
  readonly told: readonly CommandResult[];
}

/** Plans and runs the command of this CDB, as the device server does after its own checks. */
export async function run(cdb: readonly number[], options: CallOptions = {}): Promise<CallResult> {
  const task = new LiteralTask(cdb, options);
  const told: CommandResult[] = [];
  const call: CommandCall = {
    task,
    logicalUnit: options.unit === null ? undefined : (options.unit ?? logicalUnit()),
    nexus: literalNexus(options),
    steps: undefined,
    isAborted: false,
    restrictions: UNRESTRICTED,
    progressed: () => {},
  };
  const command = rowOf(cdb, options.commands ?? commands);
  const plan = command.plan(call);
  if ('status' in plan) return { result: plan, dataIn: new Uint8Array(0), transferLength: 0, told };
  task.transferLength = Math.max(plan.dataIn, plan.dataOut);
  const other: LogicalUnitListener = {
    session: { nexus: nexusOf('other', 1), incarnation: 'one', number: 2 },
    establish: (_, condition) => told.push(condition),
    hasCommands: () => false,
    abortCommands: () => [],
    restrict: () => [],
  };
  call.logicalUnit?.join(other);
  const result = commandResultOf(await command.run(call));
  await call.logicalUnit?.part(other);
  const length = result.dataInLength ?? task.dataIn.length;
  const { transferLength } = task;
  return { result, dataIn: task.dataIn.subarray(0, length), transferLength, told };
}

function rowOf(cdb: readonly number[], rows: readonly Command[]): Command {
  const row = rows.find(
    ({ operationCode, serviceAction }) =>
      operationCode === cdb[0] &&
      (serviceAction === undefined || serviceAction === ((cdb[1] ?? 0) & 0x1f)),
  );
  if (row === undefined) throw new Error(`no command row for ${cdb}`);
  return row;
}

class LiteralTask extends Task {
  override readonly dataOut: readonly Uint8Array[];
  dataIn = new Uint8Array(0);

  constructor(cdb: readonly number[], options: CallOptions) {
    super();
    this.cdb.set(cdb);
    this.cdbLength = cdb.length;
    this.dataOut = options.dataOut === undefined ? [] : [options.dataOut];
    this.dataOutExpected = options.dataOut?.length ?? 0;
    this.dataInExpected = options.dataInExpected ?? 0xffff_ffff;
  }

  override requestDataOut(): boolean {
    return true;
  }

  override allocateDataIn(length: number): readonly Uint8Array[] {
    // Filled with ones: a byte that the command leaves out shows.
    this.dataIn = new Uint8Array(length).fill(0xff);
    return [this.dataIn.subarray(0, 3), this.dataIn.subarray(3)];
  }

  override end(): void {}
  override discard(): void {}
}

function literalNexus(options: CallOptions): CommandNexus {
  let pending = options.unitAttention;
  const copies = new CopyResults();
  const identity = options.identity ?? path;
  const { initiatorPort, targetPort } = identity;
  const nexus = nexusName(initiatorPort.transportId, targetPort.relativePortIdentifier);
  return {
    identity,
    session: { nexus, incarnation: 'one', number: 1 },
    luns: options.luns ?? [0],
    logicalUnits: [],
    portGroups: options.portGroups ?? [],
    commands: options.commands ?? commands,
    echoBuffer: new EchoBuffer(),
    steps: new StepQueue(new VirtualClock()),
    takeUnitAttention: () => {
      const taken = pending;
      pending = undefined;
      return taken;
    },
    clearUnitAttentions: () => {},
    accompany: (_call, _unit, task) => task.discard(),
    copiesAt: () => copies,
    copyManager: copyManagerOf(new VirtualClock()),
  };
}

/** Bytes as hexadecimal, in lines of sixteen: how golden bytes stand in the tests. */
export function hex(bytes: Uint8Array): string {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  const lines: string[] = [];
  for (let i = 0; i < digits.length; i += 16) lines.push(digits.slice(i, i + 16).join(' '));
  return lines.join('\n');
}
