import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../log/log.ts';
import type { GoneMember, Membership } from '../membership/membership.ts';
import { PersistentWatch } from '../records/persistent-watch.ts';
import type { Records } from '../records/records.ts';
import type { SharedState, UnitState, UnitStates } from '../scsi/unit-state.ts';
import { EventCompletion } from './event-completion.ts';
import {
  decodeEventMessage,
  encodeAcknowledgement,
  NO_ACKNOWLEDGEMENT,
  unitChannels,
} from './event-message.ts';
import { ANSWER_MAX_MS } from './limits.ts';
import { MarkedUnits } from './marked-units.ts';
import { Marks } from './marks.ts';
import { settleLeft } from './settle-event.ts';
import { SharedUnitState } from './shared-unit-state.ts';
import { UnitEvents } from './unit-events.ts';
import { firstRecord } from './unit-record.ts';
import { type StoredUnit, UnitRecords } from './unit-records.ts';

interface SharedUnitStatesOptions {
  readonly records: Records;
  readonly clock: Clock;
  readonly log: Log;
}

/** A logical unit of this gateway. */
interface Unit {
  /** Rejects when its record cannot be read: then it is not served. */
  readonly events: Promise<UnitEvents>;
  /** Once they are loaded. */
  loaded: UnitEvents | undefined;
  state: SharedUnitState | undefined;
}

/**
 * The states of the logical units of one gateway, agreed on with the others. It acknowledges events
 * from `listen` on, before its incarnation is opened: a unit that it has not loaded will be loaded
 * with the event.
 */
export class SharedUnitStates implements UnitStates {
  readonly #options: SharedUnitStatesOptions;
  readonly #units = new Map<string, Unit>();
  readonly #watches: readonly PersistentWatch[];
  readonly #unitRecords: UnitRecords;
  #membership: Membership | undefined;
  #completion: EventCompletion | undefined;
  #marks: Marks | undefined;
  #marked: MarkedUnits | undefined;
  #unlisten: (() => void) | undefined;
  #serial = 0;
  readonly #behind = Promise.withResolvers<void>();
  #isOver = false;

