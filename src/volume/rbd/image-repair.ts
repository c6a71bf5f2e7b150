import { cephFailure } from '../../ceph/ceph-failure.ts';
import type { RbdImage } from '../../ceph/rbd-image.ts';
import { type ImageProblem, SETTING_PREFIX } from './image-problems.ts';

/** An open image as the repair uses it. */
type Repairable = Pick<RbdImage, 'setFeatures' | 'setMetadata' | 'refresh'>;

/**
 * Removes the obstacles to sharing the image that belong to the image alone: a setting of its pool
 * concerns other images, and striping cannot change. Throws `Failure('cephFailed')`.
 */
export async function repairImage(
  image: Repairable,
  spec: string,
  problems: readonly ImageProblem[],
): Promise<void> {
  for (const { repair } of problems) {
    if (repair?.kind === 'disableFeatures') {
      const errno = await image.setFeatures(repair.features, false);
      if (errno < 0) throw cephFailure('rbd_update_features', errno, `the image ${spec}`);
    } else if (repair?.kind === 'removeImageSetting') {
      const errno = await image.setMetadata(`${SETTING_PREFIX}${repair.name}`, undefined);
      if (errno < 0) throw cephFailure('rbd_metadata_remove', errno, `the image ${spec}`);
    }
  }
  const errno = await image.refresh();
  if (errno < 0) throw cephFailure('rbd_stat', errno, `the image ${spec}`);
}
