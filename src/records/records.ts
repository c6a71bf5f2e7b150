/**
 * The state that gateways share: small versioned records, and notifications to all watchers.
 * `src/membership` decides which gateways count and fences them. `test/contract/records.ts` proves
 * a driver.
 *
 * Keys are slash-separated paths of `[A-Za-z0-9._:-]+` segments, at most `KEY_LENGTH_MAX` bytes.
 * Values are bytes, at most `VALUE_LENGTH_MAX`. A key names a value (`get`, `compareAndSet`,
 * `list`) and, apart from it, a map of fields (`getFields`, `setFields`). Methods reject with a
 * `Failure` whose code is one of `RecordsFailureCode`; a conflict is a value, not a failure.
 */
export interface Records {
  /** The identity of this process to the others. */
  readonly self: Member;

  get(key: string): Promise<RecordEntry | undefined>;

  /**
   * Replaces the value if the record's version is `expected` (0: the record does not exist).
   * Durable when it resolves. `value` undefined deletes the record. Versions are never reused: a
   * record that is recreated after its deletion continues counting.
   */
  compareAndSet(
    key: string,
    expected: number,
    value: Uint8Array | undefined,
  ): Promise<CompareAndSetResult>;

  /** All records whose key begins with `prefix`, in key order, of one moment. */
  list(prefix: string): Promise<readonly RecordEntry[]>;

  /**
   * Sets `fields` of a record that is a map of fields, if `guard` holds for the field it names
   * (`equals` undefined: that field is absent). One atomic, durable step; other fields are not
   * touched, and writers of different fields do not conflict. Resolves whether it was applied.
   */
  setFields(key: string, fields: FieldValues, guard?: FieldGuard): Promise<boolean>;

  /** All fields of such a record, of one moment; empty when there is none. */
  getFields(key: string): Promise<ReadonlyMap<string, Uint8Array>>;

  /**
   * Calls the watchers of `channel` in every process, this one too, and resolves with their
   * answers when all have answered or after `timeoutMs` (a driver may round it up to the next
   * second but one). An answer that counts is one that came; its absence proves nothing.
   */
  notify(channel: string, message: Uint8Array, timeoutMs: number): Promise<NotifyResult>;

  /**
   * Answers notifications of `channel` with what `onNotify` resolves. `onLost` is called once when
   * notifications may have been missed and no more will come: watch again, and read.
   */
  watch(channel: string, watcher: Watcher): Promise<Watch>;

  close(): Promise<void>;
}

/** One life of one process in the store. */
export interface Member {
  /** The gateway's name, or the tool's with its process id. Unique among the living. */
  readonly name: string;
  /** Unique for ever: two lives of one name differ. */
  readonly incarnation: string;
}

export interface RecordEntry {
  readonly key: string;
  readonly version: number;
  readonly value: Uint8Array;
}

export type CompareAndSetResult =
  | { readonly status: 'done'; readonly version: number }
  /** Somebody else was first; `current` is what stands there now. */
  | { readonly status: 'conflict'; readonly current: RecordEntry | undefined };

/** By name; undefined removes a field. */
export type FieldValues = Readonly<Record<string, Uint8Array | undefined>>;

export interface FieldGuard {
  readonly field: string;
  readonly equals: Uint8Array | undefined;
}

export interface NotifyResult {
  readonly answers: readonly { readonly from: Member; readonly payload: Uint8Array }[];
  /** Watchers known at the start that did not answer in time. */
  readonly missing: readonly Member[];
}

export interface Watcher {
  onNotify(message: Uint8Array, from: Member): Uint8Array | Promise<Uint8Array>;
  onLost(): void;
}

export interface Watch {
  close(): Promise<void>;
}

export type RecordsFailureCode =
  | 'recordsBadKey'
  | 'recordsTooLarge'
  | 'recordsClosed'
  /** The name belongs to a living process (where the store sees processes). */
  | 'recordsNameTaken'
  /** The store did not answer within its bound; the outcome of a change is unknown. */
  | 'recordsUnavailable'
  /** The store has no room; nothing was changed. */
  | 'recordsFull'
  /** The content of the store is not readable: it must be restored. */
  | 'recordsDamaged'
  /** This member was fenced; it must take a new incarnation. */
  | 'recordsFenced'
  /** The store cannot be shared from here: its file system, its format, or where others live. */
  | 'recordsUnsuitable'
  /** A process was asked to end itself. */
  | 'recordsOwnProcess';

export const KEY_LENGTH_MAX = 255;
export const VALUE_LENGTH_MAX = 1024 * 1024;
export const CHANNEL_MESSAGE_LENGTH_MAX = 64 * 1024;
/** The most records that one `list` returns; more reject with `recordsTooLarge`. */
export const LIST_ENTRIES_MAX = 65_536;
/** The most bytes of values that one `list` returns; more reject with `recordsTooLarge`. */
export const LIST_LENGTH_MAX = 64 * 1024 * 1024;
/** The most fields that one `setFields` sets, and that one record has. */
export const FIELDS_MAX = 4096;
/** The most bytes that the fields of one record have together. */
export const FIELDS_LENGTH_MAX = 16 * 1024 * 1024;
export const MEMBER_NAME_LENGTH_MAX = 64;
/** The most members that a store has at one time. */
export const MEMBERS_MAX = 1024;
/** The most watches that a member has open at one time. */
export const WATCHES_MAX = 1024;
