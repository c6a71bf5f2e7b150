import type { Extent } from '../volume.ts';

/** A stretch that the cluster holds something of (`exists`), or that was discarded since. */
interface DiffExtent {
  readonly offset: number;
  readonly length: number;
  readonly exists: boolean;
}

/**
 * Extents without gaps over `[offset, offset + length)`, at most `extentsMax`, neighbours of one
 * kind merged, from a diff against nothing: a range that it leaves out was never written. `more`:
 * the diff was cut off after its last extent, so nothing is known of what follows.
 */
export function allocationExtents(
  diff: readonly DiffExtent[],
  more: boolean,
  offset: number,
  length: number,
  extentsMax: number,
): readonly Extent[] {
  const extents: Extent[] = [];
  const end = offset + length;
  let at = offset;
  const upTo = (next: number, allocated: boolean) => {
    const to = Math.min(next, end);
    if (to <= at) return;
    const last = extents.at(-1);
    if (last?.allocated === allocated) {
      extents[extents.length - 1] = { ...last, length: to - last.offset };
    } else {
      extents.push({ offset: at, length: to - at, allocated });
    }
    at = to;
  };
  for (const extent of diff) {
    upTo(extent.offset, false);
    upTo(extent.offset + extent.length, extent.exists);
  }
  if (!more) upTo(end, false);
  return extents.slice(0, extentsMax);
}
