import { assert } from '../base/assert.ts';
import type { CommandCall, Plan } from './command.ts';
import type { CommandResult } from './command-result.ts';
import { contiguous, fill } from './data-buffers.ts';
import { goodWith } from './sense-table.ts';
import type { Task } from './task.ts';

/** A command that moves no data. */
export const NO_DATA: Plan = Object.freeze({ dataOut: 0, dataIn: 0 });

/** A command that returns at most ALLOCATION LENGTH bytes of parameter data. */
export function returning(allocationLength: number): Plan {
  return { dataOut: 0, dataIn: allocationLength };
}

/** A command that takes PARAMETER LIST LENGTH bytes of parameter list. */
export function taking(parameterListLength: number): Plan {
  return { dataOut: parameterListLength, dataIn: 0 };
}

/**
 * GOOD with the parameter data, cut at the ALLOCATION LENGTH, which SPC does not treat as an error.
 * What the command transfers is the smaller of the two, and residuals count from there.
 */
export function answer(
  call: CommandCall,
  data: Uint8Array,
  allocationLength: number,
): CommandResult {
  const { task } = call;
  assert(allocationLength >= 0, 'an ALLOCATION LENGTH is a count of bytes');
  task.transferLength = Math.min(data.length, allocationLength);
  const length = Math.min(task.transferLength, task.dataInExpected);
  if (length === 0) return goodWith(0);
  return goodWith(fill(task.allocateDataIn(length), data.subarray(0, length)));
}

/** The parameter list, cut at PARAMETER LIST LENGTH. */
export function parameterList(task: Task, parameterListLength: number): Uint8Array {
  return contiguous(task.dataOut).subarray(0, parameterListLength);
}
