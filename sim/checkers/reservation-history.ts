import type { NexusSession } from '../../src/scsi/reservations/reservations.ts';
import { NaiveReservations, type NaiveStatus } from '../../test/support/naive-reservations.ts';
import { check } from '../violation.ts';
import {
  changeNaive,
  isReservedBy,
  type ReservationChange,
  type ReservationReading,
  readingOf,
} from './reservation-change.ts';

/** A change of the reservations that was asked for once. */
export interface ReservationCommand {
  readonly id: number;
  readonly change: ReservationChange;
  /** At its begin a gateway may have enforced a RESERVE, with which it conflicts. */
  readonly mayMeetReserve: boolean;
}

/** A command that reservations allow or refuse, or that reads them, sent once. */
export interface Access {
  readonly id: number;
  readonly session: NexusSession;
  readonly kind: 'reads' | 'writes' | ReservationReading;
}

/** `unknown`: it may have taken effect by now, and never does later. `none`: not examined. */
type Ended<Status> = Status | 'unknown' | 'none';

/** The unit attentions of a command, as `nexus code`. */
export interface ReserveAttentions {
  readonly told: ReadonlySet<string>;
  /** Other commands at the same time leave no doubt about them. */
  readonly isCertain: boolean;
}

interface Done {
  readonly status: NaiveStatus;
  readonly told: ReadonlySet<string>;
}

interface Past {
  readonly state: NaiveReservations;
  readonly before: ReservationCommand;
}

/** One course that things may have taken. */
interface Course {
  readonly state: NaiveReservations;
  /** Until a command is answered, a gateway may still enforce the state before it. */
  readonly past: readonly Past[];
  /** Of the commands that are open, those that have been done in it. */
  readonly done: ReadonlyMap<ReservationCommand, Done>;
  /** By open access, the verdicts that it had a moment to meet. */
  readonly met: ReadonlyMap<Access, ReadonlySet<string>>;
}

const COURSES_MAX = 20_000;
const TOLD_MAX = 20;

/**
 * Whether all that was seen of the reservations of a logical unit is what one copy of them could
 * have shown (I4): each command takes effect at one moment between its begin and its end, and each
 * access is decided at one such moment, whichever gateway it goes through. Until a change is
 * answered, a gateway may be late to enforce it. PERSISTENT RESERVE IN returns only what every
 * gateway enforces.
 */
