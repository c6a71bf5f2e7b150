// Where a byte of an image lies among its objects: with and without striping, every byte in one
// place, and what `runBytes` says is together is together.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  dataObject,
  firstByteOf,
  type ObjectLayout,
  runBytes,
} from '../../../../src/volume/rbd/data-object.ts';

const MIB = 2 ** 20;
const plain: ObjectLayout = {
  blockNamePrefix: 'rbd_data.1234',
  objectSizeBytes: 4 * MIB,
  stripeUnitBytes: 4 * MIB,
  stripeCount: 1,
};

test('without striping objects follow each other, named by 16 hexadecimal digits', () => {
  assert.deepEqual(dataObject(plain, 0), {
    name: 'rbd_data.1234.0000000000000000',
    index: 0,
    offset: 0,
  });
  assert.deepEqual(dataObject(plain, 26 * 4 * MIB + 4096), {
    name: 'rbd_data.1234.000000000000001a',
    index: 26,
    offset: 4096,
  });
  const beyond32Bits = dataObject(plain, 2 ** 50);
  assert.equal(beyond32Bits.name, 'rbd_data.1234.0000000010000000');
});

test('a stripe unit without a stripe count changes nothing', () => {
  const unit = { ...plain, stripeUnitBytes: 65536 };
  for (const at of [0, 65536, 5 * MIB + 512]) {
    assert.deepEqual(dataObject(unit, at), dataObject(plain, at));
  }
  assert.equal(runBytes(unit), 4 * MIB);
});

test('with striping units go around the objects of a set', () => {
  // Ceph's documentation of striping: object size 3 units, 4 objects; unit 12 begins the next set.
  const striped = { ...plain, objectSizeBytes: 3 * 4096, stripeUnitBytes: 4096, stripeCount: 4 };
  const where = Array.from({ length: 14 }, (_, unit) => dataObject(striped, unit * 4096));
  assert.deepEqual(
    where.map(({ index }) => index),
    [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5],
  );
  assert.deepEqual(
    where.map(({ offset }) => offset / 4096),
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 0, 0],
  );
});

test('every byte has one place, and the first of an object is the first', () => {
  const layouts = fc.record({
    unit: fc.constantFrom(512, 4096, 65536),
    units: fc.integer({ min: 1, max: 8 }),
    stripeCount: fc.integer({ min: 1, max: 6 }),
    at: fc.array(fc.nat(4 * MIB), { minLength: 2, maxLength: 20 }),
  });
  fc.assert(
    fc.property(layouts, ({ unit, units, stripeCount, at }) => {
      const layout = {
        ...plain,
        objectSizeBytes: unit * units,
        stripeUnitBytes: unit,
        stripeCount,
      };
      const places = new Map<string, number>();
      for (const byte of at) {
        const { index, offset } = dataObject(layout, byte);
        assert.ok(offset < layout.objectSizeBytes);
        const before = places.get(`${index}/${offset}`);
        assert.ok(before === undefined || before === byte);
        places.set(`${index}/${offset}`, byte);
        const first = firstByteOf(layout, index);
        assert.ok(first <= byte);
        assert.deepEqual(
          { index: dataObject(layout, first).index, offset: dataObject(layout, first).offset },
          { index, offset: 0 },
        );
        const run = runBytes(layout);
        const start = byte - (byte % run);
        assert.equal(dataObject(layout, start).index, index);
        assert.equal(dataObject(layout, start).offset, offset - (byte % run));
      }
    }),
  );
});
