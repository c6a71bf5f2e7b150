/** The path of one request through the source. */
export interface Course {
  /** In the order of their first entries. */
  readonly files: readonly string[];
  /** How often the next function is in another folder. */
  readonly crossings: number;
  /** Files that were entered again after others; the most frequent first. */
  readonly returns: readonly { readonly file: string; readonly times: number }[];
}

/** Folders whose work is independent of requests, or which serve all others like a language. */
const LEFT_OUT = new Set(['base', 'members', 'membership', 'records', 'cli']);

/** Makes a path of the files whose functions were entered, in order. */
export function courseOf(entered: readonly string[]): Course {
  const kept = entered.filter((file) => !LEFT_OUT.has(roomOf(file)));
  const steps = kept.filter((file, at) => file !== kept[at - 1]);
  const times = new Map<string, number>();
  for (const file of steps) times.set(file, (times.get(file) ?? -1) + 1);
  const crossings = steps.filter((file, at) => at > 0 && roomOf(file) !== roomOf(steps[at - 1]!));
  const returns = [...times].map(([file, count]) => ({ file, times: count }));
  return {
    files: [...times.keys()],
    crossings: crossings.length,
    returns: returns.filter((one) => one.times > 0).sort((a, b) => b.times - a.times),
  };
}

function roomOf(file: string): string {
  return file.split('/')[1] ?? '';
}
