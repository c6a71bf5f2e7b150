import type { Chap } from './document.ts';
import { type Finding, formatPath, type Path } from './problem.ts';

export interface PlacedChap {
  readonly chap: Chap;
  readonly path: Path;
}

/** A secret as CHAP hashes it, one character a byte, so that texts compare as their bytes do. */
interface Secret {
  readonly bytes: string;
  readonly path: Path;
  /** The target proves that it knows this secret; otherwise an initiator does. */
  readonly isMutual: boolean;
}

/**
 * No mutual secret may be an initiator's secret, in any entry: the target answers whatever challenge
 * it is sent, including one that it has sent itself in another login, and the answer would do there
 * (RFC 7143, 9.2.1). CHAP hashes the secret followed by the challenge, so it is no better if one of
 * the two secrets begins with the other: the rest of it can be moved into the challenge.
 */
export function checkSecrets(chaps: readonly PlacedChap[]): Finding[] {
  const secrets = chaps.flatMap(secretsOf).sort((a, b) => (a.bytes < b.bytes ? -1 : 1));
  const found: Finding[] = [];
  const told = new Set<Secret>();
  /** Sorted by bytes, a secret follows all those that it begins with: they are here. */
  const beginnings: Secret[] = [];
  for (const secret of secrets) {
    while (beginnings.length > 0 && !secret.bytes.startsWith(beginnings.at(-1)!.bytes)) {
      beginnings.pop();
    }
    for (const other of beginnings) {
      if (other.isMutual === secret.isMutual) continue;
      const [mutual, initiator] = secret.isMutual ? [secret, other] : [other, secret];
      if (told.has(mutual)) continue;
      told.add(mutual);
      found.push({ path: mutual.path, message: messageFor(mutual, initiator) });
    }
    beginnings.push(secret);
  }
  return found;
}

function messageFor(mutual: Secret, initiator: Secret): string {
  const relation = mutual.bytes === initiator.bytes ? 'is equal to' : 'begins like';
  const where = formatPath(initiator.path);
  const why = "a login could be answered with the target's own answer";
  return `${relation} ${where}: ${why}; choose another`;
}

function secretsOf({ chap, path }: PlacedChap): Secret[] {
  const { secret, mutual } = chap;
  const own = { bytes: bytesOf(secret), path: [...path, 'secret'], isMutual: false };
  if (mutual === undefined) return [own];
  const back = { bytes: bytesOf(mutual.secret), path: [...path, 'mutual', 'secret'] };
  return [own, { ...back, isMutual: true }];
}

function bytesOf(secret: string): string {
  return Buffer.from(secret, 'utf8').toString('latin1');
}
