import { didYouMean } from '../base/closest-name.ts';
import { Failure } from '../base/failure.ts';
import { decodeMessage, encodeMessage, FENCE_CHANNEL, type FenceAnswer } from './channels.ts';
import type { ControlContext } from './control-context.ts';
import { readDocument } from './document/document-record.ts';

/** A fence that takes longer is reported as failed, though it may still finish later. */
const FENCE_WAIT_MAX_MS = 8_000;

/**
 * Has a gateway fenced by the others: a process that is not a member cannot do it. Resolves with
 * the name of the gateway that did. Rejects with `fenceNoGateway`, `fenceUnknown` or `fenceFailed`.
 */
export async function fenceGateway(
  { records }: Pick<ControlContext, 'records'>,
  name: string,
): Promise<{ readonly by: string }> {
  const request = encodeMessage({ name });
  const { answers } = await records.notify(FENCE_CHANNEL, request, FENCE_WAIT_MAX_MS);
  const said = answers.flatMap(({ from, payload }) => {
    const answer = decodeMessage<FenceAnswer>(payload);
    return answer === undefined ? [] : [{ by: from.name, ...answer }];
  });
  const done = said.find(({ outcome }) => outcome === 'fenced');
  if (done !== undefined) return { by: done.by };
  const current = await readDocument(records);
  const names = current?.document.gateways.map((gateway) => gateway.name) ?? [];
  throw notFenced(name, said, names);
}

function notFenced(name: string, said: readonly FenceAnswer[], names: readonly string[]): Failure {
  const others = said.filter(({ outcome }) => outcome !== 'self');
  if (others.length === 0) {
    const message = `no other gateway serves, so none can fence ${name}`;
    return new Failure('fenceNoGateway', message, { name });
  }
  if (others.every(({ outcome }) => outcome === 'unknown')) {
    const near = names.includes(name) ? '' : didYouMean(name, names);
    return new Failure('fenceUnknown', `no gateway ${name} serves${near}`, { name });
  }
  const reasons = others.flatMap(({ reason }) => reason ?? []).join('; ');
  return new Failure('fenceFailed', `${name} is not fenced: ${reasons}`, { name });
}
