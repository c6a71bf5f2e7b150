// Proves, with a real process, that the threads of a gateway share one heap of glibc's allocator:
// what a compiler thread needed once is used again by the others, not kept beside theirs.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Initiator } from '../initiator/initiator.ts';
import { Demo, demoTargetName } from '../support/demo.ts';

/** HEAP_MAX_SIZE of glibc's malloc/arena.c on 64 bits: where each further heap is aligned. */
const HEAP_BYTES = 64 * 1024 ** 2;

interface Mapping {
  readonly start: number;
  readonly end: number;
  readonly access: string;
  readonly path: string;
}

function mappingsOf(pid: number): Mapping[] {
  const lines = readFileSync(`/proc/${pid}/maps`, 'latin1').trim().split('\n');
  return lines.map((line) => {
    const [range = '', access = '', , , , path = ''] = line.split(/\s+/);
    const [start = Number.NaN, end = Number.NaN] = range.split('-').map((at) => parseInt(at, 16));
    return { start, end, access, path };
  });
}

/** Heaps beside the main one: the used part, and behind it what is reserved for it to grow. */
function furtherHeaps(mappings: readonly Mapping[]): number {
  return mappings.filter((used, i) => {
    const reserved = mappings[i + 1];
    return (
      used.path === '' &&
      used.access === 'rw-p' &&
      used.start % HEAP_BYTES === 0 &&
      reserved?.access === '---p' &&
      reserved.start === used.end &&
      reserved.end === used.start + HEAP_BYTES
    );
  }).length;
}

test('the threads of a gateway share one heap', async (t) => {
  const demo = await Demo.start({ gateways: 1 });
  t.after(() => demo.stop());
  const initiator = await Initiator.connect({ ...demo.address(0), targetName: demoTargetName });
  const cdb = Buffer.from([0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
  const write = () => initiator.execute({ cdb, dataOut: Buffer.alloc(512) });
  // The first meets the unit attention of a new session.
  await write();
  const { status } = await write();
  assert.equal(status, 0);
  await initiator.logout();
  const mappings = mappingsOf(demo.processOf(0).pid);
  assert.ok(mappings.some(({ path }) => path === '[heap]'));
  assert.equal(furtherHeaps(mappings), 0);
});
