/** The placeholder of a secret. `apply` refuses it with a message. */
export const REDACTED = '********';

/** The document, or a part of it, with every secret replaced. */
export function redactSecrets<T>(document: T): T {
  return replaceSecrets(document) as T;
}

function replaceSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(replaceSecrets);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    key === 'secret' ? REDACTED : replaceSecrets(inner),
  ]);
  return Object.fromEntries(entries);
}
