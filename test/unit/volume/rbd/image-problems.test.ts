// An image that only one client may write, or that clients would see differently, is refused with
// the commands that repair it; any other is taken.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ImageFacts,
  imageProblems,
  unsuitable,
} from '../../../../src/volume/rbd/image-problems.ts';

const good: ImageFacts = {
  spec: 'rbd/disk',
  pool: 'rbd',
  features: 1n,
  objectSizeBytes: 4194304,
  stripeUnitBytes: 4194304,
  stripeCount: 1,
  imageSettings: new Map(),
  poolSettings: new Map(),
};

function commands(facts: Partial<ImageFacts>): readonly string[] {
  return imageProblems({ ...good, ...facts }).map(({ command }) => command);
}

test('layering, a data pool, deep-flatten and clones stand against nothing', () => {
  for (const features of [0n, 1n, 1n | 128n, 1n | 32n, 1n | 256n]) {
    assert.deepEqual(commands({ features }), []);
  }
});

test('features of one writer are named in an order in which they can be switched off', () => {
  // 61: what `rbd create` gives by default; 64: journaling.
  assert.deepEqual(commands({ features: 61n | 64n }), [
    'rbd feature disable rbd/disk journaling fast-diff object-map exclusive-lock',
  ]);
  assert.deepEqual(commands({ features: 5n }), ['rbd feature disable rbd/disk exclusive-lock']);
  const [problem] = imageProblems({ ...good, features: 61n });
  assert.deepEqual(problem?.repair, { kind: 'disableFeatures', features: 28n });
});

test('a feature that nobody knows is refused', () => {
  const [problem] = imageProblems({ ...good, features: 1n | 4096n });
  assert.match(problem?.what ?? '', /0x1000/);
});

test('an image that is demoted or migrated is refused, with what makes it whole again', () => {
  assert.deepEqual(commands({ features: 1n | 1024n }), ['rbd mirror image promote rbd/disk']);
  assert.deepEqual(commands({ features: 1n | 512n }), ['rbd migration commit rbd/disk']);
});

test('striping is taken unless it splits blocks', () => {
  const striped = { features: 3n, stripeCount: 4 };
  assert.deepEqual(commands({ ...striped, stripeUnitBytes: 65536 }), []);
  assert.deepEqual(commands({ ...striped, stripeUnitBytes: 512 }), [
    'rbd deep cp rbd/disk rbd/disk-whole --stripe-unit 4194304 --stripe-count 1',
  ]);
  assert.deepEqual(commands({ stripeUnitBytes: 512 }), []);
});

test('a cache that image or pool switch on is refused, one switched off is not', () => {
  const cached = new Map([['rbd_cache', 'true']]);
  assert.deepEqual(commands({ imageSettings: cached, poolSettings: cached }), [
    'rbd image-meta remove rbd/disk conf_rbd_cache',
    'rbd config pool remove rbd rbd_cache',
  ]);
  for (const value of ['false', 'False', '0', 'no']) {
    assert.deepEqual(commands({ imageSettings: new Map([['rbd_cache', value]]) }), []);
  }
  assert.equal(commands({ imageSettings: new Map([['rbd_qos_iops_limit', '5']]) }).length, 0);
  const replicas = new Map([['rbd_read_from_replica_policy', 'balance']]);
  assert.equal(commands({ imageSettings: replicas }).length, 1);
});

test('the refusal carries every command', () => {
  const problems = imageProblems({
    ...good,
    features: 5n,
    poolSettings: new Map([['rbd_cache', '']]),
  });
  const failure = unsuitable('rbd/disk', problems);
  assert.equal(failure.code, 'volumeUnsuitable');
  for (const { command } of problems) assert.ok(failure.message.includes(command));
  assert.equal(problems.length, 2);
});
