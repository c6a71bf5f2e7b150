import { systemReason } from '../base/system-reason.ts';
import { decodeMessage, type FenceAnswer, type FenceRequest } from '../control/channels.ts';
import { isOpen, isSame, type Membership } from '../membership/membership.ts';

/**
 * Fences the gateway that a request of `FENCE_CHANNEL` names. Tools ask gateways to do it, because
 * a tool is not a member and cannot fence.
 */
export async function fenceNamed(
  membership: Membership,
  message: Uint8Array,
): Promise<FenceAnswer> {
  const name = decodeMessage<FenceRequest>(message)?.name;
  const named = membership.view.members.filter((member) => member.name === name);
  const victim = named.find((member) => isOpen(member) || member.state === 'closed');
  if (victim === undefined) return { outcome: 'unknown' };
  if (isSame(victim, membership.self)) return { outcome: 'self' };
  try {
    await membership.fence(victim);
    return { outcome: 'fenced' };
  } catch (error) {
    return { outcome: 'failed', reason: systemReason(error) };
  }
}
