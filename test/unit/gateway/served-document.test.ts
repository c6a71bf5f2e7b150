// Proves what a version of the document gives whom: LUN maps of targets and initiators, their CHAP,
// who is admitted at all, the port groups of all gateways, and that a disk without a unit is alone
// left out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessOf, servedDocument } from '../../../src/gateway/served-document.ts';
import type { LogicalUnit } from '../../../src/scsi/logical-unit.ts';
import { clusterDocument } from '../../support/cluster-document.ts';

const IQN = 'iqn.2026-11.com.example:t';
const [HOST1, HOST2] = ['iqn.1994-05.com.example:host1', 'iqn.1994-05.com.example:host2'];
const disks = ['a', 'b'].map((name) => ({ name, size: '1M' }));
const chap = (user: string) => ({ user, secret: 'x'.repeat(16) });
/** Units are handed on and never looked into. */
const [a, b] = ['a', 'b'].map((name) => ({ name }) as unknown as LogicalUnit);

function serve(targets: readonly object[], units = { a, b }) {
  const open = new Map(Object.entries(units)) as Map<string, LogicalUnit>;
  return servedDocument(clusterDocument({ disks, targets }), open);
}

/** What an initiator gets from the only target, with the users that must prove themselves. */
function given(target: object, initiator: string) {
  const served = serve([{ iqn: IQN, ...target }]);
  const access = accessOf(served.targets.get(IQN)!, initiator);
  return access && { luns: [...access.luns], user: access.chap?.user };
}

test('a target that admits any initiator gives each the same', () => {
  const target = { luns: { 0: 'a', 7: 'b' }, access: 'any', chap: chap('all') };
  const all = {
    luns: [
      [0, a],
      [7, b],
    ],
    user: 'all',
  };
  assert.deepEqual(given(target, HOST1), all);
  assert.deepEqual(given(target, HOST2), all);
});

test('a target with an access list admits those on it alone', () => {
  const target = { luns: { 0: 'a' }, access: [{ initiator: HOST1 }] };
  assert.deepEqual(given(target, HOST1), { luns: [[0, a]], user: undefined });
  assert.equal(given(target, HOST2), undefined);
  assert.equal(given({ luns: { 0: 'a' }, access: [] }, HOST1), undefined);
});

test('an initiator may have LUNs and CHAP of its own in place of those of the target', () => {
  const own = { initiator: HOST1, luns: { 3: 'b' }, chap: chap('own') };
  const access = [own, { initiator: HOST2 }];
  const target = { luns: { 0: 'a' }, chap: chap('all'), access };
  assert.deepEqual(given(target, HOST1), { luns: [[3, b]], user: 'own' });
  assert.deepEqual(given(target, HOST2), { luns: [[0, a]], user: 'all' });
});

test('an initiator with an empty LUN map of its own gets no LUN', () => {
  const target = { luns: { 0: 'a' }, access: [{ initiator: HOST1, luns: {} }] };
  assert.deepEqual(given(target, HOST1)?.luns, []);
});

test('the case of the letters of an initiator name does not count', () => {
  const target = { luns: { 0: 'a' }, access: [{ initiator: HOST1 }] };
  assert.ok(given(target, HOST1.toUpperCase()));
});

test('a disk without a unit is left out, and the other LUNs stay', () => {
  const target = { iqn: IQN, luns: { 0: 'a', 1: 'b' }, access: 'any' };
  const served = serve([target], { b } as never);
  assert.deepEqual([...accessOf(served.targets.get(IQN)!, HOST1)!.luns], [[1, b]]);
});

test('targets are found by their names, with their aliases', () => {
  const other = `${IQN}2`;
  const served = serve([
    { iqn: IQN, alias: 'first', access: 'any' },
    { iqn: other, access: 'any' },
  ]);
  assert.deepEqual([...served.targets.keys()], [IQN, other]);
  assert.equal(served.targets.get(IQN)?.alias, 'first');
  assert.equal(served.targets.get(other)?.alias, undefined);
});

test('each portal of every gateway is a port group with one port', () => {
  const gateways = [
    {
      name: 'g0',
      portals: [
        { address: '192.0.2.1', portalGroupTag: 5, relativePortIdentifier: 11 },
        { address: '192.0.2.2', portalGroupTag: 6, relativePortIdentifier: 12 },
      ],
    },
    {
      name: 'g1',
      portals: [{ address: '192.0.2.3', portalGroupTag: 7, relativePortIdentifier: 13 }],
    },
  ];
  const document = clusterDocument({ gateways });
  const served = servedDocument(document, new Map());
  assert.equal(served.document, document);
  assert.deepEqual(
    [...served.portGroups],
    [
      [5, { gateway: 'g0', tag: 5, relativePortIdentifier: 11 }],
      [6, { gateway: 'g0', tag: 6, relativePortIdentifier: 12 }],
      [7, { gateway: 'g1', tag: 7, relativePortIdentifier: 13 }],
    ],
  );
});
