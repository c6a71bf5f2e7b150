// Proves how a map of fields is changed in the omap of its object: guards, what is made and what is
// not, the bounds of a map while others write, and reads that are of one moment.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OMAP_PAGE_MAX } from '../../../../src/ceph/object-steps.ts';
import { FieldObjects } from '../../../../src/records/rados/field-objects.ts';
import { fieldsObjectOf } from '../../../../src/records/rados/object-names.ts';
import { RadosCalls } from '../../../../src/records/rados/rados-calls.ts';
import { FIELDS_LENGTH_MAX, FIELDS_MAX } from '../../../../src/records/records.ts';
import { bytes, fails, text } from '../../../contract/records-world.ts';
import { ModelRados } from '../../../support/model-rados.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

type Texts = Readonly<Record<string, string | undefined>>;

function begin() {
  const clock = new VirtualClock();
  const rados = new ModelRados(clock);
  const open = () => {
    const client = rados.client();
    const fields = new FieldObjects(client, new RadosCalls(clock, () => {}));
    const set = (key: string, texts: Texts, guard?: readonly [string, string | undefined]) =>
      fields.set(key, encoded(texts), guard && guardOf(guard));
    const get = async (key: string) =>
      Object.fromEntries([...(await fields.get(key))].map(([name, value]) => [name, text(value)]));
    return { client, fields, set, get };
  };
  return { rados, open, ...open() };
}

function encoded(texts: Texts): Record<string, Uint8Array | undefined> {
  const entries = Object.entries(texts);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value === undefined ? undefined : bytes(value)]),
  );
}

function guardOf([field, value]: readonly [string, string | undefined]) {
  return { field, equals: value === undefined ? undefined : bytes(value) };
}

function many(count: number, prefix = 'f'): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, '']));
}

test('fields are set and removed together, and an empty value is one', async () => {
  const { set, get } = begin();
  assert.equal(await set('m', { a: '1', b: '', c: '3' }), true);
  assert.equal(await set('m', { a: undefined, c: '4' }), true);
  assert.deepEqual(await get('m'), { b: '', c: '4' });
  assert.deepEqual(await get('absent'), {});
});

test('a guard holds by value, by absence, and apart from an empty value', async () => {
  const { set, get } = begin();
  assert.equal(await set('m', { a: '1' }, ['a', undefined]), true, 'absent');
  assert.equal(await set('m', { a: '2' }, ['a', undefined]), false);
  assert.equal(await set('m', { a: '2' }, ['a', '0']), false);
  assert.equal(await set('m', { a: '' }, ['a', '1']), true);
  assert.equal(await set('m', { a: '3' }, ['a', undefined]), false, 'an empty value is there');
  assert.equal(await set('m', { a: '3' }, ['a', '']), true);
  assert.deepEqual(await get('m'), { a: '3' });
});

test('a map that is not there has no guard by value, and a removal does not make it', async () => {
  const { rados, set } = begin();
  assert.equal(await set('m', { a: '1' }, ['a', '1']), false);
  assert.equal(await set('m', { a: undefined }), true);
  assert.equal(await set('m', {}), true);
  assert.equal(rados.objects.size, 0);
});

test('a change without fields still checks its guard', async () => {
  const { set } = begin();
  await set('m', { a: '1' });
  assert.equal(await set('m', {}, ['a', '1']), true);
  assert.equal(await set('m', {}, ['a', '2']), false);
});

test('a change is one operation, but for one of a map that is more than half full', async () => {
  const { rados, set } = begin();
  await set('m', many(FIELDS_MAX / 2 - 2));
  rados.operations.length = 0;
  await set('m', { x: '' });
  assert.deepEqual(rados.operations, [fieldsObjectOf('m')]);
  await set('m', { y: '', z: '' });
  assert.ok(rados.operations.length > 2, 'it is read before');
});

test('the bounds of a map hold for number and length, and leave what is there', async () => {
  const { set, get } = begin();
  await set('m', many(FIELDS_MAX / 2));
  await set('m', many(FIELDS_MAX / 2, 'g'));
  await assert.rejects(set('m', { more: '' }), fails('recordsTooLarge'));
  assert.equal(await set('m', { more: '', f0: undefined }), true);
  assert.equal(Object.keys(await get('m')).length, FIELDS_MAX);
  const half = 'x'.repeat(FIELDS_LENGTH_MAX / 2);
  await set('n', { a: half });
  await set('n', { b: half });
  await assert.rejects(set('n', { c: 'x' }), fails('recordsTooLarge'));
  assert.equal(await set('n', { a: 'x' }), true);
});

test('a full map checks guards too, and counts what another member wrote meanwhile', async () => {
  const { open, set, client } = begin();
  await set('m', many(FIELDS_MAX - 2));
  assert.equal(await set('m', { a: '' }, ['f0', 'other']), false);
  assert.equal(await set('m', { f1: '1' }, ['f0', '']), true);
  const other = open();
  const operate = client.operate.bind(client);
  let isFirst = true;
  client.operate = async (object, steps) => {
    if (isFirst) {
      isFirst = false;
      await other.set('m', { theirs: '' });
    }
    return await operate(object, steps);
  };
  await assert.rejects(set('m', { a: '', b: '' }), fails('recordsTooLarge'));
  assert.equal(await set('m', { a: '' }), true);
});

test('a map longer than a page is read as it was at one moment', async () => {
  const { open, client, set, fields } = begin();
  const other = open();
  const count = OMAP_PAGE_MAX + 10;
  await set('m', many(count));
  const read = client.read.bind(client);
  let reads = 0;
  client.read = async (object, steps) => {
    if (reads++ === 1) await other.set('m', { f0: 'new', f9: 'new' });
    return await read(object, steps);
  };
  const got = await fields.get('m');
  assert.deepEqual([text(got.get('f0')!), text(got.get('f9')!), got.size], ['new', 'new', count]);
  assert.ok(reads >= 4, 'it began again');
});

test('a map that changes at each look is given up', async () => {
  const { open, client, set, fields } = begin();
  const other = open();
  await set('m', many(OMAP_PAGE_MAX + 1));
  const read = client.read.bind(client);
  let changes = 0;
  client.read = async (object, steps) => {
    await other.set('m', { f0: `${changes++}` });
    return await read(object, steps);
  };
  await assert.rejects(fields.get('m'), fails('recordsUnavailable'));
});

test('more fields than a page are set and removed in one operation', async () => {
  const { rados, set, get } = begin();
  const count = OMAP_PAGE_MAX + 1;
  await set('m', { first: '' });
  rados.operations.length = 0;
  await set('m', many(count));
  assert.equal(rados.operations.length, 1);
  const names = Object.keys(many(count));
  await set('m', Object.fromEntries(names.map((name) => [name, undefined])));
  assert.deepEqual(await get('m'), { first: '' });
});

test('what the pool refuses is told as it is', async () => {
  const { rados, client, set, get } = begin();
  rados.full = true;
  await assert.rejects(set('m', { a: '' }), fails('recordsFull'));
  rados.full = false;
  await set('m', { a: '' });
  client.blocklist();
  await assert.rejects(set('m', { a: '' }), fails('recordsFenced'));
  await assert.rejects(get('m'), fails('recordsFenced'));
});
