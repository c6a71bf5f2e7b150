// Proves what is found between two places of a document: names, addresses and identifiers that are
// there twice, disks that are not there, and that each finding has its place.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DocumentDraft } from '../../../src/config/document.ts';
import { formatPath } from '../../../src/config/problem.ts';
import { checkReferences, type DocumentView } from '../../../src/config/references.ts';

type Gateway = DocumentDraft['gateways'][number];
type Portal = Partial<Gateway['portals'][number]>;
type Target = DocumentDraft['targets'][number];

/** What is found in a document of these parts, as `place: message`. */
function found(parts: {
  readonly disks?: readonly object[];
  readonly gateways?: readonly (readonly Portal[])[];
  readonly targets?: readonly Partial<Target>[];
  readonly diskNames?: readonly string[];
}): string[] {
  const { disks = [], gateways = [], targets = [], diskNames = [] } = parts;
  const placed = (values: readonly object[]) => values.map((value, index) => ({ index, value }));
  const view: DocumentView = {
    disks: placed(disks),
    gateways: placed(
      gateways.map((portals, i) => ({
        name: `g${i}`,
        portals: portals.map((portal) => ({ port: 3260, ...portal })),
      })),
    ),
    targets: placed(targets),
    discovery: undefined,
    diskNames: new Set(diskNames),
  };
  return checkReferences(view).map(({ path, message }) => `${formatPath(path)}: ${message}`);
}

test('an empty document has nothing wrong', () => {
  assert.deepEqual(found({}), []);
});

test('disks differ in name, uuid, wwn and serial; what they lack is nothing in common', () => {
  for (const key of ['name', 'uuid', 'wwn', 'serial']) {
    const disks = [{ [key]: 'x' }, { [key]: 'y' }, { [key]: 'x' }, {}, {}];
    assert.deepEqual(found({ disks }), [`disks[2].${key}: x is used already`]);
  }
});

test('a size is a multiple of the block length, which is 512 bytes unless it is said', () => {
  const disks = [
    { size: 1024 },
    { size: 1000 },
    { size: 8192, blockLength: 4096 },
    { size: 512, blockLength: 4096 },
  ];
  assert.deepEqual(found({ disks }), [
    'disks[1].size: must be a multiple of the block length 512',
    'disks[3].size: must be a multiple of the block length 4096',
  ]);
});

test('initiators find no address and port at two gateways, but hosts may listen on equal ones', () => {
  assert.deepEqual(found({ gateways: [[{ address: '192.0.2.1' }], [{ address: '192.0.2.1' }]] }), [
    'gateways[1].portals[0].address: 192.0.2.1 port 3260 is used already',
  ]);
  const other = { address: '192.0.2.1', port: 3261 };
  assert.deepEqual(found({ gateways: [[{ address: '192.0.2.1' }], [other]] }), []);
  const behind = ['192.0.2.1', '192.0.2.2'].map((address) => [{ address, listen: '10.0.0.1' }]);
  assert.deepEqual(found({ gateways: behind }), []);
});

test('one gateway listens once on an address and port, and the finding is told once', () => {
  const [one, two] = ['192.0.2.1', '192.0.2.2'];
  const twice = found({
    gateways: [
      [
        { address: one, listen: '10.0.0.1' },
        { address: two, listen: '10.0.0.1' },
      ],
    ],
  });
  assert.deepEqual(twice, ['gateways[0].portals[1].listen: 10.0.0.1 port 3260 is used already']);
  assert.equal(found({ gateways: [[{ address: one }, { address: one }]] }).length, 1);
});

test('a portal that listens on every address leaves none for others of its gateway and port', () => {
  const any = { address: '192.0.2.1', listen: '0.0.0.0' };
  const one = { address: '192.0.2.2' };
  const message = 'port 3260 is taken by a portal that listens on';
  assert.deepEqual(found({ gateways: [[any, one]] }), [
    `gateways[0].portals[1].address: ${message} 0.0.0.0`,
  ]);
  assert.deepEqual(found({ gateways: [[one, any]] }), [
    `gateways[0].portals[1].listen: ${message} 192.0.2.2`,
  ]);
  assert.deepEqual(found({ gateways: [[any, { ...one, port: 3261 }]] }), []);
  assert.deepEqual(found({ gateways: [[any], [one]] }), [], 'another host');
});

const address = (i: number) => ({ address: `192.0.2.${i}` });

