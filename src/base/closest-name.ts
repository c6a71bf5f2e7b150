/** Names that a suggestion looks through; a document may have thousands. */
const NAMES_MAX = 5_000;
/** A longer word is not a typing error; the bound also limits the work of one comparison. */
const LENGTH_MAX = 64;

/** A word of this length that begins a name stands for it. */
const PREFIX_LENGTH_MIN = 3;

/**
 * `; did you mean X?` for the name that was most likely meant, or nothing if none is close: one
 * slip for every three characters, at most three (a character too many, missing, wrong, or two
 * swapped), or the rest of the name left out.
 */
export function didYouMean(word: string, names: Iterable<string>): string {
  const name = closestName(word, names);
  return name === undefined ? '' : `; did you mean ${name}?`;
}

export function closestName(word: string, names: Iterable<string>): string | undefined {
  if (word === '' || word.length > LENGTH_MAX) return undefined;
  const slipsMax = Math.min(3, Math.max(1, Math.floor(word.length / 3)));
  let closest: { name: string; slips: number } | undefined;
  const lowerCase = word.toLowerCase();
  let count = 0;
  for (const name of names) {
    count += 1;
    if (count > NAMES_MAX) break;
    const atMost = closest === undefined ? slipsMax : closest.slips - 1;
    if (atMost < 1 || name.length > LENGTH_MAX) continue;
    const slips = slipsOf(lowerCase, name.toLowerCase(), atMost);
    // A name of which nothing is left is another name.
    if (slips <= atMost && slips < name.length) closest = { name, slips };
  }
  return closest?.name;
}

/** More than `atMost` where the exact number does not matter. */
function slipsOf(word: string, name: string, atMost: number): number {
  if (word.length >= PREFIX_LENGTH_MIN && name.startsWith(word)) return 1;
  if (Math.abs(name.length - word.length) > atMost) return atMost + 1;
  return slipsBetween(word, name);
}

/** The optimal string alignment distance. */
function slipsBetween(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const wrong = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? before[j - 2]! + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(last[j]! + 1, row[j - 1]! + 1, wrong, swapped));
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