  constructor(options: SharedUnitStatesOptions) {
    const { records, clock, log } = options;
    this.#options = options;
    this.#watches = unitChannels.map(
      (channel) =>
        new PersistentWatch({
          ...{ records, channel, clock, log },
          onNotify: (message) => this.#answer(message),
          onAgain: () => this.#marked?.readSoon(),
        }),
    );
    const mayUse = () => this.#isOver || (this.#membership?.mayUseRecords() ?? true);
    this.#unitRecords = new UnitRecords({ records, mayUse, clock });
  }

  /** Resolves when this gateway missed an event: it no longer counts, and must end. */
  get behind(): Promise<void> {
    return this.#behind.promise;
  }

  /** Acknowledges events from now on; called before this gateway becomes a member. */
  async listen(): Promise<void> {
    for (const watch of this.#watches) await watch.open();
  }

  /** This gateway is a member: from now on it may open logical units. */
  join(membership: Membership): void {
    assert(this.#membership === undefined, 'a gateway joins once');
    const { records, clock, log } = this.#options;
    this.#membership = membership;
    const isOver = () => this.#isOver;
    const unitRecords = this.#unitRecords;
    const completion = new EventCompletion({
      ...{ membership, records, unitRecords, clock, log, isOver },
    });
    this.#completion = completion;
    this.#marks = new Marks({ membership, clock, settle: (uuid) => this.#settle(uuid) });
    const marked = new MarkedUnits({
      ...{ membership, unitRecords, completion, clock, log },
      eventsOf: (uuid) => this.#units.get(uuid)?.loaded,
      isLoading: (uuid) => this.#units.get(uuid)?.loaded === undefined && this.#units.has(uuid),
    });
    this.#marked = marked;
    membership.acknowledgeWith((uuid) => {
      return this.#units.has(uuid) ? this.enforcedOf(uuid) : marked.readNumber(uuid);
    });
    this.#unlisten = membership.listen({
      onView: (view) => marked.follow(view),
      onGone: (gone: GoneMember) => marked.gone(gone.member),
      onClosed: () => this.#end(),
    });
    marked.follow(membership.view);
  }

  /** This gateway holds the state of the logical unit, or is about to. */
  holds(uuid: string): boolean {
    return this.#units.has(uuid);
  }

  /** The last event that this gateway enforces of a unit that it has loaded. */
  enforcedOf(uuid: string): number | undefined {
    return this.#units.get(uuid)?.loaded?.enforced;
  }

  async open(initial: SharedState): Promise<UnitState> {
    const { uuid } = initial.identity;
    assert(!this.#units.has(uuid), 'a disk has one state');
    const { promise, resolve, reject } = Promise.withResolvers<UnitEvents>();
    promise.catch(() => {});
    const unit: Unit = { events: promise, loaded: undefined, state: undefined };
    // In the table before its record is read, so that no event is missed in between.
    this.#units.set(uuid, unit);
    try {
      const loaded = await this.#load(uuid, initial);
      const { clock, log } = this.#options;
      const onBehind = (): void => {
        log.write('unit_event_missed', { uuid });
        this.#behind.resolve();
      };
      const events = new UnitEvents({ loaded, clock, onBehind });
      unit.loaded = events;
      unit.state = this.#stateOf(uuid, events);
      resolve(events);
      this.#marked?.readEventOf(uuid);
      return unit.state;
    } catch (error) {
      this.#units.delete(uuid);
      reject(error);
      throw error;
    }
  }

  /** This gateway has left, or is about to: it no longer acknowledges anything. */
  async close(): Promise<void> {
    this.#end();
    await Promise.all(this.#watches.map((watch) => watch.close()));
  }

  async #load(uuid: string, initial: SharedState): Promise<StoredUnit> {
    for (;;) {
      const stored = await this.#unitRecords.read(uuid);
      if (stored !== undefined) return suitable(stored, initial);
      const record = firstRecord(initial);
      const result = await this.#unitRecords.replace(uuid, undefined, record);
      if (result.status === 'done') return { version: result.version, record };
    }
  }

  #stateOf(uuid: string, events: UnitEvents): SharedUnitState {
    const { clock, log } = this.#options;
    const [completion, marks, membership] = [this.#completion, this.#marks, this.#membership];
    assert(membership !== undefined, 'a gateway that opens logical units is a member');
    assert(completion !== undefined && marks !== undefined, 'it has joined');
    return new SharedUnitState({
      ...{ uuid, events, unitRecords: this.#unitRecords, completion, marks, clock, log },
      membership,
      nextSerial: () => (this.#serial += 1),
      isOver: () => this.#isOver,
      onClose: () => this.#units.delete(uuid),
    });
  }

  async #answer(message: Uint8Array): Promise<Uint8Array> {
    const event = decodeEventMessage(message);
    if (event === undefined || this.#isOver) return NO_ACKNOWLEDGEMENT;
    const { uuid, number } = event;
    this.#marked?.told(uuid);
    const unit = this.#units.get(uuid);
    // It will be loaded with the event, if ever.
    if (unit === undefined) return encodeAcknowledgement({ number, isWaiting: false });
    try {
      const events = unit.loaded ?? (await unit.events);
      if (events.number < number) {
        const known = events.stored;
        const stored = event.stored(known) ?? (await this.#unitRecords.read(uuid, known));
        if (stored !== undefined) events.take(stored);
      }
      const isDecided = () => events.enforced >= number || events.cannotEnforce || this.#isOver;
      await events.until(isDecided, ANSWER_MAX_MS);
      const { enforced } = events;
      if (enforced < number) return NO_ACKNOWLEDGEMENT;
      return encodeAcknowledgement({ number: enforced, isWaiting: unit.state?.isWaiting === true });
    } catch {
      return NO_ACKNOWLEDGEMENT;
    }
  }

  async #settle(uuid: string): Promise<boolean> {
    const unit = this.#units.get(uuid);
    // A unit that is loading is settled by its next event, or at the next attempt.
    if (unit !== undefined) return (await unit.state?.settle()) ?? false;
    const [unitRecords, completion, { clock }] = [
      this.#unitRecords,
      this.#completion,
      this.#options,
    ];
    assert(completion !== undefined, 'a gateway that has marks has joined');
    try {
      return await settleLeft({ uuid, unitRecords, completion, clock });
    } catch {
      return false;
    }
  }

  #end(): void {
    this.#isOver = true;
    this.#unlisten?.();
    this.#marks?.close();
    this.#marked?.close();
    for (const { loaded } of this.#units.values()) loaded?.wake();
  }
}

function suitable(stored: StoredUnit, { identity, blockLengthBytes }: SharedState): StoredUnit {
  const { state } = stored.record;
  if (state.identity.uuid === identity.uuid && state.blockLengthBytes === blockLengthBytes) {
    return stored;
  }
  throw new Failure(
    'unitRecordUnsuitable',
    `the record of the logical unit says ${state.blockLengthBytes} bytes a block and uuid ` +
      `${state.identity.uuid}, the document ${blockLengthBytes} and ${identity.uuid}`,
    { uuid: identity.uuid },
  );
}
