import type { Chap } from './document.ts';
import { type Finding, formatPath, type Path } from './problem.ts';

export interface PlacedChap {
  readonly chap: Chap;
  readonly path: Path;
}

/** The places of one secret, which CHAP hashes as bytes: here one character a byte. */
interface Secret {
  readonly bytes: string;
  /** Where an initiator proves that it knows it. */
  readonly initiators: Path[];
  /** Where the target proves that it knows it. */
  readonly targets: Path[];
  /** A secret of an initiator that is equal, or begins with this one, or this one with it. */
  conflict: Secret | undefined;
}

/**
 * No mutual secret may be an initiator's secret, in any entry: the target answers any challenge
 * that it is sent, including one that it sent itself in another login, where the answer would do
 * (RFC 7143, 9.2.1). CHAP hashes the secret followed by the challenge, so it is no better if one of
 * the two secrets begins with the other: the rest can be moved into the challenge.
 */
export function checkSecrets(chaps: readonly PlacedChap[]): Finding[] {
  const secrets = secretsOf(chaps).sort((a, b) => (a.bytes < b.bytes ? -1 : 1));
  /** Sorted by bytes, a secret follows all those that it begins with: they are here. */
  const beginnings: Secret[] = [];
  for (const secret of secrets) {
    while (beginnings.length > 0 && !secret.bytes.startsWith(beginnings.at(-1)!.bytes)) {
      beginnings.pop();
    }
    beginnings.push(secret);
    if (secret.initiators.length > 0) secret.conflict = secret;
    for (const beginning of beginnings) {
      if (beginning.initiators.length > 0) secret.conflict ??= beginning;
      if (secret.initiators.length > 0) beginning.conflict ??= secret;
    }
  }
  return secrets.flatMap((secret) => {
    const { conflict, targets } = secret;
    if (conflict === undefined) return [];
    const message = messageFor(secret, conflict);
    return targets.map((path) => ({ path, message }));
  });
}

function messageFor(mutual: Secret, initiator: Secret): string {
  const relation = mutual === initiator ? 'is equal to' : 'begins like';
  const where = formatPath(initiator.initiators[0]!);
  const why = "a login could be answered with the target's own answer";
  return `${relation} ${where}: ${why}; choose another`;
}

function secretsOf(chaps: readonly PlacedChap[]): Secret[] {
  const secrets = new Map<string, Secret>();
  const secretOf = (text: string): Secret => {
    const bytes = Buffer.from(text, 'utf8').toString('latin1');
    const known = secrets.get(bytes);
    const secret = known ?? { bytes, initiators: [], targets: [], conflict: undefined };
    secrets.set(bytes, secret);
    return secret;
  };
  for (const { chap, path } of chaps) {
    secretOf(chap.secret).initiators.push([...path, 'secret']);
    const { mutual } = chap;
    if (mutual !== undefined) secretOf(mutual.secret).targets.push([...path, 'mutual', 'secret']);
  }
  return [...secrets.values()];
}
