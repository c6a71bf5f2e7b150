import type { Clock } from '../../src/base/clock.ts';
import type { CopyManager } from '../../src/scsi/copy/copy-manager.ts';
import { IdentifiedCopies } from '../../src/scsi/copy/identified-copies.ts';
import { RodTokens } from '../../src/scsi/copy/rod-tokens.ts';

const KEY = new Uint8Array(32).fill(7);
/** The same numbers of tokens at every gateway, so that what they answer can be compared. */
const random = { bytes: (length: number) => new Uint8Array(length), below: () => 0 };

let ticks = 0;

/** The copy manager of a gateway in memory, which asks those of the others. */
export function copyManagerOf(
  clock: Clock,
  gateways: IdentifiedCopies[] = [],
  tokenUtcMs = () => clock.now(),
): CopyManager {
  // No two copies begin at the same time, as in a cluster.
  const utcMs = () => clock.now() + ++ticks / 1_000_000;
  const copies = new IdentifiedCopies({
    utcMs,
    askAll: async (name) => gateways.flatMap((each) => each.reportOf(name) ?? []),
  });
  gateways.push(copies);
  const tokens = new RodTokens({ key: async () => KEY, utcMs: tokenUtcMs, random });
  return { tokens, copies };
}
