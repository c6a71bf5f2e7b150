import { EAGAIN, EDQUOT, EINVAL, ENOMEM, ENOSPC, ESHUTDOWN, ETIMEDOUT } from '../../ceph/errno.ts';
import { fault } from '../refusal.ts';
import { DONE, type VolumeFault, type VolumeResult } from '../volume.ts';

const faults: Readonly<Record<number, VolumeFault>> = {
  // Our own code: a bound of the addon is reached. Nothing was submitted.
  [EAGAIN]: 'busy',
  [ENOMEM]: 'busy',
  // Blocklisted.
  [ESHUTDOWN]: 'fenced',
  [ENOSPC]: 'noSpace',
  [EDQUOT]: 'noSpace',
  // librbd says so of a range that lies wholly behind the end: the image has just shrunk.
  [EINVAL]: 'outOfRange',
};

/** The volume's result for a negated errno of librbd or librados; 0 or more is done. */
export function resultOf(errno: number, isRead: boolean): VolumeResult {
  if (errno >= 0) return DONE;
  // An operation that librados gives up may still be done later: only a fence ends it.
  const named = errno === ETIMEDOUT && !isRead ? 'fenced' : faults[errno];
  if (named !== undefined) return fault(named);
  return fault(isRead ? 'readError' : 'writeError', -errno);
}
