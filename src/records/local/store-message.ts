import type { RecordsStore } from './records-store.ts';

/** The first message to the thread of the store. */
export interface StoreWorkerData {
  readonly databasePath: string;
  /** It only reads: it makes nothing, and claims nothing. */
  readonly isReader: boolean;
}

/** A request to the thread of the store. */
export type StoreOperation = Exclude<keyof RecordsStore, 'close' | 'takeRoom'>;

export interface StoreRequest {
  readonly id: number;
  readonly operation: StoreOperation;
  readonly parameters: readonly unknown[];
}

export type StoreReply =
  | { readonly id: number; readonly status: 'done'; readonly value: unknown }
  /** Somebody else holds the database; nothing was changed. */
  | { readonly id: number; readonly status: 'busy' }
  | {
      readonly id: number;
      readonly status: 'failed';
      readonly code: string;
      readonly message: string;
    };
