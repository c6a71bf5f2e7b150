import type { Membership } from '../membership/membership.ts';

type ReadMembership = Pick<Membership, 'view' | 'confirm'>;

/**
 * Which incarnation that a record names is over, by the members as this gateway last read them. A
 * record may name one that joined after that read. So one that the view does not show is over only
 * if the view once showed it, or was read after the record. A record names one at a time.
 */
export class LostIncarnations {
  readonly #membership: ReadMembership;
  readonly #onLost: () => void;
  #asked: string | undefined;
  /** The view has shown `#asked`, or would show it if it were not over. */
  #isCovered = false;

  /** `onLost` is called when an incarnation that was not over when `isLost` was asked is over. */
  constructor(membership: ReadMembership, onLost: () => void) {
    this.#membership = membership;
    this.#onLost = onLost;
  }

  isLost(incarnation: string): boolean {
    const { members } = this.#membership.view;
    const member = members.find((each) => each.incarnation === incarnation);
    if (incarnation !== this.#asked) {
      this.#asked = incarnation;
      this.#isCovered = member !== undefined;
      if (!this.#isCovered) void this.#readMembers(incarnation);
    }
    return member === undefined ? this.#isCovered : member.state === 'finished';
  }

  async #readMembers(incarnation: string): Promise<void> {
    // The view is then one that was read after this call.
    if (!(await this.#membership.confirm()) || incarnation !== this.#asked) return;
    this.#isCovered = true;
    if (this.isLost(incarnation)) this.#onLost();
  }
}
