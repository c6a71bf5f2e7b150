import { systemReason } from '../base/system-reason.ts';
import { decodeMessage, type FenceAnswer, type FenceRequest } from '../control/channels.ts';
import { isSame, type Membership } from '../membership/membership.ts';

/**
 * Fences the gateway that a request of `FENCE_CHANNEL` names. Tools ask gateways to do it, because
 * a tool is not a member and cannot fence.
 */
export async function fenceNamed(
  membership: Membership,
  message: Uint8Array,
): Promise<FenceAnswer> {
  const name = decodeMessage<FenceRequest>(message)?.name;
  try {
    // Not `membership.view`: an incarnation that was opened since then would be left unfenced.
    const { members } = await membership.read();
    // Of two incarnations of one name, the older may be closed and not yet fenced.
    const victims = members.filter((member) => member.name === name && member.state !== 'finished');
    if (victims.length === 0) return { outcome: 'unknown' };
    if (victims.some((member) => isSame(member, membership.self))) return { outcome: 'self' };
    await Promise.all(victims.map((victim) => membership.fence(victim)));
    return { outcome: 'fenced' };
  } catch (error) {
    return { outcome: 'failed', reason: systemReason(error) };
  }
}
