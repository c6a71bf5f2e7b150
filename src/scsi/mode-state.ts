/** The mode parameters of a logical unit that mean something here; pages read and write them. */
export interface ModeParameters {
  /** Caching page, WRITE CACHE ENABLED: acknowledged writes may still be volatile. */
  wce: boolean;
  /** Control page, SOFTWARE WRITE PROTECT. */
  swp: boolean;
  /** Control page, D_SENSE: descriptor format sense data. */
  dSense: boolean;
  /** Control page, TASK SET TYPE: 001b, a task set for each I_T nexus; not changeable. */
  tst: number;
  /** Control page, QUEUE ALGORITHM MODIFIER: 0, restricted reordering. */
  queueAlgorithmModifier: number;
  /** Control page, QUEUE ERROR MANAGEMENT: 00b, other commands go on after an error. */
  qerr: number;
  /** Control page, UNIT ATTENTION INTERLOCKS CONTROL: 00b. */
  uaIntlckCtrl: number;
  /** Control page, TASK ABORTED STATUS: tasks aborted by others end with that status. */
  tas: boolean;
}

/** The current, default and saved mode parameters of one logical unit. */
export class ModeState {
  readonly defaults: Readonly<ModeParameters>;
  readonly current: ModeParameters;
  #saved: Readonly<ModeParameters>;

  /** `volatileCache`: whether the medium has one (default of WCE). */
  constructor(volatileCache: boolean) {
    this.defaults = Object.freeze({
      wce: volatileCache,
      swp: false,
      dSense: false,
      tst: 1,
      queueAlgorithmModifier: 0,
      qerr: 0,
      uaIntlckCtrl: 0,
      tas: false,
    });
    this.current = { ...this.defaults };
    this.#saved = this.defaults;
  }

  get saved(): Readonly<ModeParameters> {
    return this.#saved;
  }

  /** MODE SELECT with SP 1: what is current outlives a logical unit reset. */
  save(): void {
    this.#saved = Object.freeze({ ...this.current });
  }

  /** A logical unit reset: the saved values become current. */
  reset(): void {
    Object.assign(this.current, this.#saved);
  }
}
