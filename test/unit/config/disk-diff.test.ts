// Proves what `apply` does with each disk of a document and what it refuses: disks are known by
// their uuids, volumes by id or name, and no disk loses or gets data without being asked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DiskDiffOptions, diffDisks } from '../../../src/config/disk-diff.ts';
import type { FoundVolume } from '../../../src/config/disk-identity.ts';
import type { ClusterDocument, Disk } from '../../../src/config/document.ts';
import { clusterDocument } from '../../support/cluster-document.ts';

const MIB = 2 ** 20;
const IQN = 'iqn.2026-11.com.example:t';
const [A, B] = ['00000000-0000-4000-8000-00000000000a', '00000000-0000-4000-8000-00000000000b'];

/** Disks of 1M, with what is said of each. */
function documentOf(...disks: readonly object[]): ClusterDocument {
  return clusterDocument({ disks: disks.map((disk) => ({ size: '1M', ...disk })) });
}

function diff(before: readonly object[], after: readonly object[], options: DiskDiffOptions = {}) {
  return diffDisks(documentOf(...before), documentOf(...after), options);
}

const a = { name: 'a', uuid: A, wwn: 'naa.3000000000000001', serial: 'A1' };
const b = { name: 'b', uuid: B, wwn: 'naa.3000000000000002', serial: 'B1' };
const nothing = {
  createDisks: [],
  adoptDisks: [],
  resizeDisks: [],
  layoutDisks: [],
  releaseDisks: [],
  refusals: [],
  changes: [],
};

test('the same disks again are nothing to do, in whatever order', () => {
  assert.deepEqual(diff([a, b], [b, a]), nothing);
  assert.deepEqual(diffDisks(undefined, documentOf(), {}), nothing);
});

test('a disk is new by its uuid, and is made unless its volume is there', () => {
  const made = diff([], [a]);
  assert.deepEqual(
    made.createDisks.map(({ name }) => name),
    ['a'],
  );
  assert.deepEqual(made.changes, ['create disk a (1M)']);
  const volume: FoundVolume = { name: 'a', sizeBytes: MIB };
  const taken = diff([], [a], { found: [volume] });
  assert.deepEqual([taken.createDisks.length, taken.adoptDisks[0]?.found], [0, volume]);
  assert.match(taken.changes[0]!, /^serve disk a again: volume a of 1M, which exists already/);
  assert.ok(taken.changes[0]!.includes(A));
});

test('a volume is found by its id where the disk has one, and by its name else', () => {
  const found: FoundVolume[] = [
    { name: 'a', sizeBytes: MIB, id: '3/1' },
    { name: 'renamed', sizeBytes: MIB, id: '3/2' },
  ];
  const adopted = (disk: object) => diff([], [disk], { found }).adoptDisks[0]?.found.name;
  assert.equal(adopted(a), 'a');
  assert.equal(adopted({ ...a, volume: { id: '3/2' } }), 'renamed');
  assert.equal(adopted({ ...a, volume: { id: '3/9' } }), undefined);
  assert.equal(adopted({ ...a, volume: { name: 'renamed' } }), 'renamed');
});

test('a volume that notes another disk is no old one of this disk, unless it is imported', () => {
  const volume = { name: 'a', sizeBytes: MIB, disk: { uuid: B } } as FoundVolume;
  const said = (options: DiskDiffOptions) =>
    diff([], [a], { found: [volume], ...options }).changes[0]!;
  assert.equal(said({}), 'create disk a (1M)');
  assert.match(said({ imported: A }), /^serve disk a again/);
});

test('a disk grows; it shrinks only when it may', () => {
  const grown = diff([a], [{ ...a, size: '2M' }]);
  assert.deepEqual(grown.changes, ['resize disk a from 1M to 2M']);
  assert.deepEqual(
    grown.resizeDisks.map(({ fromBytes }) => fromBytes),
    [MIB],
  );
  assert.deepEqual(grown.refusals, []);
  const shrunk = [[{ ...a, size: '2M' }], [a]] as const;
  assert.match(diff(...shrunk).refusals[0]!, /would shrink from 2M to 1M.*disk resize --shrink/);
  assert.deepEqual(diff(...shrunk, { mayShrink: true }).refusals, []);
});

test('the size that the volume has counts, where it is another than the document says', () => {
  const sizeOf = () => 4 * MIB;
  const grown = diff([a], [{ ...a, size: '2M' }], { sizeOf });
  assert.deepEqual(
    grown.resizeDisks.map(({ fromBytes }) => fromBytes),
    [4 * MIB],
  );
  assert.match(grown.refusals[0]!, /shrink from 4M to 2M/, 'it grew by other means');
  assert.deepEqual(diff([a], [a], { sizeOf }), nothing, 'nobody asked to change it');
  const asked = diff([a], [a], { sizeOf: () => MIB / 2, resized: A });
  assert.deepEqual(asked.changes, ['resize disk a from 512K to 1M']);
  assert.deepEqual(diff([a], [a], { sizeOf: () => MIB, resized: A }), nothing);
  assert.deepEqual(
    diff([a, b], [a, b], { sizeOf: () => MIB / 2, resized: A }).resizeDisks.length,
    1,
  );
});

