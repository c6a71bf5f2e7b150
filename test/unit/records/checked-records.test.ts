// Proves that a driver is asked only what may be asked, and keeps no bytes of its caller.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CheckedRecords } from '../../../src/records/checked-records.ts';
import {
  type CompareAndSetResult,
  type FieldGuard,
  type FieldValues,
  KEY_LENGTH_MAX,
  VALUE_LENGTH_MAX,
  type Watcher,
} from '../../../src/records/records.ts';

const done: CompareAndSetResult = { status: 'done', version: 1 };

class Driver extends CheckedRecords {
  readonly self = { name: 'a', incarnation: '1' };
  readonly asked: unknown[] = [];
  value: Uint8Array | undefined;
  fields: FieldValues | undefined;
  guard: FieldGuard | undefined;

  protected async getValue(key: string) {
    this.asked.push(key);
    return undefined;
  }
  protected async changeValue(key: string, _: number, value: Uint8Array | undefined) {
    this.asked.push(key);
    this.value = value;
    return done;
  }
  protected async listValues(prefix: string) {
    this.asked.push(prefix);
    return [];
  }
  protected async changeFields(key: string, fields: FieldValues, guard: FieldGuard | undefined) {
    this.asked.push(key);
    this.fields = fields;
    this.guard = guard;
    return true;
  }
  protected async readFields(key: string) {
    this.asked.push(key);
    return new Map<string, Uint8Array>();
  }
  protected async send(channel: string, message: Uint8Array) {
    this.asked.push(channel);
    this.value = message;
    return { answers: [], missing: [] };
  }
  protected async openWatch(channel: string, _: Watcher) {
    this.asked.push(channel);
    return { close: async () => {} };
  }
  async close() {}
}

const watcher: Watcher = { onNotify: () => new Uint8Array(0), onLost: () => assert.fail() };

test('what may not be asked is refused before the driver is asked', async () => {
  const driver = new Driver();
  const bytes = new Uint8Array(1);
  const tooLong = new Uint8Array(VALUE_LENGTH_MAX + 1);
  for (const key of ['', 'a b', '/a', 'x'.repeat(KEY_LENGTH_MAX + 1)]) {
    const refused = { code: 'recordsBadKey' };
    await assert.rejects(driver.get(key), refused);
    await assert.rejects(driver.compareAndSet(key, 0, bytes), refused);
    await assert.rejects(driver.setFields(key, {}), refused);
    await assert.rejects(driver.setFields('a', { [key]: bytes }), refused);
    await assert.rejects(driver.setFields('a', {}, { field: key, equals: bytes }), refused);
    await assert.rejects(driver.getFields(key), refused);
    await assert.rejects(driver.notify(key, bytes, 1), refused);
    await assert.rejects(driver.watch(key, watcher), refused);
    if (key !== '') await assert.rejects(driver.list(key), refused);
  }
  const refused = { code: 'recordsTooLarge' };
  await assert.rejects(driver.compareAndSet('a', 0, tooLong), refused);
  await assert.rejects(driver.setFields('a', { b: tooLong }), refused);
  await assert.rejects(driver.notify('a', tooLong, 1), refused);
  assert.deepEqual(driver.asked, []);
});

test('what may be asked reaches the driver, with bytes that the caller cannot change', async () => {
  const driver = new Driver();
  const bytes = Buffer.from([1]);
  await driver.compareAndSet('a', 0, bytes);
  const { value } = driver;
  await driver.setFields('b', { c: bytes, d: undefined }, { field: 'e', equals: bytes });
  await driver.notify('f', bytes, 1);
  bytes[0] = 2;
  assert.deepEqual(value, new Uint8Array([1]));
  assert.deepEqual(driver.fields, { c: new Uint8Array([1]), d: undefined });
  assert.deepEqual(driver.guard, { field: 'e', equals: new Uint8Array([1]) });
  assert.deepEqual(driver.value, new Uint8Array([1]));
  await driver.get('g');
  await driver.getFields('h');
  await driver.list('');
  await driver.watch('i', watcher);
  assert.deepEqual(driver.asked, ['a', 'b', 'f', 'g', 'h', '', 'i']);
});