export class ReservationHistory {
  readonly #open = new Set<ReservationCommand>();
  #courses: readonly Course[] = [
    { state: new NaiveReservations(), past: [], done: new Map(), met: new Map() },
  ];
  #ids = 0;
  readonly #nowMs: () => number;
  #lines: string[] = [];

  constructor(nowMs: () => number = () => 0) {
    this.#nowMs = nowMs;
  }

  begin(change: ReservationChange): ReservationCommand {
    const mayMeetReserve = 'key' in change && this.#courses.some(hasReserve);
    const command = { id: ++this.#ids, change, mayMeetReserve };
    this.#open.add(command);
    this.#record(command, 'begins');
    return command;
  }

  /** Throws when nothing that could have happened explains this. */
  end(command: ReservationCommand, ended: Ended<NaiveStatus>): ReserveAttentions {
    this.#record(command, `ends ${ended}`);
    const isRefusedLate = ended === 'conflict' && command.mayMeetReserve;
    const kept = this.#reachable().filter(({ done }) => {
      if (ended === 'unknown' || (isRefusedLate && !done.has(command))) return true;
      return ended === 'none' ? !done.has(command) : done.get(command)?.status === ended;
    });
    check(kept.length > 0, () => this.#told(`${whatOf(command)} cannot end ${ended}`));
    const told = new Map(kept.map(({ done }) => textAndSet(done.get(command)?.told)));
    this.#close(command, kept);
    return {
      told: new Set([...told.values()].flatMap((each) => [...each])),
      isCertain: told.size === 1,
    };
  }

  /** The session is over: nothing that it held by RESERVE is held now. */
  sessionOver(ending: ReservationCommand, session: NexusSession): void {
    this.#record(ending, 'is over');
    const kept = this.#reachable().filter(({ state }) => !isReservedBy(state, session));
    check(kept.length > 0, () => this.#told('a session is over, and its RESERVE is not'));
    this.#close(ending, kept);
  }

  beginAccess(session: NexusSession, kind: Access['kind']): Access {
    const access = { id: ++this.#ids, session, kind };
    this.#courses = this.#courses.map((course) => {
      return {
        ...course,
        met: new Map([...course.met, [access, verdicts(course, access)]]),
      };
    });
    return access;
  }

  /** `verdict`: `allowed`, `conflict`, or what was read. */
  endAccess(access: Access, ended: Ended<string>): void {
    const isKnown = ended !== 'none' && ended !== 'unknown';
    const courses = isKnown ? this.#reachable() : this.#courses;
    const kept = courses.filter(({ met }) => !isKnown || met.get(access)!.has(ended));
    const { session, kind } = access;
    check(kept.length > 0, () => {
      const [{ state } = { state: undefined }] = this.#courses;
      return this.#told(`${session.nexus} ${kind}, the end is ${ended}: ${JSON.stringify(state)}`);
    });
    this.#keep(kept.map((course) => withoutAccess(course, access)));
  }

  /** All gateways were down at one time: what was to outlast that is left (APTPL). */
  lifeBegan(): void {
    this.#keep(
      this.#reachable().map(({ state, done, met }) => {
        const next = new NaiveReservations();
        if (state.aptpl) {
          const { rows, type, aptpl } = copyOf(state);
          Object.assign(next, { rows, type, aptpl });
        }
        return seen({ state: next, past: [], done, met });
      }),
    );
  }

  /** Whether a nexus certainly may not write now, and until another command begins. */
  forbidsWrites(nexus: string): boolean {
    if (this.#open.size > 0) return false;
    return this.#courses.every(({ state }) => !state.access({ ...ANY_SESSION, nexus }).writes);
  }

  #close(command: ReservationCommand, kept: readonly Course[]): void {
    this.#open.delete(command);
    this.#keep(kept.map((course) => withoutCommand(course, command)));
  }

  #record(command: ReservationCommand, how: string): void {
    this.#lines.push(`  ${this.#nowMs().toFixed(1)} #${command.id} ${whatOf(command)} ${how}`);
    if (this.#lines.length > 2 * TOLD_MAX) this.#lines = this.#lines.slice(-TOLD_MAX);
  }

  #told(what: string): string {
    return [what, ...this.#lines.slice(-TOLD_MAX)].join('\n');
  }

  #keep(courses: readonly Course[]): void {
    this.#courses = [...new Map(courses.map((course) => [keyOf(course), course])).values()];
    check(this.#courses.length <= COURSES_MAX, () => 'too many courses of the reservations');
  }

  /** Every possible history until now: open commands may have taken effect, in any order. */
  #reachable(): readonly Course[] {
    if (this.#open.size === 0) return this.#courses;
    const found = new Map<string, Course>();
    const waiting = [...this.#courses];
    for (let course = waiting.pop(); course !== undefined; course = waiting.pop()) {
      const key = keyOf(course);
      if (found.has(key)) continue;
      found.set(key, course);
      for (const command of this.#open)
        if (mayBeDone(course, command)) waiting.push(after(course, command));
    }
    return [...found.values()];
  }
}

function hasReserve({ state, past }: Course): boolean {
  return [state, ...past.map((each) => each.state)].some(({ reserved }) => reserved !== undefined);
}

function whatOf({ change }: ReservationCommand): string {
  const who = 'nexus' in change ? change.nexus : 'session' in change ? change.session.nexus : '';
  return `${change.action} ${who}`;
}

const ANY_SESSION = { incarnation: '', number: 0 };

/** A session ends at most once, and matters only while it holds the unit. */
function mayBeDone({ state, done }: Course, command: ReservationCommand): boolean {
  const { change } = command;
  return change.action === 'endSession' ? isReservedBy(state, change.session) : !done.has(command);
}

function after({ state, past, done, met }: Course, command: ReservationCommand): Course {
  const next = copyOf(state);
  const status = changeNaive(next, command.change);
  // What is refused tells nobody.
  const told = status === 'good' ? next.attentions : new Set<string>();
  return seen({
    state: next,
    past: [...past, { state, before: command }],
    done: new Map([...done, [command, { status, told }]]),
    met,
  });
}

/** Open accesses may meet the current state. */
function seen(course: Course): Course {
  const met = [...course.met].map(([access, verdicts]) => {
    return [access, new Set([...verdicts, verdict(course.state, access)])] as const;
  });
  return { ...course, met: new Map(met) };
}

/** Verdicts possible at its begin. A late gateway refuses reads, but reports what all enforce. */
function verdicts({ state, past }: Course, access: Access): ReadonlySet<string> {
  const late = past.map((each) => verdict(each.state, access));
  const isReadOrWrite = access.kind === 'reads' || access.kind === 'writes';
  const met = isReadOrWrite ? late : late.filter((each) => each === 'conflict');
  return new Set([...met, verdict(state, access)]);
}

function verdict(state: NaiveReservations, { session, kind }: Access): string {
  if (kind === 'reads' || kind === 'writes') {
    return state.access(session)[kind] ? 'allowed' : 'conflict';
  }
  return state.reserved === undefined ? readingOf(state, kind) : 'conflict';
}

function copyOf(state: NaiveReservations): NaiveReservations {
  const copy = Object.assign(new NaiveReservations(), state);
  copy.rows = state.rows.map((row) => ({ ...row }));
  return copy;
}

function withoutCommand(course: Course, command: ReservationCommand): Course {
  const done = new Map(course.done);
  done.delete(command);
  const past = course.past.slice(1 + course.past.findLastIndex((each) => each.before === command));
  return { ...course, past, done };
}

function withoutAccess(course: Course, access: Access): Course {
  const met = new Map(course.met);
  met.delete(access);
  return { ...course, met };
}

function textAndSet(told: ReadonlySet<string> = new Set()) {
  return [[...told].sort().join(), told] as const;
}

function keyOf({ state, past, done, met }: Course): string {
  // Two courses that end in one state may have told others.
  const ends = [...done].map(([{ id }, { status, told }]) => `${id}=${status} ${[...told].sort()}`);
  const late = past.map((each) => `${each.before.id}: ${stateKey(each.state)}`);
  const verdicts = [...met].map(([{ id }, each]) => `${id}:${[...each].sort().join('/')}`).sort();
  return [stateKey(state), '', ...late, '', ...ends.sort(), '', ...verdicts].join('|');
}

function stateKey({ type, generation, aptpl, reserved, rows }: NaiveReservations): string {
  const each = rows.map(({ nexus, key, holds }) => `${nexus} ${key} ${holds}`).sort();
  return [type, generation, aptpl, reserved?.nexus, reserved?.number, ...each].join();
}
