// Proves of this release and the one before, as real processes on one store: side by side they are
// one logical unit, and a store is taken over by gateways that are exchanged one at a time, forth
// and back, with all that initiators have left in it.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  keysOf,
  RESERVATION_CONFLICT,
  read,
  readKeys,
  reserveOut,
  write,
} from '../one-unit/commands.ts';
import { embeddedGateways } from '../one-unit/embedded-gateways.ts';
import { controlBit, setControlBit } from '../one-unit/events.ts';
import { Nexuses } from '../one-unit/nexuses.ts';
import { oneLogicalUnit } from '../one-unit/suite.ts';
import { Code } from '../one-unit/told.ts';
import { DocumentCluster } from '../support/document-cluster.ts';
import { ReleaseBefore } from '../support/release-before.ts';
import { Action } from '../support/reserve-out.ts';

const targetName = 'iqn.2026-11.com.example:t';
const KEY = 7;
const WRITE_EXCLUSIVE = 1;
/** The LUN of the disk that is reserved. */
const RESERVED = 1;
const before = await ReleaseBefore.unpack();
after(() => before[Symbol.asyncDispose]());

oneLogicalUnit(
  'the release before as the first gateway, this one as the second',
  (parts) =>
    embeddedGateways(
      2,
      parts,
      before.placeOf((words) => words.includes('g0')),
    ),
  { withReleaseBefore: true },
);

test('gateways are replaced one at a time, up and back', async () => {
  /** What runs as the release before: gateways by name, and the tools. */
  const isBefore = new Set(['g0', 'g1', 'apply']);
  const place = before.placeOf((words) => words.some((word) => isBefore.has(word)));
  const disks = ['d', 'reserved'].map((name) => ({ name, size: '16M' }));
  const targets = [{ iqn: targetName, luns: { 0: 'd', [RESERVED]: 'reserved' }, access: 'any' }];
  await using cluster = await DocumentCluster.start(2, { disks, targets }, place);
  const { gateways } = cluster;
  const connect = () => {
    const addresses = gateways.map((_, at) => cluster.address(at));
    return Nexuses.connect({ addresses, targetName, lun: 0 });
  };
  const exchange = async (at: number, to: 'this' | 'before') => {
    gateways[at]!.child.kill('SIGTERM');
    assert.equal(await gateways[at]!.ended(), 0);
    if (to === 'this') isBefore.delete(`g${at}`);
    else isBefore.add(`g${at}`);
    gateways[at] = cluster.startGateway(`g${at}`);
    await gateways[at].ready();
  };
  {
    await using nexuses = await connect();
    const { first } = nexuses;
    const reserved = first.at(RESERVED);
    await reserved.attentions();
    for (const nexus of [first, reserved]) {
      await nexus.must(reserveOut(Action.register, { actionKey: KEY, aptpl: true }));
    }
    await reserved.must(reserveOut(Action.reserve, { key: KEY, type: WRITE_EXCLUSIVE }));
    await setControlBit(first, 'dSense');
    await first.must(write());
  }
  const kept = async (what: string) => {
    await using nexuses = await connect();
    const { all, first, last } = nexuses;
    for (const nexus of all) {
      assert.deepEqual(keysOf(await nexus.must(readKeys())), [KEY], `${what}: ${nexus.name}`);
      assert.equal(await controlBit(nexus, 'dSense'), true, `${what}: ${nexus.name}`);
      assert.deepEqual(await nexus.must(read()), write().dataOut, `${what}: ${nexus.name}`);
      // Its holder has another ISID, or none by now.
      const reserved = nexus.at(RESERVED);
      await reserved.attentions();
      assert.equal(await reserved.status(write()), RESERVATION_CONFLICT, `${what}: ${nexus.name}`);
    }
    await setControlBit(first, 'swp');
    assert.deepEqual(await last.attentions(), [Code.modeParametersChanged], what);
    assert.equal(await controlBit(last, 'swp'), true, `${what}: a change reaches both`);
    await setControlBit(last, 'swp');
  };
  await kept('two of the release before');
  for (const at of [0, 1]) {
    await exchange(at, 'this');
    await kept(`${at + 1} of this release`);
  }
  const status = await cluster.allpath('status');
  assert.equal(status.code, 0, status.stdout + status.stderr);
  await exchange(0, 'before');
  await kept('one is the release before again');
  await exchange(0, 'this');
  await kept('both are of this release');
});
