import type { Address } from '../../initiator/host.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';

/** One way to do harm: what it does, and how it begins. */
export interface Attack {
  readonly name: string;
  readonly does: string;
  /** Resolves when the attack is under way; it goes on until its process ends. */
  start(field: AttackField): Promise<void>;
}

/** Where an attack takes place. */
export interface AttackField {
  readonly address: Address;
  readonly targetName: string;
  readonly random: SeededRandom;
  /** Sessions that an attack by logged-in initiators uses. */
  readonly sessions: number;
  readonly blockLength: number;
  /** Only the first of so many blocks are the attackers' to change. */
  readonly blocks: number;
  readonly tally: Tally;
}

/** What an attack has done so far. */
export interface Tally {
  /** Requests of the attack itself, not the logins that come first; and answers that came. */
  requests: number;
  answers: number;
  /** Sessions or connections that the target ended or refused. */
  ended: number;
}

/** Initiator names of attackers begin so. */
export const ATTACKER_NAME = 'iqn.2026-11.test:attacker';
