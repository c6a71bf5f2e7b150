/** Why the system refused a call, and what to do about it, by the code of its error (errno(3)). */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user has no permission',
  EPERM: 'this user has no permission',
  ENOENT: 'it does not exist',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'it is a folder, not a file',
  EEXIST: 'it exists already',
  ENOTEMPTY: 'the folder is not empty',
  ELOOP: 'its symbolic links lead in a circle',
  ENAMETOOLONG: 'the path is too long',
  EROFS: 'the file system is mounted read-only',
  ENOSPC: 'the file system is full (or has no inodes left): free some space',
  EDQUOT: 'the quota of the file system is used up: free space, or raise it',
  EFBIG: 'the file system, or a limit of this process, has no files of this size',
  EIO: 'the device answered with an error: see the messages of the kernel (dmesg)',
  ENXIO: 'there is no such device',
  ENODEV: 'there is no such device',
  ETXTBSY: 'another process has it open',
  EBUSY: 'another process uses it',
  EMFILE: 'this process has too many files open: raise the limit (ulimit -n)',
  ENFILE: 'the system has too many files open',
  ENOMEM: 'there is no memory left',
  EAGAIN: 'the system has no resources for it now (processes, memory): try again',
  EADDRINUSE: 'another process listens there',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EAFNOSUPPORT: 'this machine has no addresses of that family (IPv4 or IPv6)',
  ECONNRESET: 'the other side cut the connection',
  EPIPE: 'the other side closed it',
  ECONNREFUSED: 'nobody listens there',
  ETIMEDOUT: 'nobody answered in time',
  EHOSTUNREACH: 'no route leads there',
  ENETUNREACH: 'no route leads there',
};

/** Why a call failed, without the path; the message of an error that is not the system's. */
export function systemReason(error: unknown): string {
  if (!isOfSystem(error)) return error instanceof Error ? error.message : String(error);
  const { code = '' } = error;
  return REASONS[code] ?? `the system refused it (${code})`;
}

/** The reason of a failure; for a system error: the operation, its object, and the refusal. */
export function errorText(error: unknown): string {
  return isOfSystem(error) ? systemMessage(error) : systemReason(error);
}

function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return code !== undefined && syscall !== undefined;
}

/** A sentence for an unexpected system error: the operation, its object, and the refusal. */
export function systemMessage(error: NodeJS.ErrnoException): string {
  const { syscall = '', path, code = '' } = error;
  return `${path ?? 'a system call failed'}: ${systemReason(error)} (${syscall}, ${code})`;
}
