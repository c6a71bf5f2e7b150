import type { Clock } from '../base/clock.ts';
import type { MemberState, MembershipView } from './membership.ts';

interface Sign {
  readonly counter: number;
  /** When this gateway first saw the counter. The heartbeat is no later than that. */
  readonly seenMs: number;
}

/**
 * For how long each member has shown no heartbeat. Gateways share no clock: each measures by its
 * own, from when it has read a counter itself.
 */
export class SignsOfLife {
  readonly #clock: Clock;
  /** By incarnation. As many as the members object has. */
  #signs = new Map<string, Sign>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  see({ members }: MembershipView): void {
    const nowMs = this.#clock.now();
    this.#signs = new Map(
      members.map(({ incarnation, heartbeat: { counter } }) => {
        const before = this.#signs.get(incarnation);
        return [incarnation, before?.counter === counter ? before : { counter, seenMs: nowMs }];
      }),
    );
  }

  /** 0 where the state has a heartbeat that was not seen before. */
  readonly silentForMs = ({ incarnation, heartbeat }: MemberState): number => {
    const sign = this.#signs.get(incarnation);
    return sign?.counter === heartbeat.counter ? this.#clock.now() - sign.seenMs : 0;
  };
}
