// A gateway that is asked resets the units of its LUN maps that are meant, each once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resetAsked } from '../../../src/gateway/reset-requests.ts';
import { servedDocument } from '../../../src/gateway/served-document.ts';
import type { LogicalUnit } from '../../../src/scsi/logical-unit.ts';
import { reset } from '../../../src/scsi/unit-changes.ts';
import { COMMITTED, NOT_ENFORCED } from '../../../src/scsi/unit-state.ts';
import { clusterDocument } from '../../support/cluster-document.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const [T, U] = ['iqn.2026-11.com.example:t', 'iqn.2026-11.com.example:u'] as const;

function world(ends: Readonly<Record<string, unknown>> = {}) {
  const clock = new VirtualClock();
  const initiator = 'iqn.1994-05.com.example:host';
  const document = clusterDocument({
    disks: ['a', 'b', 'c'].map((name) => ({ name, size: '1M' })),
    targets: [
      {
        iqn: T,
        luns: { 0: 'a' },
        access: [{ initiator, luns: { 0: 'b' } }, { initiator: `${initiator}2` }],
      },
      { iqn: U, luns: { 0: 'c' }, access: 'any' },
    ],
  });
  const done: string[] = [];
  const units = document.disks.map(({ name, uuid }): [string, LogicalUnit] => {
    const commit = async (change: unknown) => {
      assert.equal(change, reset);
      done.push(name);
      return await (ends[name] ?? COMMITTED);
    };
    return [name, { identity: { uuid }, commit } as unknown as LogicalUnit];
  });
  const served = servedDocument(document, new Map(units));
  const uuidOf = (name: string) => document.disks.find((disk) => disk.name === name)!.uuid;
  const ask = (what: { uuid: string } | { target: string }, gateway = 'g') =>
    resetAsked({ name: 'g', served, clock }, { gateway, what });
  return { clock, done, uuidOf, ask };
}

test('the unit that is named is reset, or every one of the target', async () => {
  const { done, uuidOf, ask } = world();
  assert.deepEqual(await ask({ uuid: uuidOf('b') }), { outcome: 'reset', units: 1 });
  assert.deepEqual(await ask({ target: T }), { outcome: 'reset', units: 2 });
  assert.deepEqual(done.slice(1).sort(), ['a', 'b']);
});

test('what is not served here, or asked of another gateway, is not reset', async () => {
  const { done, ask } = world();
  assert.deepEqual(await ask({ uuid: 'other' }), { outcome: 'notServed' });
  assert.deepEqual(await ask({ target: 'iqn.2026-11.com.example:v' }), { outcome: 'notServed' });
  assert.deepEqual(await ask({ target: T }, 'h'), { outcome: 'other' });
  assert.deepEqual(done, []);
});

test('a reset that does not take effect everywhere has failed', async () => {
  const broken = world({ c: NOT_ENFORCED });
  const { outcome, reason } = await broken.ask({ target: U });
  assert.deepEqual([outcome, reason], ['failed', 'gateway g could not enforce it']);
  const slow = world({ c: new Promise(() => {}) });
  const asking = slow.ask({ target: U });
  await settle();
  await slow.clock.advance(8_000);
  assert.match((await asking).reason ?? '', /within 8 s/);
});
