import { AbortLog } from './abort-log.ts';
import { AttentionLedger } from './attention-ledger.ts';
import { DiskHistory } from './disk-history.ts';
import type { DocumentHistory } from './document-history.ts';
import { ModeHistory } from './mode-history.ts';
import { ReservationHistory } from './reservation-history.ts';

/** All that initiators did to a logical unit and were told of it, each part with its checker. */
export class UnitHistory {
  readonly blocks: DiskHistory;
  readonly attentions = new AttentionLedger();
  readonly aborts = new AbortLog();
  readonly modes: ModeHistory;
  readonly reservations: ReservationHistory;
  readonly document: DocumentHistory;

  constructor(nowMs: () => number, document: DocumentHistory) {
    this.document = document;
    this.blocks = new DiskHistory(nowMs);
    this.modes = new ModeHistory(nowMs);
    this.reservations = new ReservationHistory(nowMs);
  }

  /** All gateways were down at once. */
  lifeBegan(): void {
    this.modes.lifeBegan();
    this.reservations.lifeBegan();
    this.blocks.release();
  }
}
