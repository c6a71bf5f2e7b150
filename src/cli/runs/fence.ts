import { didYouMean } from '../../base/closest-name.ts';
import { Failure } from '../../base/failure.ts';
import {
  decodeMessage,
  encodeMessage,
  FENCE_CHANNEL,
  type FenceAnswer,
} from '../../control/channels.ts';
import { readDocument } from '../../control/document/document-record.ts';
import { type CliCall, ExitCode } from '../command-spec.ts';
import { print, printJson } from '../output.ts';
import { withStore } from '../tool-store.ts';

/** A fence that takes longer is not finished in time; it may be all the same, later. */
const FENCE_WAIT_MAX_MS = 8_000;

export async function runFence(call: CliCall): Promise<number> {
  const name = String(call.arguments[0]);
  return await withStore(call, { ifAbsent: 'refuse', reads: true }, async ({ records }) => {
    const request = encodeMessage({ name });
    const { answers } = await records.notify(FENCE_CHANNEL, request, FENCE_WAIT_MAX_MS);
    const said = answers.flatMap(({ from, payload }) => {
      const answer = decodeMessage<FenceAnswer>(payload);
      return answer === undefined ? [] : [{ by: from.name, ...answer }];
    });
    const done = said.find(({ outcome }) => outcome === 'fenced');
    if (done === undefined) {
      const names = (await readDocument(records))?.document.gateways.map((each) => each.name);
      throw failure(name, said, names ?? []);
    }
    if (call.json) printJson({ fenced: name, by: done.by });
    else print(`${name} is fenced, by ${done.by}`);
    return ExitCode.ok;
  });
}

function failure(name: string, said: readonly FenceAnswer[], names: readonly string[]): Failure {
  const others = said.filter(({ outcome }) => outcome !== 'self');
  if (others.length === 0) {
    return new Failure('fenceNobody', `no other gateway serves that could fence ${name}`, { name });
  }
  if (others.every(({ outcome }) => outcome === 'unknown')) {
    const near = names.includes(name) ? '' : didYouMean(name, names);
    return new Failure('fenceUnknown', `no gateway ${name} serves${near}`, { name });
  }
  const reasons = others.flatMap(({ reason }) => reason ?? []).join('; ');
  return new Failure('fenceFailed', `${name} is not fenced: ${reasons}`, { name });
}
