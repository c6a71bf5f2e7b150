import { EACCES, ENOENT, EPERM, ETIMEDOUT } from './errno.ts';

/** What an operator can look at when a connection ended so; empty when nothing is known. */
export function connectHint(call: string, errno: number): string {
  if (call === 'rados_conf_read_file') return ': is that the path of a ceph.conf?';
  if (errno === ETIMEDOUT) return ': no monitor that it names answered';
  if (![EACCES, EPERM, ENOENT].includes(errno)) return '';
  return (
    ': the user is not there, has no capabilities, or its key is not where the configuration ' +
    'says; "allpath ceph caps" prints the command that makes it, and --user names another user'
  );
}
