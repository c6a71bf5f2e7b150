/** Whether two values of a document say the same; the order of keys means nothing. */
export function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

/** The keys, but for `except`, under which two entries differ. */
export function differences<T extends object>(
  before: T,
  after: T,
  except: readonly (keyof T)[] = [],
): readonly (keyof T & string)[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return (keys as (keyof T & string)[]).filter((key) => {
    return !except.includes(key) && !equal(before[key], after[key]);
  });
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}
