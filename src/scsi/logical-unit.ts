import type { Clock } from '../base/clock.ts';
import type { Volume } from '../volume/volume.ts';
import type { Abort } from './abort-settlement.ts';
import type { Ending } from './ending.ts';
import { MediumGate } from './medium-gate.ts';
import { ModeState } from './mode-state.ts';
import { conditions } from './sense-table.ts';
import { type SpaceFigures, ThinSpace } from './thin-space.ts';

/** What a logical unit is called, the same through every path and for ever (I6). */
export interface LogicalUnitIdentity {
  /** Name of the disk in the document; for logs and messages. */
  readonly name: string;
  /** The document's uuid of the disk. */
  readonly uuid: string;
  /** UNIT SERIAL NUMBER (VPD 80h), printable ASCII. */
  readonly serial: string;
  /** The NAA designator of VPD 83h: 8 or 16 bytes. */
  readonly naa: Uint8Array;
  /** T10 VENDOR IDENTIFICATION, at most 8 characters. */
  readonly vendor: string;
  /** PRODUCT IDENTIFICATION, at most 16 characters. */
  readonly product: string;
  /** PRODUCT REVISION LEVEL, at most 4 characters. */
  readonly revision: string;
}

export interface LogicalUnitOptions {
  readonly identity: LogicalUnitIdentity;
  readonly volume: Volume;
  readonly clock: Clock;
  /** Bytes of a logical block: 512 or 4096. */
  readonly blockLengthBytes: number;
  readonly readOnly: boolean;
  /**
   * The volume could not be fenced, nor opened again: what was submitted to it may land at any
   * time, until this gateway is fenced or its process has ended.
   */
  readonly onUnfenced?: () => void;
}

/** What a nexus shows to the logical units that it reaches. */
export interface LogicalUnitListener {
  /** Establishes a unit attention condition for this nexus at that logical unit. */
  establish(logicalUnit: LogicalUnit, condition: Ending): void;
  /** Aborts this nexus's commands at the logical unit; returns those that are with the medium. */
  abortCommands(logicalUnit: LogicalUnit, cause: AbortCause): readonly Abort[];
}

/** Who asked for the abort: decides between no status and TASK ABORTED (SAM, TAS bit). */
export type AbortCause = 'ownNexus' | 'otherNexus';

/**
 * One logical unit as this gateway serves it: identity, medium and the state that a standard keeps
 * per logical unit. Nexuses come and go; it stays.
 */
export class LogicalUnit {
  readonly volume: Volume;
  readonly blockLengthBytes: number;
  readonly readOnly: boolean;
  readonly mode: ModeState;
  readonly space = new ThinSpace();
  /** A command ended because what holds the unit has no room. */
  onNoSpace: (() => void) | undefined;
  readonly gate: MediumGate;
  /** The nexuses of this gateway that reach it. */
  readonly nexuses = new Set<LogicalUnitListener>();
  #identity: LogicalUnitIdentity;
  #blocks: number;
  #fence: Promise<boolean> | undefined;
  readonly #onUnfenced: () => void;
  readonly #stopWatching: () => void;

  constructor(options: LogicalUnitOptions) {
    this.#identity = options.identity;
    this.volume = options.volume;
    this.gate = new MediumGate(options.clock);
    this.blockLengthBytes = options.blockLengthBytes;
    this.readOnly = options.readOnly;
    this.#onUnfenced = options.onUnfenced ?? (() => {});
    this.mode = new ModeState(options.volume.limits.volatileCache);
    this.#blocks = Math.floor(options.volume.sizeBytes / options.blockLengthBytes);
    this.#stopWatching = options.volume.onResize((sizeBytes) => this.#resized(sizeBytes));
  }

  get identity(): LogicalUnitIdentity {
    return this.#identity;
  }

  /** The disk has another name in the document; initiators see nothing of it. */
  rename(name: string): void {
    this.#identity = { ...this.#identity, name };
  }

  /** Capacity in logical blocks; the last LBA is one less. */
  get blocks(): number {
    return this.#blocks;
  }

  /** Why the unit is not ready; undefined when it is. */
  get notReady(): Ending | undefined {
    if (this.volume.unservable === undefined) return undefined;
    return conditions.logicalUnitNotReadyManualInterventionRequired;
  }

  /** The volume is being fenced and opened again: medium access commands end BUSY. */
  get fencing(): boolean {
    return this.#fence !== undefined;
  }

  /**
   * The self-fence: resolves true when nothing that was submitted to the volume before is seen done
   * any more. The volume is of use again some time later. False: that could not be reached.
   */
  fence(): Promise<boolean> {
    this.#fence ??= this.#fenceVolume();
    return this.#fence;
  }

  /** Establishes a unit attention condition for every nexus but `except`. */
  establish(condition: Ending, except?: LogicalUnitListener): void {
    for (const nexus of this.nexuses) {
      if (nexus !== except) nexus.establish(this, condition);
    }
  }

  /** The store told how full it is: every nexus hears when that reaches the soft threshold. */
  setSpace(figures: SpaceFigures, softThresholdPercent: number): void {
    if (!this.space.update(figures, softThresholdPercent)) return;
    this.establish(conditions.thinProvisioningSoftThresholdReached);
  }

  /** Lets go of the volume, which its owner closes. */
  close(): void {
    this.#stopWatching();
  }

  async #fenceVolume(): Promise<boolean> {
    const { status } = await this.volume.fence();
    // A volume that was closed meanwhile has no more to do with it.
    if (status === 'done') void this.#reopen();
    else if (status !== 'closed') this.#onUnfenced();
    return status === 'done';
  }

  async #reopen(): Promise<void> {
    const { status } = await this.volume.reopen();
    if (status === 'done' || status === 'closed') this.#fence = undefined;
    else this.#onUnfenced();
  }

  #resized(sizeBytes: number): void {
    const blocks = Math.floor(sizeBytes / this.blockLengthBytes);
    if (blocks === this.#blocks) return;
    this.#blocks = blocks;
    this.establish(conditions.capacityDataHasChanged);
  }
}
