/** A size of the model: who takes part, and what may go wrong how often. */
export interface Configuration {
  readonly name: string;
  readonly settings: Settings;
  /** A macro of the model: another form of the protocol, which holds as well. */
  readonly variant?: Variant;
  /** Ends within seconds: the tests run it. */
  readonly isQuick?: boolean;
}

export type Variant = 'READ_ONCE_WITHOUT_FENCE' | 'BARRIER_WAITS_FOR_CLOSED';

/** What `unit-event.pml` leaves open; each has a default there. */
export interface Settings {
  readonly GATEWAYS?: 2 | 3;
  readonly EVENTS?: number;
  /** A bit for each gateway that has not joined yet. */
  readonly JOINERS?: number;
  readonly SELF_FENCES?: number;
  readonly LOST_ANSWERS?: number;
  readonly ABANDONED?: number;
  readonly UNLOADS?: number;
  readonly HOLDS?: number;
}

export const configurations: readonly Configuration[] = [
  {
    name: 'one-event',
    settings: { SELF_FENCES: 1, LOST_ANSWERS: 1, ABANDONED: 1, HOLDS: 1 },
    isQuick: true,
  },
  { name: 'two-events', settings: { EVENTS: 2 }, isQuick: true },
  { name: 'joining', settings: { JOINERS: 1, SELF_FENCES: 1, UNLOADS: 1 }, isQuick: true },
  { name: 'taking-over', settings: { JOINERS: 2, LOST_ANSWERS: 1, ABANDONED: 1 }, isQuick: true },
  {
    name: 'two-events-all-faults',
    settings: { EVENTS: 2, SELF_FENCES: 1, LOST_ANSWERS: 1, ABANDONED: 1 },
  },
  {
    name: 'two-events-joining',
    settings: { EVENTS: 2, JOINERS: 1, SELF_FENCES: 1, UNLOADS: 1 },
  },
  {
    name: 'two-events-holding',
    settings: { EVENTS: 2, SELF_FENCES: 1, LOST_ANSWERS: 1, HOLDS: 1 },
  },
  { name: 'three-gateways', settings: { GATEWAYS: 3, SELF_FENCES: 1 } },
  { name: 'three-gateways-joining', settings: { GATEWAYS: 3, JOINERS: 4, SELF_FENCES: 1 } },
  { name: 'three-gateways-holding', settings: { GATEWAYS: 3, LOST_ANSWERS: 1, HOLDS: 1 } },
  {
    name: 'read-once',
    settings: { GATEWAYS: 3, SELF_FENCES: 1 },
    variant: 'READ_ONCE_WITHOUT_FENCE',
  },
  {
    name: 'barrier-waits',
    settings: { GATEWAYS: 3, SELF_FENCES: 1 },
    variant: 'BARRIER_WAITS_FOR_CLOSED',
  },
];
