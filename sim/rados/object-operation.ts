import type { NativeStep } from '../../src/ceph/ceph-native.ts';
import {
  CMPEXT_MISMATCH,
  ECANCELED,
  EEXIST,
  ENOENT,
  EOVERFLOW,
  ERANGE,
} from '../../src/ceph/errno.ts';
import { nativeProtocol } from '../../src/ceph/native-protocol.ts';
import type { NativeReadValue } from '../../src/ceph/object-steps.ts';
import type { StoredObject } from './stored-object.ts';

/** The type of its watchers does not matter to steps. */
type Target = StoredObject<unknown>;

/** The code of `nativeWriteStep`. */
const EQUAL = 1;
/** The bound of a page, like osd_max_omap_entries_per_request. */
const PAGE_MAX = 1024;

type Steps = readonly NativeStep[];

/** The errno of the first step that does not hold for the object as it is; 0 if all do. */
export function errnoOfSteps(object: Target | undefined, steps: Steps): number {
  let exists = object !== undefined;
  for (const [code, ...values] of steps) {
    if (code === nativeProtocol.writeCreate) {
      if (exists && values[0] === 1) return EEXIST;
      exists = true;
      continue;
    }
    const isComparison =
      code === nativeProtocol.writeAssertExists || code === nativeProtocol.writeAssertVersion;
    if (
      !exists &&
      (isComparison ||
        code === nativeProtocol.writeOmapCmp ||
        code === nativeProtocol.writeOmapRemove)
    ) {
      return ENOENT;
    }
    const errno = errnoOfStep(object, code, values);
    if (errno < 0) return errno;
  }
  return 0;
}

function errnoOfStep(object: Target | undefined, code: number, values: readonly unknown[]): number {
  const version = object?.version ?? 0;
  if (code === nativeProtocol.writeAssertVersion) {
    const asserted = values[0] as number;
    return asserted < version ? ERANGE : asserted > version ? EOVERFLOW : 0;
  }
  if (code === nativeProtocol.writeOmapCmp) {
    const [comparison, key, value] = values as [number, string, Uint8Array];
    if (comparison !== EQUAL) throw new Error('the model compares for equality alone');
    return Buffer.compare(object?.omap.get(key) ?? new Uint8Array(0), value) === 0 ? 0 : ECANCELED;
  }
  if (code !== nativeProtocol.writeCmpext) return 0;
  const [offset, expected] = values as [number, Uint8Array];
  const found = object?.read(offset, expected.length) ?? Buffer.alloc(expected.length);
  const at = found.findIndex((byte, index) => byte !== expected[index]);
  return at < 0 ? 0 : CMPEXT_MISMATCH - at;
}

export function changes(steps: Steps): boolean {
  const comparisons: readonly number[] = [
    nativeProtocol.writeAssertExists,
    nativeProtocol.writeAssertVersion,
    nativeProtocol.writeCmpext,
    nativeProtocol.writeOmapCmp,
  ];
  return steps.some(([code]) => !comparisons.includes(code));
}

/** Executes the steps, all of which hold. */
export function applySteps(object: Target, steps: Steps): void {
  for (const [code, ...values] of steps) {
    if (code === nativeProtocol.writeWrite)
      object.write(values[0] as number, values[1] as Uint8Array);
    else if (code === nativeProtocol.writeZero)
      object.zero(values[0] as number, values[1] as number);
    else if (code === nativeProtocol.writeOmapSet) {
      const [keys, entries] = values as unknown as [string[], Uint8Array[]];
      for (const [index, key] of keys.entries()) object.omap.set(key, entries[index]!.slice());
    } else if (code === nativeProtocol.writeOmapRemove) {
      for (const key of values[0] as string[]) object.omap.delete(key);
    } else if (code === nativeProtocol.writeSetxattr || code === nativeProtocol.writeExec) {
      throw new Error(`the model has no step ${code}`);
    }
  }
}

export function readSteps(object: Target, steps: Steps): readonly NativeReadValue[] {
  return steps.map(([code, ...values]) => {
    if (code === nativeProtocol.readRead) {
      const [offset, length] = values as [number, number];
      return object.read(offset, Math.max(0, Math.min(length, object.sizeBytes - offset)));
    }
    if (code === nativeProtocol.readStat) return [object.sizeBytes, 0] as const;
    if (code === nativeProtocol.readOmapGetValues)
      return page(object, values as [string, string, number]);
    if (code !== nativeProtocol.readOmapGetValuesByKeys)
      throw new Error(`the model has no step ${code}`);
    const names = (values[0] as string[]).filter((key) => object.omap.has(key));
    return rows(object, names, false);
  });
}

function page(object: Target, [after, prefix, max]: [string, string, number]) {
  const keys = object.sortedKeys().filter((key) => key.startsWith(prefix) && key > after);
  const names = keys.slice(0, Math.min(max, PAGE_MAX));
  return rows(object, names, names.length < keys.length);
}

function rows({ omap }: Target, names: readonly string[], more: boolean) {
  return { names, values: names.map((name) => omap.get(name)!.slice()), more };
}
