import type { CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import { CopyParticipant, type CopyRole } from './copy-participant.ts';
import type { PlannedSegment } from './copy-plan.ts';
import type { CopyProgress } from './copy-results.ts';
import { copySegment } from './copy-segment.ts';

/** Where and why a copy ended early. */
export interface CopyFailure {
  /** Number of the first segment that was not copied whole. */
  readonly segment: number;
  /** The unit at which it failed. */
  readonly role: CopyRole;
  readonly result: CommandResult;
}

/**
 * Copies the segments in their order, and stops at the first that cannot be copied: a copy that was
 * made in part never ends without a failure.
 */
export async function runCopy(
  call: CommandCall,
  segments: readonly PlannedSegment[],
  progress: CopyProgress,
): Promise<CopyFailure | undefined> {
  const participants = new Participants(call);
  for (const { source, destination } of segments) {
    participants.at(source, 'source');
    participants.at(destination, 'destination');
  }
  const blocked = segments.findIndex((segment) => participants.failureOf(segment) !== undefined);
  const failed = blocked < 0 ? await copyAll(segments, participants, progress) : blocked;
  const failure = failed < 0 ? undefined : participants.failureOf(segments[failed]!);
  participants.end();
  return failure === undefined ? undefined : { ...failure, segment: failed };
}

/** The number of the segment that could not be copied; -1 when all are. */
async function copyAll(
  segments: readonly PlannedSegment[],
  participants: Participants,
  progress: CopyProgress,
): Promise<number> {
  for (const [number, segment] of segments.entries()) {
    const source = participants.at(segment.source, 'source');
    const destination = participants.at(segment.destination, 'destination');
    const progressed = (bytes: number): void => {
      progress.copiedBytes += bytes;
    };
    const result = await copySegment({ segment, source, destination, progressed });
    if (result.status !== 'done') {
      if (source.obstacle === undefined) destination.failed(result);
      return number;
    }
    progress.segmentsProcessed++;
  }
  return -1;
}

/** The units that a copy reads or writes: one command for each, and for each of the two. */
class Participants {
  readonly #call: CommandCall;
  readonly #byRole = {
    source: new Map<LogicalUnit, CopyParticipant>(),
    destination: new Map<LogicalUnit, CopyParticipant>(),
  };

  constructor(call: CommandCall) {
    this.#call = call;
  }

  at(logicalUnit: LogicalUnit, role: CopyRole): CopyParticipant {
    const known = this.#byRole[role].get(logicalUnit);
    if (known !== undefined) return known;
    const participant = new CopyParticipant(this.#call, logicalUnit, role);
    this.#byRole[role].set(logicalUnit, participant);
    return participant;
  }

  /** What stops the copy of a segment, and where. */
  failureOf({ source, destination }: PlannedSegment): Omit<CopyFailure, 'segment'> | undefined {
    const atDestination = this.at(destination, 'destination').obstacle;
    if (atDestination !== undefined) return { role: 'destination', result: atDestination };
    const atSource = this.at(source, 'source').obstacle;
    return atSource === undefined ? undefined : { role: 'source', result: atSource };
  }

  end(): void {
    for (const participants of Object.values(this.#byRole)) {
      for (const participant of participants.values()) participant.end();
    }
  }
}
