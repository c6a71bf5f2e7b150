import { isIP } from 'node:net';
import { didYouMean } from '../base/closest-name.ts';
import { DISK_SIZE_MAX_BYTES, LUN_MAX } from '../config/limits.ts';
import { parseSize } from '../config/size.ts';
import type { MapPlace } from '../control/disks/clone-disk.ts';
import type { SnapshotName } from '../control/disks/disk-snapshots.ts';
import { UsageError } from './usage-error.ts';

/** Values of options and arguments. Each throws a `UsageError` that names the accepted values. */

export function sizeValue(text: string): number {
  const bytes = parseSize(text);
  if (bytes === undefined || bytes === 0) {
    throw new UsageError('not a size: a number of bytes, or one like 512M, 1G, 10T');
  }
  if (bytes > DISK_SIZE_MAX_BYTES) throw new UsageError('must be at most 4P');
  return bytes;
}

export function numberValue(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^(0|[1-9][0-9]{0,8})$/.test(text) ? Number(text) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new UsageError(`not a number from ${min} to ${max}`);
  };
}

export function wordValue(words: readonly string[]): (text: string) => string {
  return (text) => {
    if (words.includes(text)) return text;
    throw new UsageError(`must be ${words.join(' or ')}${didYouMean(text, words)}`);
  };
}

export function blockLengthValue(text: string): number {
  if (text === '512' || text === '4096') return Number(text);
  throw new UsageError('must be 512 or 4096');
}

export function addressValue(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new UsageError('not a numeric IPv4 or IPv6 address (names are not looked up)');
}

export function textValue(text: string): string {
  // Arguments that are not UTF-8 arrive with U+FFFD instead of the original bytes.
  if (text !== '' && !/[\0\ufffd]/.test(text)) return text;
  throw new UsageError('empty, or not UTF-8');
}

/** Pools and namespaces. Ceph allows more, but `rbd` and capabilities would have to quote it. */
export function cephNameValue(text: string): string {
  if (/^[A-Za-z0-9._-]{1,128}$/.test(text)) return text;
  throw new UsageError('not a name of letters, digits, ".", "_" and "-"');
}

export function cephUserValue(text: string): string {
  const name = cephNameValue(text);
  if (!name.startsWith('client.')) return name;
  throw new UsageError(`leave "client." out: ${name.slice('client.'.length)}`);
}

/** `DISK@SNAPSHOT`. */
export function snapshotValue(text: string): SnapshotName {
  const { disk, snapshot } = cloneSourceValue(text);
  if (snapshot !== undefined) return { disk, snapshot };
  throw new UsageError('must be DISK@SNAPSHOT');
}

/** `DISK`, or `DISK@SNAPSHOT`. */
export function cloneSourceValue(text: string): {
  readonly disk: string;
  readonly snapshot: string | undefined;
} {
  const [disk = '', snapshot, ...more] = textValue(text).split('@');
  if (disk !== '' && snapshot !== '' && more.length === 0) return { disk, snapshot };
  throw new UsageError('must be DISK or DISK@SNAPSHOT');
}

/** `TARGET:LUN`; the name of a target has colons itself. */
export function mapPlaceValue(text: string): MapPlace {
  const at = text.lastIndexOf(':');
  const lun = text.slice(at + 1);
  if (at <= 0 || !/^(0|[1-9][0-9]{0,4})$/.test(lun) || Number(lun) > LUN_MAX) {
    throw new UsageError(`must be TARGET:LUN, with a LUN from 0 to ${LUN_MAX}`);
  }
  return { target: text.slice(0, at), lun: Number(lun) };
}
