// Lines of `status` about disks that are not served: one for each disk and reason, with all
// gateways.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unservedLines } from '../../../../src/control/status/unserved-lines.ts';

const of = (
  gateway: string,
  count: number,
  ...disks: readonly [disk: string, reason: string][]
) => ({
  ...{ gateway, count },
  disks: disks.map(([disk, reason]) => ({ disk, reason })),
});

test('one reason of several gateways is one line, and another reason is another', () => {
  const lines = unservedLines([
    of('g0', 2, ['a', 'gone'], ['b', 'gone']),
    of('g1', 1, ['a', 'gone']),
    of('g2', 1, ['a', 'locked']),
  ]);
  assert.deepEqual(lines, [
    'disk a: not served by g0, g1: gone',
    'disk b: not served by g0: gone',
    'disk a: not served by g2: locked',
  ]);
});

test('a reason of several lines begins on its own, and disks that are not listed are counted', () => {
  assert.deepEqual(unservedLines([of('g0', 5, ['a', 'one\ntwo']), of('g1', 0)]), [
    'disk a: not served by g0:\none\ntwo',
    'g0 does not serve 4 more disks',
  ]);
});
