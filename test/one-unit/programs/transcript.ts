import { createHash } from 'node:crypto';
import { nexusNameOf, type Program, type Request, type Step } from './program.ts';

/** What came of each step of a whole program: every answer, and nothing of how long it took. */
export type Transcript = readonly string[];

/** The first step that came to something else; undefined: there is none. */
export function firstDifference(one: Transcript, other: Transcript): number | undefined {
  const at = one.findIndex((text, step) => text !== other[step]);
  return at < 0 ? undefined : at;
}

export interface Answer {
  readonly status: number;
  readonly sense: Uint8Array;
  readonly dataIn: Uint8Array;
  /** What the transport makes the residual count of. */
  readonly transferred: number;
}

const SHOWN_BYTES_MAX = 512;
const SHOWN_OUT_BYTES_MAX = 64;

export function textOfAnswer({ status, sense, dataIn, transferred }: Answer): string {
  const parts = [`status ${status.toString(16).padStart(2, '0')}`, `of ${transferred}`];
  if (sense.length > 0) parts.push(`sense ${hex(sense)}`);
  if (dataIn.length > 0) parts.push(`data ${textOfData(dataIn)}`);
  return parts.join(', ');
}

function textOfData(data: Uint8Array): string {
  if (data.length <= SHOWN_BYTES_MAX) return hex(data);
  return `of ${data.length} bytes, ${createHash('sha1').update(data).digest('hex')}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function textOfDataOut(data: Uint8Array): string {
  const shown = hex(data.subarray(0, SHOWN_OUT_BYTES_MAX));
  return data.length <= SHOWN_OUT_BYTES_MAX ? shown : `${data.length} bytes from ${shown} on`;
}

const howSent = { command: '', start: ', data withheld', held: ', held' } as const;

/** The step as a reader needs it, also to reproduce it by hand. */
export function textOfStep(program: Program, step: Step): string {
  switch (step.kind) {
    case 'command':
    case 'start':
    case 'held': {
      const who = nexusNameOf(program, step.nexus);
      const sent = `#${step.number} ${who} ${textOfRequest(step.request)}`;
      const then = step.kind === 'held' ? `; then ${textOfStep(program, step.then)}` : '';
      return sent + howSent[step.kind] + then;
    }
    case 'manage': {
      const who = nexusNameOf(program, step.nexus);
      return `${who} ${step.function} at LUN ${step.lun} of #${step.of}`;
    }
    case 'data':
      return `the data of #${step.of}`;
    case 'login': {
      const how = step.isLogout ? 'out, and in again' : 'in again';
      return `${nexusNameOf(program, step.nexus)} logs ${how}`;
    }
    case 'resize':
      return `LUN ${step.lun} has ${step.blocks} blocks`;
    case 'wait':
      return `${step.ms} ms pass`;
  }
}

function textOfRequest({ name, lun, cdb, dataOut, attribute }: Request): string {
  const data = dataOut.length === 0 ? '' : `, data-out ${textOfDataOut(dataOut)}`;
  return `${name} at LUN ${lun}, ${attribute}, CDB ${hex(cdb)}${data}`;
}