test('a disk that leaves the document keeps its data, one that is being deleted does not', () => {
  const left = diff([a, b], [b]);
  assert.deepEqual(
    left.releaseDisks.map(({ name }) => name),
    ['a'],
  );
  assert.deepEqual(left.changes, ['stop serving disk a; its data stay']);
  const deleted = diff([{ ...a, deleting: true }], []);
  assert.deepEqual(deleted.changes, ['remove disk a, which was being deleted']);
});

test('a disk that is renamed keeps its volume, and another may get its name', () => {
  const renamed = diff([a], [{ ...a, name: 'c', volume: { name: 'a' } }]);
  assert.deepEqual([renamed.changes, renamed.refusals], [['rename disk a to c'], []]);
  const swapped = diff(
    [a],
    [
      { ...a, name: 'c', volume: { name: 'a' } },
      { ...b, name: 'a', volume: { name: 'b' } },
    ],
  );
  assert.deepEqual(swapped.refusals, []);
});

test('another volume is other data, and refused unless it is asked for', () => {
  const other = { ...a, volume: { name: 'other' } };
  assert.match(diff([a], [other]).refusals[0]!, /would get other data.*than a: use "disk import/);
  assert.deepEqual(diff([a], [other], { mayReplace: true }).refusals, []);
  assert.deepEqual(diff([a], [other], { mayReplace: true }).changes, [
    'the volume of disk a is other, not a',
  ]);
});

test('a volume with an id is the same under any name, and another under another id', () => {
  const of = (volume: object) => ({ ...a, volume });
  const refused = (was: object, is: object) => diff([of(was)], [of(is)]).refusals.length;
  assert.equal(refused({ name: 'x', id: '3/1' }, { name: 'y', id: '3/1' }), 0);
  assert.equal(refused({ name: 'x', id: '3/1' }, { name: 'x', id: '3/2' }), 1);
  assert.equal(refused({ name: 'x', id: '3/1' }, { name: 'x' }), 1);
  assert.equal(refused({ name: 'x' }, { name: 'x', id: '3/1' }), 0, 'it was not known before');
});

test('the block length never changes; where the volume lies is for the store to check', () => {
  assert.match(diff([a], [{ ...a, blockLength: 4096 }]).refusals[0]!, /blocks of 512 bytes/);
  const laid = diff(
    [a, b],
    [
      { ...a, dataPool: 'ec' },
      { ...b, objectSize: '8M' },
    ],
  );
  assert.deepEqual(
    laid.layoutDisks.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.deepEqual(laid.refusals, []);
});

test('what else changes of a disk is named', () => {
  const { changes } = diff([a], [{ ...a, readOnly: true, vendor: 'X' }]);
  assert.deepEqual(changes, ['change disk a: vendor, readOnly']);
});

test('a new disk takes over nothing by which initiators know an old one', () => {
  const refused = (disk: object) => diff([a], [disk]).refusals;
  assert.match(refused({ ...b, name: 'a' })[0]!, /has the name a, that of disk a with the uuid/);
  assert.match(refused({ ...b, wwn: a.wwn })[0]!, /has the wwn naa\.3000000000000001/);
  assert.match(refused({ ...b, serial: 'A1' })[0]!, /has the serial A1/);
  const all = refused({ ...b, name: 'a', wwn: a.wwn, serial: 'A1' });
  assert.deepEqual([all.length, /the name a, the wwn .*, the serial A1/.test(all[0]!)], [1, true]);
  assert.deepEqual(refused(b), []);
});

test('two disks have nothing in common by which either is known', () => {
  const both = (parts: Partial<Disk>) => {
    const document = documentOf(a, b);
    const [first, second] = document.disks;
    const disks = [first!, { ...second!, ...parts }];
    return diffDisks(undefined, { ...document, disks }, {}).refusals;
  };
  assert.deepEqual(both({}), []);
  assert.deepEqual(both({ wwn: a.wwn }), [`disk b has the wwn ${a.wwn}, as has disk a`]);
  assert.deepEqual(both({ serial: 'A1' }), ['disk b has the serial A1, as has disk a']);
  assert.match(
    both({ volume: { name: 'a' } })[0]!,
    /has the volume a, as has disk a; choose another/,
  );
  assert.equal(both({ uuid: A }).length, 1);
  const ids = documentOf({ ...a, volume: { id: '3/1' } }, b);
  const clash = { ...ids.disks[1]!, volume: { id: '3/1' } };
  const { refusals } = diffDisks(undefined, { ...ids, disks: [ids.disks[0]!, clash] }, {});
  assert.deepEqual(refusals, ['disk b has the volume id 3/1, as has disk a']);
});

test('a disk that is being deleted is mapped nowhere', () => {
  const document = (luns: object) =>
    clusterDocument({
      disks: [{ size: '1M', ...a, deleting: true }],
      targets: [{ iqn: IQN, luns, access: 'any' }],
    });
  const { refusals } = diffDisks(document({}), document({ 0: 'a' }), {});
  assert.match(refusals[0]!, /being deleted and cannot be mapped: "disk delete a" finishes that/);
  assert.deepEqual(diffDisks(document({}), document({}), {}), nothing);
});
