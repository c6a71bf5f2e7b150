import { QueueErrorManagement, TaskSetType, UnitAttentionInterlock } from './standard/mode.ts';

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
  /** Control page, QUEUE ERROR MANAGEMENT: other commands after one with CHECK CONDITION. */
  qerr: number;
  /** Control page, UNIT ATTENTION INTERLOCKS CONTROL. */
  uaIntlckCtrl: number;
  /** Control page, TASK ABORTED STATUS: tasks aborted by others end with that status. */
  tas: boolean;
}

/** The mode parameters of a logical unit as its initiators share them. */
export interface ModeValues {
  readonly current: Readonly<ModeParameters>;
  /** The parameters that a logical unit reset makes current, and the next life of the cluster. */
  readonly saved: Readonly<ModeParameters>;
  /** The life in which `current` was made; undefined: by a release that did not record it. */
  readonly life: number | undefined;
}

/**
 * The mode parameters as they read in a life of the cluster: when every gateway was down at once,
 * the saved ones are current, as after a power on. Those of an unknown life are of this one.
 */
export function modesInLife(modes: ModeValues, life: number): ModeValues {
  if (modes.life === undefined) return { ...modes, life };
  return modes.life >= life ? modes : { current: modes.saved, saved: modes.saved, life };
}

/** `volatileCache`: whether the medium has one (default of WCE). */
export function defaultModes(volatileCache: boolean): Readonly<ModeParameters> {
  return Object.freeze({
    wce: volatileCache,
    swp: false,
    dSense: false,
    tst: TaskSetType.perNexus,
    queueAlgorithmModifier: 0,
    qerr: QueueErrorManagement.continue,
    uaIntlckCtrl: UnitAttentionInterlock.none,
    tas: false,
  });
}

export function isSameModes(
  left: Readonly<ModeParameters>,
  right: Readonly<ModeParameters>,
): boolean {
  return (Object.keys(left) as (keyof ModeParameters)[]).every((key) => left[key] === right[key]);
}