test('a portal group is of one gateway', () => {
  const tag = { portalGroupTag: 7 };
  assert.deepEqual(
    found({ gateways: [[{ ...address(1), ...tag }], [{ ...address(2), ...tag }]] }),
    ["gateways[1].portals[0].portalGroupTag: tag 7 is gateway g0's"],
  );
  const group = [1, 2].map((i) => ({ ...address(i), ...tag }));
  assert.deepEqual(found({ gateways: [group] }), []);
});

test('a relative port identifier is of one group, and a group has one', () => {
  const portal = (i: number, portalGroupTag?: number, relativePortIdentifier?: number) => ({
    ...address(i),
    ...(portalGroupTag === undefined ? {} : { portalGroupTag }),
    ...(relativePortIdentifier === undefined ? {} : { relativePortIdentifier }),
  });
  const place = 'gateways[0].portals[1].relativePortIdentifier';
  const foundAmong = (...portals: Portal[]) => found({ gateways: [portals] });
  assert.deepEqual(foundAmong(portal(1, 7, 3), portal(2, 7, 3)), []);
  assert.deepEqual(foundAmong(portal(1, 7, 3), portal(2, 8, 3)), [
    `${place}: 3 is the identifier of another portal group`,
  ]);
  assert.deepEqual(foundAmong(portal(1, undefined, 3), portal(2, undefined, 3)), [
    `${place}: 3 is the identifier of another portal group`,
  ]);
  const differs = `${place}: differs from that of the other portal of this group`;
  assert.deepEqual(foundAmong(portal(1, 7, 3), portal(2, 7, 4)), [differs]);
  assert.deepEqual(foundAmong(portal(1, 7, 3), portal(2, 7)), [differs]);
});

test('targets differ in their names, and initiators of one target in theirs', () => {
  const target = { iqn: 'iqn.2026-11.x:t', luns: {}, access: [] };
  const entry = { initiator: 'iqn.2026-11.x:i' };
  const access = [entry, { initiator: 'iqn.2026-11.x:j' }, entry];
  assert.deepEqual(found({ targets: [target, target] }), [
    'targets[1].iqn: iqn.2026-11.x:t is used already',
  ]);
  assert.deepEqual(found({ targets: [{ access }] }), [
    'targets[0].access[2].initiator: iqn.2026-11.x:i is used already',
  ]);
  const apart = ['t', 'u'].map((iqn) => ({ iqn, access: [entry] }));
  assert.deepEqual(found({ targets: apart }), []);
});

test('a LUN map names disks that are there, each once, for the target and for each initiator', () => {
  const diskNames = ['a', 'b'];
  assert.deepEqual(found({ diskNames, targets: [{ luns: { 0: 'a', 1: 'a', 2: 'c' } }] }), [
    'targets[0].luns.1: a is used already',
    'targets[0].luns.2: there is no disk "c"',
  ]);
  const access = [
    { initiator: 'iqn.2026-11.x:i', luns: { 0: 'a' } },
    { initiator: 'iqn.2026-11.x:j', luns: { 0: 'b', 5: 'd' } },
  ];
  assert.deepEqual(found({ diskNames, targets: [{ luns: { 0: 'a' }, access }] }), [
    'targets[0].access[1].luns.5: there is no disk "d"',
  ]);
});

test('a disk that is not there comes with the names among which it was meant', () => {
  const diskNames = new Set(['disk1']);
  const targets = [{ index: 0, value: { luns: { 0: 'disk2' } } }];
  const [finding] = checkReferences({
    ...{ disks: [], gateways: [], discovery: undefined },
    ...{ targets, diskNames },
  });
  assert.deepEqual(finding?.near, { word: 'disk2', names: diskNames });
});

test('secrets are compared over all places: discovery, targets and initiators', () => {
  const chap = (secret: string, mutual?: string) => ({
    ...{ user: 'u', secret },
    ...(mutual === undefined ? {} : { mutual: { user: 'm', secret: mutual } }),
  });
  const [one, two] = ['x'.repeat(12), 'y'.repeat(12)];
  const view = (discovery: object, target: object, entry: object) =>
    checkReferences({
      ...{ disks: [], gateways: [], diskNames: new Set() },
      discovery: { chap: discovery } as never,
      targets: [
        {
          index: 0,
          value: { chap: target, access: [{ initiator: 'iqn.2026-11.x:i', chap: entry }] } as never,
        },
      ],
    }).map(({ path }) => formatPath(path));
  assert.deepEqual(view(chap(one), chap(one), chap(one, two)), []);
  assert.equal(view(chap(one, two), chap(two), chap(one)).length, 1);
  assert.equal(view(chap(one), chap(one, two), chap(two)).length, 1);
});
