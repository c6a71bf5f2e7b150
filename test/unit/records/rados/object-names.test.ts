// Objects are named for ever the same, are hashed as Ceph hashes them, and channels lie apart.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jenkinsHash } from '../../../../src/records/rados/jenkins-hash.ts';
import {
  CHANNEL_OBJECTS,
  channelIndexOf,
  channelObjectsOf,
  fieldsObjectOf,
  VALUE_OBJECTS,
  valueObjectOf,
  valueObjects,
} from '../../../../src/records/rados/object-names.ts';

const hashOf = (text: string) => jenkinsHash(new TextEncoder().encode(text));

test('the hash is that of Ceph', () => {
  // `osdmaptool MAP --test-map-object NAME --pool 1` of a pool of 12288 groups (mask 0x3fff; what
  // is beyond the last group loses its highest bit).
  const groups = {
    foo: 0x1406,
    a: 0x818,
    'allpath.channel.0': 0x1f6c,
    'allpath.values.31': 0x2a5e,
    'rbd_data.12345678901.0000000000000000': 0x1981,
    '123456789012': 0x1e60,
  };
  for (const [name, group] of Object.entries(groups)) {
    const masked = hashOf(name) & 0x3fff;
    assert.equal(masked < 12_288 ? masked : masked & 0x1fff, group, name);
  }
});

test('a key is always in the same object, and keys are spread', () => {
  assert.equal(valueObjectOf('document'), 'allpath.values.21');
  assert.equal(valueObjectOf('lu/1'), 'allpath.values.23');
  assert.equal(fieldsObjectOf('members'), 'allpath.fields.members');
  const used = new Set(Array.from({ length: 1000 }, (_, index) => valueObjectOf(`lu/${index}`)));
  assert.equal(used.size, VALUE_OBJECTS);
  assert.ok([...used].every((name) => valueObjects.includes(name)));
  const channels = Array.from({ length: 1000 }, (_, index) => channelIndexOf(`lu/${index}`));
  assert.equal(new Set(channels).size, CHANNEL_OBJECTS);
});

test('the channel objects of any namespace are in different placement groups', () => {
  for (const namespace of ['', 'iscsi', 'another one']) {
    const names = channelObjectsOf(namespace);
    assert.equal(names.length, CHANNEL_OBJECTS);
    assert.deepEqual(channelObjectsOf(namespace), names);
    // Ceph hashes NAMESPACE 1Fh NAME; a pool of 8 groups or more keeps the low three bits.
    const place = namespace === '' ? '' : `${namespace}\u001f`;
    const groups = new Set(names.map((name) => hashOf(`${place}${name}`) % 8));
    assert.equal(groups.size, CHANNEL_OBJECTS);
  }
});
