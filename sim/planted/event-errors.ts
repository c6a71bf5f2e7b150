import { isOpen, type Membership, type MembershipView } from '../../src/membership/membership.ts';
import { LogicalUnit } from '../../src/scsi/logical-unit.ts';
import type { UnitEventTarget } from '../../src/scsi/unit-state.ts';
import { EventCompletion } from '../../src/units/event-completion.ts';
import { SharedUnitState } from '../../src/units/shared-unit-state.ts';
import { SharedUnitStates } from '../../src/units/shared-unit-states.ts';
import { UnitEvents } from '../../src/units/unit-events.ts';
import { type StoredUnit, UnitRecords } from '../../src/units/unit-records.ts';

/** Takes the error out again. */
type Undo = () => void;

/** By error, what breaks one step of the event in the code of every gateway. */
export const eventErrors = {
  /** As ANSWERED_EARLY and SETTLED_EARLY of the model. */
  answeredEarly: () =>
    replace(EventCompletion.prototype, 'complete', () => async (events) => {
      events.complete(events.number);
      return true;
    }),
  /** As NO_DRAIN of the model. */
  notDrained: () =>
    replace(
      LogicalUnit.prototype,
      'apply',
      (apply) =>
        async function (this: LogicalUnit, event) {
          void apply.call(this, event);
          return true;
        },
    ),
  /** As CLOSED_NOT_COUNTED of the model. */
  closedNotCounted: () =>
    withMembership((membership) => ({
      read: async () => {
        const view = await membership.read();
        return { ...view, members: view.members.filter(isOpen) };
      },
    })),
  /** As MEMBERS_BEFORE_COMMIT of the model. */
  membersNotRead: () => withMembership((membership) => ({ read: async () => membership.view })),
  /** As MARK_AFTER_COMMIT of the model. */
  markNotSet: () => withMembership(() => ({ mark: async () => {} })),
  /** As MARK_TAKEN_OUTCOME_UNKNOWN of the model. */
  markTakenEarly: () =>
    withMembership((membership) => ({
      mark: async (units) => {
        await membership.mark(units);
        const author = membership.self;
        void membership.unmark(units.map((unit) => ({ unit, author }))).catch(() => {});
      },
    })),
  /** As FINISHED_ORIGIN_NOT_COMPLETED of the model. */
  marksNotRead: () =>
    withMembership((membership) => ({
      get view() {
        return withoutMarks(membership.view);
      },
      listen: (listener) =>
        membership.listen({
          ...listener,
          onView: (view) => listener.onView?.(withoutMarks(view)),
        }),
    })),
  /** As SLOT_OVERWRITTEN of the model. */
  slotOverwritten: () => {
    const isCompleted = Object.getOwnPropertyDescriptor(UnitEvents.prototype, 'isCompleted')!;
    Object.defineProperty(UnitEvents.prototype, 'isCompleted', { ...isCompleted, get: () => true });
    return () => Object.defineProperty(UnitEvents.prototype, 'isCompleted', isCompleted);
  },
  /** As SERIAL_NOT_LOOKED_FOR of the model. */
  appliedTwice: () => {
    let asking: UnitEvents | undefined;
    return all(
      replace(
        UnitEvents.prototype,
        'expect',
        (expect) =>
          function (this: UnitEvents, attempt) {
            asking = this;
            expect.call(this, attempt);
          },
      ),
      replace(
        UnitRecords.prototype,
        'replace',
        (put) =>
          async function (this: UnitRecords, ...of) {
            const events = asking;
            const result = await put.apply(this, of);
            if (result.status === 'unknown') events?.expect(undefined);
            return result;
          },
      ),
    );
  },
  /** As ASKER_TOLD of the model. */
  askerTold: () =>
    replace(
      LogicalUnit.prototype,
      'apply',
      (apply) =>
        function (this: LogicalUnit, event) {
          return apply.call(this, { ...event, origin: undefined });
        },
    ),
  /** As TOLD_TWICE of the model. */
  toldTwice: () => {
    const targets = new WeakMap<UnitEvents, UnitEventTarget>();
    return all(
      replace(
        UnitEvents.prototype,
        'attach',
        (attach) =>
          function (this: UnitEvents, target) {
            targets.set(this, target);
            attach.call(this, target);
          },
      ),
      replace(
        UnitEvents.prototype,
        'take',
        (take) =>
          function (this: UnitEvents, stored) {
            const isAgain = stored !== this.stored && stored.version === this.stored.version;
            const { state, last } = stored.record;
            if (isAgain && last !== undefined) {
              const event = { ...last.event, aborts: 'nothing' as const };
              void targets.get(this)?.apply({ state, event, origin: undefined });
            }
            take.call(this, stored);
          },
      ),
    );
  },
  /** Of what it learns by a record, and not by a notification. */
  attentionLost: () => {
    const read = new WeakSet<StoredUnit>();
    return all(
      replace(
        UnitRecords.prototype,
        'read',
        (get) =>
          async function (this: UnitRecords, uuid) {
            const stored = await get.call(this, uuid);
            if (stored !== undefined) read.add(stored);
            return stored;
          },
      ),
      replace(
        UnitEvents.prototype,
        'take',
        (take) =>
          function (this: UnitEvents, stored) {
            const { record } = stored;
            const { last } = record;
            const isLost = read.has(stored) && last !== undefined;
            const event = { ...last?.event, attentions: [] };
            const told = isLost
              ? { ...stored, record: { ...record, last: { ...last, event } } }
              : stored;
            take.call(this, told as StoredUnit);
          },
      ),
    );
  },
  /** What a session held by RESERVE stays when its gateway is fenced. */
  reserveOfDeadKept: () => replace(SharedUnitState.prototype, 'isLost', () => () => false),
} satisfies Readonly<Record<string, () => Undo>>;

function all(...undos: readonly Undo[]): Undo {
  return () => {
    for (const undo of undos.toReversed()) undo();
  };
}

/** The methods of a class are those of all its objects, of every gateway of the world. */
function replace<Of extends object, Name extends keyof Of>(
  of: Of,
  name: Name,
  make: (original: Of[Name]) => Of[Name],
): Undo {
  const original = of[name];
  of[name] = make(original);
  return () => {
    of[name] = original;
  };
}

/** What the agreement on logical units has of its membership. */
function withMembership(changesOf: (membership: Membership) => Partial<Membership>): Undo {
  return replace(SharedUnitStates.prototype, 'join', (join) => {
    return function (this: SharedUnitStates, membership) {
      const changes = changesOf(membership);
      const changed = new Proxy(membership, {
        get: (target, name) => {
          if (name in changes) return Reflect.get(changes, name);
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      join.call(this, changed);
    };
  });
}

function withoutMarks(view: MembershipView): MembershipView {
  return { ...view, marks: [] };
}
