import { systemReason } from '../base/system-reason.ts';
import { decodeMessage, type FenceAnswer, type FenceRequest } from '../control/channels.ts';
import { isOpen, isSame, type Members } from '../members/members.ts';

/**
 * Fences the gateway that a request of `FENCE_CHANNEL` names. Tools ask gateways to do it: a tool
 * is no member, and cannot fence.
 */
export async function fenceNamed(members: Members, message: Uint8Array): Promise<FenceAnswer> {
  const name = decodeMessage<FenceRequest>(message)?.name;
  const named = members.view.members.filter((member) => member.name === name);
  const victim = named.find((member) => isOpen(member) || member.state === 'closed');
  if (victim === undefined) return { outcome: 'unknown' };
  if (isSame(victim, members.self)) return { outcome: 'self' };
  try {
    await members.fence(victim);
    return { outcome: 'fenced' };
  } catch (error) {
    return { outcome: 'failed', reason: systemReason(error) };
  }
}
