import type { NativeStep } from './ceph-native.ts';
import { nativeProtocol } from './native-protocol.ts';

/** Compares the stored value with the given one, as `stored OP given`; Ceph has it reversed. */
type Comparison = 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte';

/**
 * A step of one atomic write operation on one object. All steps hold and are applied, or none is.
 * The first that does not hold names the errno of the whole:
 *
 * - `create` exclusive: -EEXIST. `assertExists`: -ENOENT. Also any comparison on an absent object,
 *   unless a `create` precedes it.
 * - `assertVersion`: -ERANGE when the object is newer, -EOVERFLOW when it is older; 0 is -EINVAL.
 * - `cmpext`: `CMPEXT_MISMATCH - index` of the first differing byte of these bytes. What was never
 *   written compares as zeros. Several in one operation are all checked.
 * - `cmpxattr`, `omapCmp`: -ECANCELED. What is absent compares as the empty string. `given OP
 *   stored` for all but `eq` and `ne`: stored `7`, given `8`: `lte` fails, `gte` holds.
 */
export type WriteStep =
  | { readonly step: 'create'; readonly exclusive: boolean }
  | { readonly step: 'assertExists' }
  | { readonly step: 'assertVersion'; readonly version: number }
  | { readonly step: 'cmpext'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly step: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly step: 'writeFull'; readonly bytes: Uint8Array }
  | { readonly step: 'remove' }
  | { readonly step: 'zero'; readonly offset: number; readonly length: number }
  | { readonly step: 'truncate'; readonly sizeBytes: number }
  | {
      readonly step: 'cmpxattr';
      readonly name: string;
      readonly comparison: Comparison;
      readonly value: Uint8Array;
    }
  | { readonly step: 'setxattr'; readonly name: string; readonly value: Uint8Array }
  | { readonly step: 'rmxattr'; readonly name: string }
  | {
      readonly step: 'omapCmp';
      readonly key: string;
      readonly comparison: Comparison;
      readonly value: Uint8Array;
    }
  | { readonly step: 'omapSet'; readonly entries: Iterable<readonly [string, Uint8Array]> }
  | { readonly step: 'omapRemove'; readonly keys: readonly string[] }
  | { readonly step: 'omapClear' }
  /** A method of a class of the OSDs' that changes the object. */
  | {
      readonly step: 'exec';
      readonly objectClass: string;
      readonly method: string;
      readonly input: Uint8Array;
    };

/** A step of one read operation: all of them see the object at one moment. */
export type ReadStep =
  /** Fewer bytes come back at the object's end. */
  | { readonly step: 'read'; readonly offset: number; readonly length: number }
  | { readonly step: 'stat' }
  | { readonly step: 'getxattrs' }
  /** In key order, those after `startAfter` that begin with `prefix`. */
  | {
      readonly step: 'omapGetValues';
      readonly startAfter?: string;
      readonly prefix?: string;
      /** At most `OMAP_PAGE_MAX`. */
      readonly max: number;
    }
  | { readonly step: 'omapGetValuesByKeys'; readonly keys: readonly string[] };

/** The value of a read step, at the index of its step. */
export type ReadValue =
  | { readonly step: 'read'; readonly bytes: Uint8Array }
  | { readonly step: 'stat'; readonly sizeBytes: number; readonly mtimeSeconds: number }
  | { readonly step: 'getxattrs'; readonly values: ReadonlyMap<string, Uint8Array> }
  | {
      readonly step: 'omapGetValues';
      readonly values: ReadonlyMap<string, Uint8Array>;
      /** Whether keys follow that did not fit. */
      readonly more: boolean;
    }
  | { readonly step: 'omapGetValuesByKeys'; readonly values: ReadonlyMap<string, Uint8Array> };

/** The most steps of one operation. */
export const STEPS_MAX = 256;
/** The most keys that one omap step names or brings; OSDs bound a page to 1024 by themselves. */
export const OMAP_PAGE_MAX = 1024;

/** Codes of librados' `LIBRADOS_CMPXATTR_OP_*`, which the addon passes on. */
const comparisons = { eq: 1, ne: 2, gt: 3, gte: 4, lt: 5, lte: 6 } as const;

export function nativeWriteStep(step: WriteStep): NativeStep {
  switch (step.step) {
    case 'create':
      return [nativeProtocol.writeCreate, step.exclusive ? 1 : 0];
    case 'assertExists':
      return [nativeProtocol.writeAssertExists];
    case 'assertVersion':
      return [nativeProtocol.writeAssertVersion, step.version];
    case 'cmpext':
      return [nativeProtocol.writeCmpext, step.offset, step.bytes];
    case 'write':
      return [nativeProtocol.writeWrite, step.offset, step.bytes];
    case 'writeFull':
      return [nativeProtocol.writeWriteFull, step.bytes];
    case 'remove':
      return [nativeProtocol.writeRemove];
    case 'zero':
      return [nativeProtocol.writeZero, step.offset, step.length];
    case 'truncate':
      return [nativeProtocol.writeTruncate, step.sizeBytes];
    case 'cmpxattr':
      return [nativeProtocol.writeCmpxattr, comparisons[step.comparison], step.name, step.value];
    case 'setxattr':
      return [nativeProtocol.writeSetxattr, step.name, step.value];
    case 'rmxattr':
      return [nativeProtocol.writeRmxattr, step.name];
    case 'omapCmp':
      return [nativeProtocol.writeOmapCmp, comparisons[step.comparison], step.key, step.value];
    case 'omapSet': {
      const entries = [...step.entries];
      return [
        nativeProtocol.writeOmapSet,
        entries.map(([key]) => key),
        entries.map(([, value]) => value),
      ];
    }
    case 'omapRemove':
      return [nativeProtocol.writeOmapRemove, step.keys];
    case 'omapClear':
      return [nativeProtocol.writeOmapClear];
    case 'exec':
      return [nativeProtocol.writeExec, step.objectClass, step.method, step.input];
  }
}

export function nativeReadStep(step: ReadStep): NativeStep {
  switch (step.step) {
    case 'read':
      return [nativeProtocol.readRead, step.offset, step.length];
    case 'stat':
      return [nativeProtocol.readStat];
    case 'getxattrs':
      return [nativeProtocol.readGetxattrs];
    case 'omapGetValues':
      return [nativeProtocol.readOmapGetValues, step.startAfter ?? '', step.prefix ?? '', step.max];
    case 'omapGetValuesByKeys':
      return [nativeProtocol.readOmapGetValuesByKeys, step.keys];
  }
}

/** The value of a read step from the addon: bytes, or flat rows of names and bytes. */
export type NativeReadValue =
  | Uint8Array
  | readonly [sizeBytes: number, mtimeSeconds: number]
  | { readonly names: readonly string[]; readonly values: readonly Uint8Array[]; more: boolean };

export function readValue(step: ReadStep, value: NativeReadValue): ReadValue {
  if (step.step === 'read') return { step: 'read', bytes: value as Uint8Array };
  if (step.step === 'stat') {
    const [sizeBytes, mtimeSeconds] = value as [number, number];
    return { step: 'stat', sizeBytes, mtimeSeconds };
  }
  const rows = value as Extract<NativeReadValue, { names: readonly string[] }>;
  const values = new Map(rows.names.map((name, index) => [name, rows.values[index]!]));
  return step.step === 'omapGetValues'
    ? { step: step.step, values, more: rows.more }
    : { step: step.step, values };
}
