// What the records contract suite needs of a driver, and the words that its parts share.

import assert from 'node:assert/strict';
import type { Failure } from '../../src/base/failure.ts';
import type { Member, Records, RecordsFailureCode, Watcher } from '../../src/records/records.ts';

/** One store and ways to open it. */
export interface RecordsWorld {
  open(name: string): Promise<Records>;
  /** A member that can be stopped; it watches `channel` and answers 'echo:' + message. */
  openPuppet(name: string, channel: string): Promise<Puppet>;
  /** Takes the member's place for notifications away. */
  loseWatches(records: Records): Promise<void>;
  dispose(): Promise<void>;
}

export interface Puppet {
  readonly member: Member;
  stop(): Promise<void>;
  resume(): Promise<void>;
  end(): Promise<void>;
}

export const HANG_MS = 120_000;

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(value: Uint8Array | undefined): string | undefined {
  return value && new TextDecoder().decode(value);
}

export function fails(code: RecordsFailureCode) {
  return (error: Failure) => {
    assert.equal(error.code, code, error.message);
    return true;
  };
}

export function echo(answer: (message: string, from: Member) => string | Promise<string>): Watcher {
  return {
    onNotify: async (message, from) => bytes(await answer(text(message)!, from)),
    onLost: () => {},
  };
}

export type Use = (
  body: (a: Records, b: Records, world: RecordsWorld) => Promise<void>,
) => Promise<void>;
