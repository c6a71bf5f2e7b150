import type { Random } from '../base/random.ts';
import type { Records } from '../records/records.ts';
import type { CopyManager } from '../scsi/copy/copy-manager.ts';
import { IdentifiedCopies } from '../scsi/copy/identified-copies.ts';
import { RodTokens } from '../scsi/copy/rod-tokens.ts';
import { askForCopy } from './copy-requests.ts';
import { TokenKey } from './token-key.ts';

/** The copy manager of a gateway: it agrees with those of other gateways through the store. */
export function gatewayCopies(records: Records, random: Random, utcMs: () => number): CopyManager {
  const key = new TokenKey(records, random);
  return {
    tokens: new RodTokens({ key: () => key.get(), utcMs, random }),
    copies: new IdentifiedCopies({ utcMs, askAll: (name) => askForCopy(records, name) }),
  };
}
