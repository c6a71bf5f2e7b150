import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';

/**
 * A request to the cluster, bounded in time. Rejects with `membersUnconfirmed` when it fails or is
 * late; a late request may still be carried out, but is not relied on.
 */
export async function clusterCall<T>(
  clock: Clock,
  limitMs: number,
  what: string,
  call: Promise<T>,
): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const fail = (reason: unknown) => reject(unconfirmed(`${what}: ${reason}`));
    const timer = clock.after(limitMs, () => fail('no answer'));
    call.then(resolve, fail).finally(() => timer.cancel());
  });
}

export function unconfirmed(reason: string): Failure {
  return new Failure('membersUnconfirmed', `Ceph did not confirm the fencing step: ${reason}`);
}
