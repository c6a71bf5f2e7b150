// What tests of volumes write, and how they read it back.

import assert from 'node:assert/strict';
import type { Volume, VolumeResult } from '../../src/volume/volume.ts';

export function done(result: VolumeResult): void {
  assert.equal(result.status, 'done');
}

export function bytes(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

/** Bytes of which no two stretches are alike at a shift of less than 251. */
export function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i % 251) + 1);
}

export async function content(volume: Volume, offset: number, length: number): Promise<Uint8Array> {
  const into = bytes(length, 0xee);
  done(await volume.read(offset, [into]));
  return into;
}
