import { TaskSetType } from './standard/mode.ts';

/** The mode parameters of a logical unit that have an effect; pages read and write them. */
export interface ModeParameters {
  /** Caching page, WRITE CACHE ENABLED: acknowledged writes may still be volatile. */
  wce: boolean;
  /** Control page, SOFTWARE WRITE PROTECT. */
  swp: boolean;
  /** Control page, D_SENSE: descriptor format sense data. */
  dSense: boolean;
  /** Control page, TASK SET TYPE: a task set for each I_T nexus, or one for all. */
  tst: number;
  /** Control page, QUEUE ALGORITHM MODIFIER: 0, restricted reordering. */
  queueAlgorithmModifier: number;
  /** Control page, QUEUE ERROR MANAGEMENT: 00b, other commands continue after an error. */
  qerr: number;
  /** Control page, UNIT ATTENTION INTERLOCKS CONTROL: 00b. */
  uaIntlckCtrl: number;
  /** Control page, TASK ABORTED STATUS: tasks aborted by others end with that status. */
  tas: boolean;
}

/** The mode parameters of a logical unit as its initiators share them. */
export interface ModeValues {
  readonly current: Readonly<ModeParameters>;
  /** The parameters that a logical unit reset makes current. */
  readonly saved: Readonly<ModeParameters>;
}

/** `volatileCache`: whether the medium has one (default of WCE). */
export function defaultModes(volatileCache: boolean): Readonly<ModeParameters> {
  return Object.freeze({
    wce: volatileCache,
    swp: false,
    dSense: false,
    tst: TaskSetType.perNexus,
    queueAlgorithmModifier: 0,
    qerr: 0,
    uaIntlckCtrl: 0,
    tas: false,
  });
}

export function isSameModes(
  left: Readonly<ModeParameters>,
  right: Readonly<ModeParameters>,
): boolean {
  return (Object.keys(left) as (keyof ModeParameters)[]).every((key) => left[key] === right[key]);
}
