/** Negated error numbers of Linux, as Ceph's calls return them; names as in errno(3). */
export const EPERM = -1;
export const ENOENT = -2;
export const EIO = -5;
export const EAGAIN = -11;
export const ENOMEM = -12;
export const EACCES = -13;
export const EBUSY = -16;
export const EEXIST = -17;
export const EINVAL = -22;
export const ENOSPC = -28;
export const EROFS = -30;
/** assert_version: the object is newer than that. */
export const ERANGE = -34;
/** assert_version: the object is older than that. */
export const EOVERFLOW = -75;
/** Not in this librados. */
export const ENOSYS = -38;
/** A compare-and-write of librbd that miscompared. */
export const EILSEQ = -84;
export const EOPNOTSUPP = -95;
/** The watch no longer exists: it timed out, or its client was blocklisted. */
export const ENOTCONN = -107;
/** The client was blocklisted, or its handle is closed. */
export const ESHUTDOWN = -108;
export const ETIMEDOUT = -110;
/** The pool's quota is full. */
export const EDQUOT = -122;
/** cmpxattr and omap_cmp: the comparison does not hold. */
export const ECANCELED = -125;
/**
 * cmpext miscompared at index `CMPEXT_MISMATCH - errno` of its bytes, so this number itself means
 * index 0 (MAX_ERRNO of rados).
 */
export const CMPEXT_MISMATCH = -4095;
