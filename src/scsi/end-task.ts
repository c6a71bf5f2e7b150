import type { Ending } from './ending.ts';
import type { LogicalUnit } from './logical-unit.ts';
import { buildSense } from './sense.ts';
import { Status } from './status.ts';
import type { Task } from './task.ts';

/** Ends a task; `dataIn`: how many bytes a handler that says nothing else has provided. */
export function endTask(
  task: Task,
  ending: Ending,
  logicalUnit: LogicalUnit | undefined,
  dataIn: number,
): void {
  const { status, sense, dataInLength } = ending;
  if (sense !== undefined) {
    const descriptorFormat = logicalUnit?.modes.dSense ?? false;
    task.end(status, 0, buildSense(sense, descriptorFormat));
    return;
  }
  if (status !== Status.good) {
    task.end(status, 0, undefined);
    return;
  }
  if (dataInLength !== undefined && dataInLength < dataIn) task.transferLength = dataInLength;
  task.end(status, dataInLength ?? dataIn, undefined);
}
