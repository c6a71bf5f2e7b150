import { AttentionLedger } from './attention-ledger.ts';
import { DiskHistory } from './disk-history.ts';
import { ModeHistory } from './mode-history.ts';
import { ReservationHistory } from './reservation-history.ts';

/** The mode parameter that initiators change. */
export const D_SENSE_SAVED = 0;

/**
 * Everything that initiators did to a logical unit and learned of it, each part with its checker.
 */
export class UnitHistory {
  readonly blocks: DiskHistory;
  readonly attentions = new AttentionLedger();
  readonly modes: ModeHistory;
  readonly reservations = new ReservationHistory();

  constructor(nowMs: () => number) {
    this.blocks = new DiskHistory(nowMs);
    this.modes = new ModeHistory(nowMs);
  }

  /** All gateways were down at once. */
  lifeBegan(): void {
    this.modes.lifeBegan(D_SENSE_SAVED);
    this.reservations.lifeBegan();
    this.blocks.release();
  }
}
