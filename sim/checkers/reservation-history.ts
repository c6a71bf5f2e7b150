import type { ReserveOutRequest } from '../../src/scsi/reservations/reserve-out-request.ts';
import { NaiveReservations, type NaiveStatus } from '../../test/support/naive-reservations.ts';
import { check } from '../violation.ts';

/** PERSISTENT RESERVE OUT that was sent once. */
export interface ReserveOut {
  readonly id: number;
  readonly request: ReserveOutRequest;
}

/** A command that reads or writes, sent once, which reservations allow or refuse. */
export interface Access {
  readonly id: number;
  readonly nexus: string;
  readonly kind: 'reads' | 'writes';
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

/** One possible history. */
interface Course {
  readonly state: NaiveReservations;
  /** The open commands that have taken effect in this history. */
  readonly done: ReadonlyMap<ReserveOut, Done>;
  /** For each open access: the verdicts that it may have met. */
  readonly met: ReadonlyMap<Access, ReadonlySet<boolean>>;
}

const COURSES_MAX = 20_000;

/**
 * Checks that all observations of the reservations of a logical unit could come from a single copy
 * of them (I4): each command takes effect at one moment between its begin and its end, and each
 * access is decided at one such moment, whichever gateway it goes through.
 */
export class ReservationHistory {
  readonly #open = new Set<ReserveOut>();
  #courses: readonly Course[] = [
    { state: new NaiveReservations(), done: new Map(), met: new Map() },
  ];
  #ids = 0;

  begin(request: ReserveOutRequest): ReserveOut {
    const command = { id: ++this.#ids, request };
    this.#open.add(command);
    return command;
  }

  /** Throws if no possible history explains this. */
  end(command: ReserveOut, ended: Ended<NaiveStatus>): ReserveAttentions {
    const kept = this.#reachable().filter(({ done }) => {
      if (ended === 'unknown') return true;
      return ended === 'none' ? !done.has(command) : done.get(command)?.status === ended;
    });
    const { action, nexus } = command.request;
    check(kept.length > 0, () => `${action} of ${nexus} cannot end ${ended}`);
    const told = new Map(kept.map(({ done }) => textAndSet(done.get(command)?.told)));
    this.#open.delete(command);
    this.#keep(kept.map((course) => withoutCommand(course, command)));
    return {
      told: new Set([...told.values()].flatMap((each) => [...each])),
      isCertain: told.size === 1,
    };
  }

  beginAccess(nexus: string, kind: Access['kind']): Access {
    const access = { id: ++this.#ids, nexus, kind };
    this.#courses = this.#courses.map((course) => {
      return {
        ...course,
        met: new Map([...course.met, [access, new Set([verdict(course, access)])]]),
      };
    });
    return access;
  }

  endAccess(access: Access, ended: Ended<'allowed' | 'conflict'>): void {
    const courses = ended === 'none' || ended === 'unknown' ? this.#courses : this.#reachable();
    const kept = courses.filter(({ met }) => {
      return ended === 'none' || ended === 'unknown' || met.get(access)!.has(ended === 'allowed');
    });
    const { nexus, kind } = access;
    const [{ state } = { state: undefined }] = this.#courses;
    check(kept.length > 0, () => {
      return `${nexus} ${kind}, and the end is ${ended}: ${JSON.stringify(state)}`;
    });
    this.#keep(kept.map((course) => withoutAccess(course, access)));
  }

  /** All gateways were down at once, and APTPL was not set. */
  lifeBegan(): void {
    this.#keep(
      this.#reachable().map(({ state: { generation }, done, met }) => {
        return seen({ state: Object.assign(new NaiveReservations(), { generation }), done, met });
      }),
    );
  }

  /** Whether a nexus certainly may not write now, and until another command begins. */
  forbidsWrites(nexus: string): boolean {
    if (this.#open.size > 0) return false;
    return this.#courses.every(({ state }) => !accessOf(state, nexus).writes);
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
      for (const command of this.#open) {
        if (!course.done.has(command)) waiting.push(after(course, command));
      }
    }
    return [...found.values()];
  }
}

function after({ state, done, met }: Course, command: ReserveOut): Course {
  const next = copyOf(state);
  const status = next.reserveOut(command.request);
  // A refused command notifies no nexus.
  const told = status === 'good' ? new Set(next.attentions) : new Set<string>();
  return seen({ state: next, done: new Map([...done, [command, { status, told }]]), met });
}

/** Open accesses may meet the current state. */
function seen(course: Course): Course {
  const met = [...course.met].map(([access, verdicts]) => {
    return [access, new Set([...verdicts, verdict(course, access)])] as const;
  });
  return { ...course, met: new Map(met) };
}

function verdict({ state }: Pick<Course, 'state'>, { nexus, kind }: Access): boolean {
  return accessOf(state, nexus)[kind];
}

function accessOf(state: NaiveReservations, nexus: string) {
  return state.access({ nexus, incarnation: '', number: 0 });
}

function copyOf(state: NaiveReservations): NaiveReservations {
  const copy = Object.assign(new NaiveReservations(), state);
  copy.rows = state.rows.map((row) => ({ ...row }));
  return copy;
}

function withoutCommand(course: Course, command: ReserveOut): Course {
  const done = new Map(course.done);
  done.delete(command);
  return { ...course, done };
}

function withoutAccess(course: Course, access: Access): Course {
  const met = new Map(course.met);
  met.delete(access);
  return { ...course, met };
}

function textAndSet(told: ReadonlySet<string> = new Set()) {
  return [[...told].sort().join(), told] as const;
}

function keyOf({ state, done, met }: Course): string {
  // Two histories that end in one state may differ in their unit attentions.
  const ends = [...done].map(([{ id }, { status, told }]) => `${id}=${status} ${[...told].sort()}`);
  const verdicts = [...met].map(([{ id }, each]) => `${id}:${[...each].sort().join('/')}`).sort();
  const rows = state.rows.map(({ nexus, key, holds }) => `${nexus} ${key} ${holds}`).sort();
  return [state.type, ...rows, '', ...ends.sort(), '', ...verdicts].join('|');
}
