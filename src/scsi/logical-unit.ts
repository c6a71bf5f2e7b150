import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { Volume } from '../volume/volume.ts';
import { checkSharedState } from './check-state.ts';
import type { CommandResult } from './command-result.ts';
import type { IdentifyingInformation } from './identifying-information.ts';
import { DRAIN_MAX_MS } from './limits.ts';
import { type ModeParameters, modesInLife } from './mode-parameters.ts';
import { reservationsAfterFence, reservationsInLife } from './reservations/life.ts';
import type { NexusName } from './reservations/nexus-name.ts';
import type { NexusSession, Reservations } from './reservations/reservations.ts';
import { isReservedBy, reserveEnded } from './reservations/reserve-release.ts';
import { type Restrictions, restrictionsOf } from './reservations/restrictions.ts';
import { conditions } from './sense-table.ts';
import { type Abort, settleAborts } from './tasks/abort-settlement.ts';
import { MediumGate } from './tasks/medium-gate.ts';
import { type SpaceFigures, ThinSpace } from './thin-space.ts';
import { described, reservationsChanged, resized, type UnitDescription } from './unit-changes.ts';
import { UnitMedium } from './unit-medium.ts';
import type {
  ChangeOrigin,
  CommittedEvent,
  EventAttention,
  LogicalUnitIdentity,
  SharedState,
  UnitChange,
  UnitEvent,
  UnitEventTarget,
  UnitState,
} from './unit-state.ts';

interface LogicalUnitOptions {
  /** Name of the disk in the document; for logs and messages. */
  readonly name: string;
  readonly state: UnitState;
  readonly volume: Volume;
  readonly clock: Clock;
  /** The volume could not be fenced: see `UnitMedium`. */
  readonly onUnfenced?: () => void;
  /** An event ends the sessions of that target at this gateway. */
  readonly onTargetEnded?: (targetName: string) => void;
}

/** A nexus as the logical units that it reaches see it. */
export interface LogicalUnitListener {
  /** As reservations name it. */
  readonly session: NexusSession;
  /** It has commands at the logical unit that an abort would end without a true status. */
  hasCommands(logicalUnit: LogicalUnit): boolean;
  /** Establishes a unit attention condition for this nexus at that logical unit. */
  establish(logicalUnit: LogicalUnit, condition: CommandResult): void;
  /**
   * Aborts this nexus's commands at the logical unit, but `exempt`; returns those that are with the
   * medium.
   */
  abortCommands(logicalUnit: LogicalUnit, cause: AbortCause, exempt?: object): readonly Abort[];
  /**
   * Reservations keep the nexus from this, from now on; returns the drains of what they forbid and
   * the medium has.
   */
  restrict(logicalUnit: LogicalUnit, restrictions: Restrictions): readonly Abort[];
}

/** The cause of the abort: decides between no status and TASK ABORTED (SAM, TAS bit). */
export type AbortCause = 'ownNexus' | 'otherNexus';

/** The description and the volume that serve a logical unit from now on. */
interface UnitService {
  readonly name: string;
  readonly volume: Volume;
  readonly description: UnitDescription;
  /** The volume holds other data than the one before. */
  readonly isReplaced: boolean;
}

/**
 * One logical unit as this gateway serves it: its medium, and its shared state as it takes effect
 * here. There is one for each disk, and it outlives changes of the disk's name, identity and
 * volume, and every nexus and document.
 */
export class LogicalUnit implements UnitEventTarget {
  readonly blockLengthBytes: number;
  /** The volume of the medium, as a field: every command with data reads it. */
  volume: Volume;
  readonly space = new ThinSpace();
  /** A command ended because the store that holds the unit has no room. */
  onNoSpace: (() => void) | undefined;
  readonly gate: MediumGate;
  /** Called when the last of its nexuses has parted from it. */
  onUnreached: (() => void) | undefined;
  readonly #nexuses = new Set<LogicalUnitListener>();
  readonly #state: UnitState;
  readonly #clock: Clock;
  readonly #onUnfenced: () => void;
  readonly #onTargetEnded: (targetName: string) => void;
  #name: string;
  #medium: UnitMedium;
  /** Previous volumes, as long as commands may be in flight on them. */
  readonly #retired = new Set<UnitMedium>();
  #stopWatching: () => void;
  // Copies of the shared state: every command reads them.
  #identity: LogicalUnitIdentity;
  #blocks: number;
  /** That this gateway serves; 0 before it does. */
  #documentVersion = 0;
  #modes: Readonly<ModeParameters>;
  #isWriteProtected: boolean;
  #reservations: Reservations;

  constructor(options: LogicalUnitOptions) {
    const { current } = options.state;
    checkSharedState(current);
    this.blockLengthBytes = current.blockLengthBytes;
    this.#state = options.state;
    this.gate = new MediumGate(options.clock);
    this.#clock = options.clock;
    this.#onUnfenced = options.onUnfenced ?? (() => {});
    this.#onTargetEnded = options.onTargetEnded ?? (() => {});
    assert(options.name.length > 0, 'a disk has a name');
    this.#name = options.name;
    this.#identity = current.identity;
    this.#blocks = current.blocks;
    const read = this.#asRead(current);
    this.#modes = read.modes.current;
    this.#isWriteProtected = isWriteProtected(read);
    this.#reservations = read.reservations;
    this.#medium = new UnitMedium(options.volume, this.#onUnfenced);
    this.volume = options.volume;
    this.#stopWatching = this.#watch(options.volume);
    options.state.attach(this);
  }

