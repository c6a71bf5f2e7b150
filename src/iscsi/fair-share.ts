/** The holder of a place. An attacker can invent names that nothing proves, but not networks. */
export interface Holder {
  /** As `networkOf` has it. */
  readonly network: string;
  readonly initiatorName: string;
}

/**
 * The holder that gives its place to a newcomer when no place is free: the last arrival of the
 * initiator that holds most, in the network that holds most. Undefined: no holder does, because all
 * hold at most one more than the newcomer, or no more than is `guaranteed` to a network. So shares
 * even out, and an initiator that keeps to few places never loses one.
 */
export function chooseToGiveWay<H extends Holder>(
  holders: readonly H[],
  newcomer: Holder,
  guaranteed: number,
): H | undefined {
  const networks = countBy(holders, ({ network }) => network);
  const own = networks.get(newcomer.network) ?? 0;
  const largest = largestOf(networks);
  if (largest === undefined || networks.get(largest)! <= guaranteed) return undefined;
  const isOther = networks.get(largest)! > own + 1;
  const network = isOther ? largest : newcomer.network;
  const rivals = holders.filter((holder) => holder.network === network);
  const initiators = countBy(rivals, ({ initiatorName }) => initiatorName);
  const initiator = largestOf(initiators);
  if (initiator === undefined) return undefined;
  const ownOfInitiator = initiators.get(newcomer.initiatorName) ?? 0;
  if (!isOther && initiators.get(initiator)! <= ownOfInitiator + 1) return undefined;
  return rivals.findLast((holder) => holder.initiatorName === initiator);
}

/** The first that came of the network that holds most. */
export function firstOfLargest<H extends { readonly network: string }>(
  holders: readonly H[],
): H | undefined {
  const network = largestOf(countBy(holders, (holder) => holder.network));
  return holders.find((holder) => holder.network === network);
}

function countBy<H>(holders: readonly H[], keyOf: (holder: H) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const holder of holders) {
    const key = keyOf(holder);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function largestOf(counts: ReadonlyMap<string, number>): string | undefined {
  let largest: string | undefined;
  let most = 0;
  for (const [key, count] of counts) {
    if (count <= most) continue;
    largest = key;
    most = count;
  }
  return largest;
}
