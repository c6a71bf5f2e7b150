// The process of one party, good or hostile: it does what its parent says by messages, and ends
// with it.

import { setPriority } from 'node:os';
import { SeededRandom } from '../../support/seeded-random.ts';
import type { AttackField, Tally } from './attack.ts';
import { attackNamed } from './attacks.ts';
import { GoodSessions, type GoodSessionsOptions } from './good-sessions.ts';
import type { NumberedOrder, PartyAnswer, PartyOrder } from './party.ts';

/** Attackers leave the processor to those they attack: what is measured is what they ask for. */
const ATTACKER_NICE = 19;

let good: GoodSessions | undefined;
let tally: Tally = { requests: 0, answers: 0, ended: 0 };

process.on('disconnect', () => process.exit());
process.on('message', ({ number, order }: NumberedOrder) => {
  obey(order).then(
    (value) => answer({ number, value }),
    (error: unknown) => answer({ number, error: String(error) }),
  );
});

function answer(message: PartyAnswer): void {
  process.send?.(message);
}

async function obey(order: PartyOrder): Promise<unknown> {
  switch (order.order) {
    case 'behave':
      good = await GoodSessions.start(order.options as GoodSessionsOptions);
      return undefined;
    case 'report':
      return good?.take();
    case 'attack': {
      setPriority(ATTACKER_NICE);
      tally = { requests: 0, answers: 0, ended: 0 };
      const { name, seed, ...field } = order;
      const whole: AttackField = { ...field, random: new SeededRandom(seed), tally };
      await attackNamed(name).start(whole);
      return undefined;
    }
    case 'tally':
      return tally;
    default:
      throw new Error('no such order');
  }
}