  get name(): string {
    return this.#name;
  }

  get identity(): LogicalUnitIdentity {
    return this.#identity;
  }

  /** The nexuses of this gateway that reach it, or have commands of it in flight. */
  get nexuses(): ReadonlySet<LogicalUnitListener> {
    return this.#nexuses;
  }

  /** Capacity in logical blocks; the last LBA is one less. */
  get blocks(): number {
    return this.#blocks;
  }

  /** The current mode parameters. */
  get modes(): Readonly<ModeParameters> {
    return this.#modes;
  }

  get identifying(): IdentifyingInformation {
    return this.#state.current.identifying;
  }

  get savedModes(): Readonly<ModeParameters> {
    return this.#state.current.modes.saved;
  }

  /** Writes are durable before their status: initiators have disabled a volatile cache (WCE 0). */
  get writesThrough(): boolean {
    return this.volume.limits.volatileCache && !this.#modes.wce;
  }

  /** True by the document, or by SOFTWARE WRITE PROTECT. */
  get isWriteProtected(): boolean {
    return this.#isWriteProtected;
  }

  /** What reservations keep the nexus of a session from. */
  restrictionsOf(session: NexusSession): Restrictions {
    return restrictionsOf(this.#reservations, session);
  }

  /** Why the unit is not ready; undefined when it is. */
  get notReady(): CommandResult | undefined {
    if (this.volume.unservable === undefined) return undefined;
    return conditions.logicalUnitNotReadyManualInterventionRequired;
  }

  /** The volume is being fenced and opened again: medium access commands end BUSY. */
  get fencing(): boolean {
    return this.#medium.fencing;
  }

  /**
   * The self-fence: resolves true when nothing that was submitted to the medium before can land
   * after this. False: that could not be ensured.
   */
  async fence(): Promise<boolean> {
    const media = [this.#medium, ...this.#retired];
    const fences = await Promise.all(media.map((medium) => medium.fence()));
    return !fences.includes(false);
  }

  /** Makes a change of the shared state: see `UnitState.commit`. */
  commit(change: UnitChange, origin?: ChangeOrigin): Promise<CommandResult> {
    return this.#state.commit((state) => change(this.#asRead(state)), origin);
  }

  /** The reservations that every gateway enforces; undefined: see `UnitState.latest`. */
  async latestReservations(): Promise<Reservations | undefined> {
    const state = await this.#state.latest();
    return state && this.#asRead(state).reservations;
  }

  /** See `UnitEventTarget`: reservations and modes may read otherwise. */
  readAgain(): void {
    const state = this.#asRead(this.#state.current);
    this.#takeModes(state);
    if (state.reservations !== this.#reservations) this.#restrict(state.reservations);
  }

  /**
   * The document, or a volume that was opened again, serves the unit from this turn on. Commands in
   * flight end on the volume that they were submitted to. Resolves when the shared part is
   * committed.
   */
  async serve({ name, volume, description, isReplaced }: UnitService): Promise<void> {
    assert(name.length > 0, 'a disk has a name');
    this.#name = name;
    if (volume !== this.volume) {
      if (!this.#medium.isOver) this.#retired.add(this.#medium);
      this.#medium = new UnitMedium(volume, this.#onUnfenced);
      this.volume = volume;
      this.#stopWatching();
      this.#stopWatching = this.#watch(volume);
    }
    if (isReplaced) this.establish(conditions.powerOnResetOrBusDeviceResetOccurred);
    this.#documentVersion = description.documentVersion;
    await this.commit(described(description));
  }

  /**
   * That volume is closed, so it accepts nothing more. Its close is bounded in time: writes
   * in flight on it may still land, and must be fenced, until its drain is over.
   */
  volumeClosed(volume: Volume): void {
    const media = [this.#medium, ...this.#retired];
    const medium = media.find((each) => each.volume === volume);
    // A document that was never served may have opened a volume that no medium uses.
    if (medium === undefined) return;
    void volume.drain().then(() => {
      medium.isOver = true;
      this.#retired.delete(medium);
    });
  }

  apply({ state, event, origin }: CommittedEvent): Promise<boolean> {
    checkSharedState(state);
    assert(state.blockLengthBytes === this.blockLengthBytes, 'a block length never changes');
    assert(state.identity.uuid === this.#identity.uuid, 'the state is that of the disk');
    // TAS as it was before decides how the aborted commands end.
    const cleared = this.#modes.tas ? [] : this.#cleared(event, origin?.nexus);
    const ends = this.#abort(event.aborts, origin);
    this.#identity = state.identity;
    this.#blocks = state.blocks;
    const read = this.#asRead(state);
    this.#takeModes(read);
    const { reservations } = read;
    if (reservations !== this.#reservations) ends.push(...this.#restrict(reservations));
    for (const attention of event.attentions) {
      const told = attention.nexuses === 'cleared' ? cleared : this.#told(attention, origin?.nexus);
      for (const nexus of told) nexus.establish(this, conditions[attention.condition]);
    }
    if (event.endsTarget !== undefined) this.#onTargetEnded(event.endsTarget);
    // Aborted changes of shared state need not be waited for: they would have to come before this.
    return settleAborts(this.#clock, ends, DRAIN_MAX_MS);
  }

  join(nexus: LogicalUnitListener): void {
    this.#nexuses.add(nexus);
  }

  /**
   * The nexus no longer reaches it, and has nothing of it in flight: the nexus leaves when what its
   * session holds by RESERVE is released, unless it is back by then.
   */
  async part(nexus: LogicalUnitListener, isBack: () => boolean = () => false): Promise<void> {
    if (this.isReservedBy(nexus.session)) await this.releaseReserve(nexus.session);
    if (isBack() || !this.#nexuses.delete(nexus)) return;
    if (this.#nexuses.size === 0) this.onUnreached?.();
  }

  /** Whether the session holds it by RESERVE. */
  isReservedBy(session: NexusSession): boolean {
    return isReservedBy(this.#reservations, session);
  }

  /** The session is lost: resolves when what it held by RESERVE is released. */
  async releaseReserve(session: NexusSession): Promise<void> {
    if (!this.isReservedBy(session)) return;
    await this.commit(reservationsChanged((state) => reserveEnded(state, session)));
  }

  /** Establishes a unit attention condition for every nexus. */
  establish(condition: CommandResult): void {
    for (const nexus of this.#nexuses) nexus.establish(this, condition);
  }

  /**
   * The store reported its usage: every nexus gets a unit attention when it reaches the soft
   * threshold.
   */
  setSpace(figures: SpaceFigures, softThresholdPercent: number): void {
    if (!this.space.update(figures, softThresholdPercent)) return;
    this.establish(conditions.thinProvisioningSoftThresholdReached);
  }

  /**
   * No document serves it, and no nexus has commands of it in flight. The volume's owner closes the
   * volume.
   */
  close(): void {
    assert(this.#nexuses.size === 0, 'no nexus reaches a logical unit that is closed');
    this.#stopWatching();
    this.#state.close();
  }

  #abort(whose: UnitEvent['aborts'], origin: ChangeOrigin | undefined): Abort[] {
    if (whose === 'nothing') return [];
    return this.#named(whose === 'everything' ? 'all' : whose).flatMap((nexus) =>
      nexus.abortCommands(this, nexus === origin?.nexus ? 'ownNexus' : 'otherNexus', origin),
    );
  }

  /**
   * What must not outlive the last gateway is absent (reservations, mode parameters that were not
   * saved), and what must not outlive the gateway of a session.
   */
  #asRead(state: SharedState): SharedState {
    const modes = modesInLife(state.modes, this.#state.life);
    let reservations = reservationsInLife(state.reservations, this.#state.life);
    const { reserve } = reservations;
    if (reserve !== undefined && this.#state.isLost(reserve.incarnation)) {
      reservations = reservationsAfterFence(reservations, reserve.incarnation);
    }
    const isSame = reservations === state.reservations && modes === state.modes;
    return isSame ? state : { ...state, modes, reservations };
  }

  #takeModes(state: SharedState): void {
    this.#modes = state.modes.current;
    this.#isWriteProtected = isWriteProtected(state);
  }

  #restrict(reservations: Reservations): Abort[] {
    this.#reservations = reservations;
    return [...this.#nexuses].flatMap((nexus) =>
      nexus.restrict(this, this.restrictionsOf(nexus.session)),
    );
  }

  /** The nexuses, but the one that asks, whose commands the event takes away. */
  #cleared({ aborts, attentions }: UnitEvent, asking: object | undefined): LogicalUnitListener[] {
    if (aborts === 'nothing' || !attentions.some(({ nexuses }) => nexuses === 'cleared')) return [];
    return this.#named(aborts === 'everything' ? 'all' : aborts).filter(
      (nexus) => nexus !== asking && nexus.hasCommands(this),
    );
  }

  #told({ nexuses }: EventAttention, asking: object | undefined): LogicalUnitListener[] {
    if (nexuses === 'others') return [...this.#nexuses].filter((nexus) => nexus !== asking);
    return this.#named(nexuses === 'cleared' ? [] : nexuses);
  }

  #named(names: 'all' | readonly NexusName[]): LogicalUnitListener[] {
    if (names === 'all') return [...this.#nexuses];
    const set = new Set(names);
    return [...this.#nexuses].filter(({ session }) => set.has(session.nexus));
  }

  #watch(volume: Volume): () => void {
    return volume.onResize((sizeBytes) => {
      const known = { blocks: this.#blocks, documentVersion: this.#documentVersion };
      void this.commit(resized(Math.floor(sizeBytes / this.blockLengthBytes), known));
    });
  }
}

function isWriteProtected({ readOnly, modes }: SharedState): boolean {
  return readOnly || modes.current.swp;
}
