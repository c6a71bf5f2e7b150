import { assert } from '../../base/assert.ts';
import { MEDIUM_SLOW_MS } from '../limits.ts';
import type { CommandAges } from '../nexus.ts';
import type { Execution } from './execution.ts';
import { TaskState } from './task-life.ts';
import type { TaskSet } from './task-set.ts';

/**
 * For how long the oldest commands of these task sets have been with their medium, or have waited
 * for the lease of this gateway's memory, by a clock that runs only while the gateway works.
 * `onSlow` is told of each command that the medium is slow with.
 */
export function ageCommands(
  sets: readonly TaskSet<Execution>[],
  agedMs: number,
  onSlow: (execution: Execution) => void,
): CommandAges {
  let oldestMs = agedMs;
  let oldestChangeMs = agedMs;
  let oldestAgreementMs = agedMs;
  for (const tasks of sets) {
    for (let at = tasks.first; at !== undefined; at = at.next) {
      const awaitsLease = at.state === TaskState.awaitingLease;
      if (!at.isRunning && !awaitsLease) continue;
      if (awaitsStepsOfOthers(at)) continue;
      const isWaiting = at.steps?.isWaiting === true;
      // A command that waits is stuck only if those before it are.
      if (isWaiting && at.steps?.takeProgressOfOthers() === true) at.progressed();
      assert(at.startedMs <= agedMs, 'a command began in the past');
      oldestMs = Math.min(oldestMs, at.startedMs);
      if (isWaiting) continue;
      if (agedMs - at.startedMs >= MEDIUM_SLOW_MS) onSlow(at);
      const isChange = at.changesMedium && !awaitsLease;
      if (isChange) oldestChangeMs = Math.min(oldestChangeMs, at.startedMs);
      if (at.changesState) oldestAgreementMs = Math.min(oldestAgreementMs, at.startedMs);
    }
  }
  return {
    runningMs: agedMs - oldestMs,
    changingMs: agedMs - oldestChangeMs,
    agreeingMs: agedMs - oldestAgreementMs,
  };
}

/**
 * A third-party copy has steps at one of its units at a time. Its commands at the other units, and
 * the command that asked for it, wait for these steps and are not stuck themselves.
 */
function awaitsStepsOfOthers({ task, steps, companions }: Execution): boolean {
  return steps === undefined && (companions !== undefined || task.attribute === 'participant');
}
