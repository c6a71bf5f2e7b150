import { assert } from '../../base/assert.ts';
import type { Member } from '../records.ts';

/** The most instances that are remembered; the one learnt first is forgotten first. */
const INSTANCES_MAX = 4096;

/**
 * Which member a client instance of the cluster is, as far as it was heard: RADOS names those that
 * did not acknowledge a notification by their instance alone.
 */
export class ClientInstances {
  readonly #members = new Map<bigint, Member>();

  learn(gid: bigint, member: Member): void {
    const [first] = this.#members.keys();
    if (!this.#members.has(gid) && this.#members.size >= INSTANCES_MAX) {
      this.#members.delete(first!);
    }
    this.#members.set(gid, member);
    assert(this.#members.size <= INSTANCES_MAX, 'the instances that are known are bounded');
  }

  /** One that was never heard is named by its instance. */
  memberOf(gid: bigint): Member {
    return this.#members.get(gid) ?? { name: 'unknown', incarnation: `client.${gid}` };
  }
}
