import { checkFieldTotals, checkList, copyOf } from '../../src/records/record-arguments.ts';
import type { CompareAndSetResult, FieldGuard, RecordEntry } from '../../src/records/records.ts';

/** Records in memory, one step each. Values are copied on their way in and out. */
export class MemoryStore {
  readonly #records = new Map<string, RecordEntry>();
  readonly #fields = new Map<string, Map<string, Uint8Array>>();
  /** The highest version of a deleted record; new records continue from there. */
  #floor = 0;

  get(key: string): RecordEntry | undefined {
    const entry = this.#records.get(key);
    return entry && { ...entry, value: copyOf(entry.value) };
  }

  compareAndSet(key: string, expected: number, value: Uint8Array | undefined): CompareAndSetResult {
    const current = this.get(key);
    if ((current?.version ?? 0) !== expected) return { status: 'conflict', current };
    const version = (current?.version ?? this.#floor) + 1;
    if (value !== undefined) {
      this.#records.set(key, { key, version, value: copyOf(value) });
    } else if (current !== undefined) {
      this.#records.delete(key);
      this.#floor = Math.max(this.#floor, version);
    } else {
      return { status: 'done', version: 0 };
    }
    return { status: 'done', version };
  }

  list(prefix: string): readonly RecordEntry[] {
    const keys = [...this.#records.keys()].filter((key) => key.startsWith(prefix)).sort();
    const lengths = keys.map((key) => this.#records.get(key)!.value.length);
    checkList(keys.length, sum(lengths));
    return keys.map((key) => this.get(key)!);
  }

  setFields(
    key: string,
    fields: Readonly<Record<string, Uint8Array | undefined>>,
    guard: FieldGuard | undefined,
  ): boolean {
    const current = this.#fields.get(key);
    if (guard !== undefined && !sameBytes(current?.get(guard.field), guard.equals)) return false;
    const next = new Map(current);
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined) next.delete(name);
      else next.set(name, copyOf(value));
    }
    checkFieldTotals(next.size, sum([...next.values()].map((value) => value.length)));
    if (next.size > 0) this.#fields.set(key, next);
    else this.#fields.delete(key);
    return true;
  }

  getFields(key: string): ReadonlyMap<string, Uint8Array> {
    const fields = [...(this.#fields.get(key) ?? [])];
    return new Map(fields.map(([name, value]) => [name, copyOf(value)]));
  }
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
