/**
 * How long this gateway may answer from memory what gateways share: the state of a logical unit,
 * reservations, port groups. A gateway that others have closed may not know it yet, and an event
 * may be answered as soon as it is fenced; its medium refuses it then, but its memory does not.
 */
export interface StateLease {
  /** By the gateway's clock. */
  readonly untilMs: number;
  /** Calls once, when it runs again after it was over. */
  whenRenewed(call: () => void): void;
}

/** Of a gateway that nobody closes while it lives. */
export const ENDLESS_LEASE: StateLease = {
  untilMs: Number.POSITIVE_INFINITY,
  whenRenewed: () => {},
};
