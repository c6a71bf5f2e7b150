/** How an image lies in its data objects. */
export interface ObjectLayout {
  readonly blockNamePrefix: string;
  readonly objectSizeBytes: number;
  /** Counts for nothing when `stripeCount` is 1. */
  readonly stripeUnitBytes: number;
  /** Objects that a stripe goes over; 1 without striping. */
  readonly stripeCount: number;
}

export interface DataObject {
  readonly name: string;
  /** Where it lies among the image's objects. */
  readonly index: number;
  /** Inside the object. */
  readonly offset: number;
}

/** The longest run of bytes that surely lies in one object, aligned to its own length. */
export function runBytes({ objectSizeBytes, stripeUnitBytes, stripeCount }: ObjectLayout): number {
  return stripeCount > 1 ? stripeUnitBytes : objectSizeBytes;
}

/** The object that holds the byte `offset` of the image (Ceph's striping, RAID 0 of objects). */
export function dataObject(layout: ObjectLayout, offset: number): DataObject {
  const { objectSizeBytes, stripeCount, blockNamePrefix } = layout;
  const unitBytes = runBytes(layout);
  const unitsOfObject = objectSizeBytes / unitBytes;
  const unit = Math.floor(offset / unitBytes);
  const stripe = Math.floor(unit / stripeCount);
  const index = Math.floor(stripe / unitsOfObject) * stripeCount + (unit % stripeCount);
  return {
    name: `${blockNamePrefix}.${index.toString(16).padStart(16, '0')}`,
    index,
    offset: (stripe % unitsOfObject) * unitBytes + (offset % unitBytes),
  };
}

/** Bytes of the image before the first that object `index` holds; later objects hold later ones. */
export function firstByteOf(layout: ObjectLayout, index: number): number {
  const { objectSizeBytes, stripeCount } = layout;
  const set = Math.floor(index / stripeCount);
  return set * stripeCount * objectSizeBytes + (index % stripeCount) * runBytes(layout);
}
