import { EACCES, EIO, ENOENT, EPERM, ETIMEDOUT } from './errno.ts';

/** Advice for an operator when a connection failed with this error; empty when there is none. */
export function connectHint(call: string, errno: number): string {
  if (call === 'rados_conf_read_file') return ': is that the path of a ceph.conf?';
  if (errno === ETIMEDOUT) return ': no monitor that it names answered';
  if (errno === EIO) {
    return (
      ': the key of the user cannot be read; one that Ceph 19.2.6, 20.2.4 or later made needs a ' +
      'librados as new, or a key made with "--key-type aes"'
    );
  }
  if (![EACCES, EPERM, ENOENT].includes(errno)) return '';
  return (
    ': the user is not there, has no capabilities, or its key is not where the configuration ' +
    'says; "allpath ceph caps" prints the command that makes it, and --user names another user'
  );
}
