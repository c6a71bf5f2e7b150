import { Failure } from '../../base/failure.ts';

/** The id of a volume: of the pool of its image, and of the image in that pool. */
export function volumeId(poolId: number, imageId: string): string {
  return `${poolId}/${imageId}`;
}

/** The id of the image in this pool; `Failure('volumeOfOtherDisk')` for an id of another pool. */
export function imageIdOf(id: string, poolId: number): string {
  const [pool, imageId = ''] = id.split('/');
  if (Number(pool) === poolId && imageId !== '') return imageId;
  throw new Failure(
    'volumeOfOtherDisk',
    `the image ${id} belongs to the pool with the id ${pool}, but the pool of this store has ` +
      `the id ${poolId}`,
    { id, poolId },
  );
}
