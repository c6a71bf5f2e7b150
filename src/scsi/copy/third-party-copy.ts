import type { VolumeResult } from '../../volume/volume.ts';
import type { CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import { atSegment, conditions, results } from '../sense-table.ts';
import { CopyParticipant, type CopyRole } from './copy-participant.ts';
import type { PlannedSegment } from './copy-plan.ts';
import type { CopyProgress } from './copy-results.ts';
import { copySegment } from './copy-segment.ts';

/**
 * Copies the segments in their order. The first that cannot be copied ends the copy with COPY
 * ABORTED and its number: a copy that was made in part never ends GOOD.
 */
export async function runCopy(
  call: CommandCall,
  segments: readonly PlannedSegment[],
  progress: CopyProgress,
): Promise<CommandResult> {
  const participants = new Participants(call);
  for (const { source, destination } of segments) {
    participants.at(source, 'source');
    participants.at(destination, 'destination');
  }
  const blocked = segments.findIndex((segment) => participants.obstacleTo(segment) !== undefined);
  const failed = blocked < 0 ? await copyAll(segments, participants, progress) : blocked;
  participants.end();
  if (failed < 0) return results.good;
  return atSegment(conditions.thirdPartyDeviceFailure, failed);
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
      if (isOfVolume(result)) destination.end(result);
      return number;
    }
    progress.segmentsProcessed++;
  }
  return -1;
}

function isOfVolume(result: VolumeResult | CommandResult): result is VolumeResult {
  return typeof result.status === 'string';
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

  obstacleTo({ source, destination }: PlannedSegment): CommandResult | undefined {
    return this.at(source, 'source').obstacle ?? this.at(destination, 'destination').obstacle;
  }

  end(): void {
    for (const participants of Object.values(this.#byRole)) {
      for (const participant of participants.values()) participant.end();
    }
  }
}
