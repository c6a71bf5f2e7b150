import { formatBytes } from '../../base/format-bytes.ts';
import type { PlaceSpace } from '../../volume/volume.ts';
import type { SilentGateway } from './membership-status.ts';
import type { StatusFindings } from './status-findings.ts';
import { unservedLines } from './unserved-lines.ts';

/** Something that is not as the document wants it, or soon will not be. */
export interface StatusProblem {
  readonly kind:
    | 'documentMissing'
    /** The document has no gateway. */
    | 'gatewaysMissing'
    /** It is in the document, but admits no initiators or holds commands. */
    | 'gatewayNotServing'
    /** It serves an older version of the document. */
    | 'gatewayBehind'
    /** It runs, and is not in the document. */
    | 'gatewayUnknown'
    /** It runs a release that does not enforce reservations. */
    | 'gatewayTooOld'
    | 'diskNotServed'
    /** The record of its logical unit, which has a mark, cannot be read. */
    | 'unitRecordUnreadable'
    /** Writes to it find no space. */
    | 'diskFull'
    /** Its image has lost its name, and may be deleted at any time. */
    | 'imageUnnamed'
    | 'storeNearlyFull';
  /** The problem in words, with what to do about it where that is known. */
  readonly message: string;
}

export interface StatusFacts extends StatusFindings {
  /** Names of the gateways in the document. */
  readonly wanted: readonly string[];
  readonly places: readonly PlaceSpace[];
  readonly softThresholdPercent: number;
}

/** The commands that problems advise, as they are written where the status is read. */
export interface StatusAdvice {
  /** The command that runs this gateway on the same store. */
  gatewayCommand(name: string): string;
}

/** All that is wrong; none: every gateway serves every disk of the newest version. */
export function statusProblems(
  status: StatusFacts,
  advice: StatusAdvice,
): readonly StatusProblem[] {
  if (status.version === 0) {
    const message = 'the store has no document yet: "allpath apply" makes one';
    return [{ kind: 'documentMissing', message }];
  }
  return [
    ...missingGateways(status),
    ...silentProblems(status, advice),
    ...answerProblems(status),
    ...olderGateways(status),
    ...unservedLines(status.unserved).map(
      (message): StatusProblem => ({ kind: 'diskNotServed', message }),
    ),
    ...unreadableRecords(status),
    ...fullDisks(status),
    ...unnamedImages(status),
    ...nearlyFull(status),
  ];
}

function missingGateways({ wanted }: StatusFacts): StatusProblem[] {
  if (wanted.length > 0) return [];
  const message =
    'the document has no gateways, so nothing is served: add one under "gateways" to the ' +
    'output of "allpath get --secrets", and "allpath apply" it';
  return [{ kind: 'gatewaysMissing', message }];
}

const DRAINING = 'is stopping: it drains';

/** `command`: the command that runs the gateway. */
const SILENT: Readonly<Record<SilentGateway['state'], (command: string) => string>> = {
  'not running': (command) => `is not running: start it (${command})`,
  'no answer': () => 'does not answer, but its process is running',
  joining: () => 'is starting, and does not serve yet',
  draining: () => DRAINING,
  closed: () => 'is being fenced',
  fenced: (command) => `was fenced and does not serve yet: see its log, or start it (${command})`,
};

function silentProblems(
  { silentStates }: StatusFacts,
  { gatewayCommand }: StatusAdvice,
): StatusProblem[] {
  return silentStates.map(({ name, state }) => ({
    kind: 'gatewayNotServing',
    message: `gateway ${name} ${SILENT[state](gatewayCommand(name))}`,
  }));
}

function answerProblems({ gateways, wanted, version, members }: StatusFacts): StatusProblem[] {
  const latest = new Map(members.list.map((member) => [member.name, member]));
  return gateways.flatMap(({ name, draining, documentVersion }): StatusProblem[] => {
    // The document was changed since it was read: whether this gateway is in it is not known here.
    const isAhead = documentVersion > version;
    if (!wanted.includes(name) && !isAhead) {
      const message = `gateway ${name} is not in the document and serves nothing: stop its process`;
      return [{ kind: 'gatewayUnknown', message }];
    }
    if (draining) {
      return [{ kind: 'gatewayNotServing', message: `gateway ${name} ${DRAINING}` }];
    }
    if (latest.get(name)?.isHolding === true) {
      const message = `gateway ${name} holds new commands until Ceph's monitors answer`;
      return [{ kind: 'gatewayNotServing', message }];
    }
    if (documentVersion >= version) return [];
    const message =
      `gateway ${name} serves version ${documentVersion} of the document, which is at ` +
      `version ${version}: see its log if this persists`;
    return [{ kind: 'gatewayBehind', message }];
  });
}

function olderGateways({ members }: StatusFacts): StatusProblem[] {
  const older = members.list.filter(({ state, enforcesEvents }) => {
    return state === 'serving' && !enforcesEvents;
  });
  return older.map(({ name }) => ({
    kind: 'gatewayTooOld',
    message:
      `gateway ${name} runs a release that does not enforce reservations: no host can reserve a ` +
      'disk until it is upgraded',
  }));
}

/** A gateway that does not serve the disk for this reason has said so. */
function unreadableRecords({ units, unserved }: StatusFacts): StatusProblem[] {
  const told = new Set(unserved.flatMap(({ disks }) => disks.map(({ disk }) => disk)));
  return units.list.flatMap(({ uuid, disk = uuid, problem }): StatusProblem[] => {
    if (problem === undefined || told.has(disk)) return [];
    return [{ kind: 'unitRecordUnreadable', message: `disk ${disk}: ${problem}` }];
  });
}

function fullDisks({ gateways }: StatusFacts): StatusProblem[] {
  const disks = new Set(gateways.flatMap(({ fullDisks: names = [] }) => names));
  return [...disks].sort().map((disk) => ({
    kind: 'diskFull',
    message: `disk ${disk}: writes fail: free some space, or raise the quota of the pool`,
  }));
}

function unnamedImages({ renamed }: StatusFacts): StatusProblem[] {
  return renamed
    .filter(({ name }) => name === undefined)
    .map(({ disk, volume, id }) => ({
      kind: 'imageUnnamed',
      message:
        `disk ${disk}: its image ${volume} with the id ${id} has no name in the pool: it was ` +
        'deleted, or is in the trash (rbd trash ls, restore)',
    }));
}

function nearlyFull({ places, softThresholdPercent }: StatusFacts): StatusProblem[] {
  return places.flatMap(({ place, usedBytes, availableBytes, inodes }): StatusProblem[] => {
    const nearlyFullOf = (used: number, available: number, what: string): StatusProblem[] => {
      const percent = (used / Math.max(1, used + available)) * 100;
      if (percent < softThresholdPercent) return [];
      const message =
        `the ${place} is nearly full: ${Math.floor(percent)} % of its ${what} ` +
        `(softThresholdPercent is ${softThresholdPercent})`;
      return [{ kind: 'storeNearlyFull', message }];
    };
    const left = `space are used, ${formatBytes(availableBytes)} are left`;
    return [
      ...nearlyFullOf(usedBytes, availableBytes, left),
      ...(inodes ? nearlyFullOf(inodes.used, inodes.available, 'inodes are used') : []),
    ];
  });
}
