import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { Failure } from '../base/failure.ts';

/** A call of Ceph that should have made something (a connection, a pool, an image, a watch). */
export function cephFailure(
  call: string,
  errno: number,
  what: string,
  hint = '',
): Failure<'cephFailed'> {
  const message = `${what}: ${call} ended with ${errnoName(errno)}${hint}`;
  return new Failure('cephFailed', message, { call, errno });
}

/** The negated errno of such a failure; undefined for anything else that was thrown. */
export function errnoOf(error: unknown): number | undefined {
  if (!(error instanceof Failure) || error.code !== 'cephFailed') return undefined;
  const { errno } = error.data as { errno: number };
  return errno;
}

/** `EIO` for -5; the number itself for one that has no name. */
export function errnoName(errno: number): string {
  if (errno < -ERRNO_MAX) return String(errno);
  // The map is libuv's, which has no EDQUOT.
  return getSystemErrorMap().get(errno)?.[0] ?? systemNames.get(-errno) ?? String(errno);
}

/** Beyond it libuv has numbers of its own. */
const ERRNO_MAX = 1_000;

const systemNames: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, errno]) => [errno, name]),
);
