import { isOpen, isSame, type Members } from '../members/members.ts';
import type { Records } from '../records/records.ts';
import type { FenceRequest } from './channels.ts';
import { decodeMessage, encodeMessage, FENCE_CHANNEL, type FenceAnswer } from './channels.ts';

/** Has a gateway fence others when a tool asks for it: a tool is no member, and cannot. */
export async function answerFences(records: Records, members: Members): Promise<void> {
  await records.watch(FENCE_CHANNEL, {
    onNotify: async (message) => encodeMessage(await fenceNamed(members, message)),
    // Who asked gets no answer, and may ask again; other gateways are asked as well.
    onLost: () => {},
  });
}

async function fenceNamed(members: Members, message: Uint8Array): Promise<FenceAnswer> {
  const name = decodeMessage<FenceRequest>(message)?.name;
  const named = members.view.members.filter((member) => member.name === name);
  const victim = named.find((member) => isOpen(member) || member.state === 'closed');
  if (victim === undefined) return { outcome: 'unknown' };
  if (isSame(victim, members.self)) return { outcome: 'self' };
  try {
    await members.fence(victim);
    return { outcome: 'fenced' };
  } catch (error) {
    return { outcome: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}
