import { assert } from '../../base/assert.ts';
import { jenkinsHash } from './jenkins-hash.ts';

/** Begins the name of every object that is not an image's. */
const PREFIX = 'allpath';
/** Between a namespace and a name when Ceph hashes an object. */
const NAMESPACE_END = '\u001f';
/** Objects that hold values; a change of their number is another format of the store. */
export const VALUE_OBJECTS = 32;
/** So much of a key is in the name of the object of its fields. */
const FIELDS_NAME_LENGTH_MAX = 200;
/**
 * Objects that notifications go through; a change of their number is another format. A power of
 * two, so that each can be in a placement group of its own.
 */
export const CHANNEL_OBJECTS = 8;

/** Names the format of the store; made first, and read whenever the store is opened. */
export const STORE_OBJECT = `${PREFIX}.store`;

/** All objects that hold values, in the order of their numbers. */
export const valueObjects: readonly string[] = Array.from(
  { length: VALUE_OBJECTS },
  (_, index) => `${PREFIX}.values.${index}`,
);

assert(VALUE_OBJECTS > 0, 'there is an object for every value');
assert(
  CHANNEL_OBJECTS > 0 && (CHANNEL_OBJECTS & (CHANNEL_OBJECTS - 1)) === 0,
  'channel objects are a power of two, so that each has a placement group of its own',
);

/** The object that holds the value of `key`. */
export function valueObjectOf(key: string): string {
  return valueObjects[hashOf(key) % VALUE_OBJECTS]!;
}

/**
 * The object that holds the fields of `key`; only keys that begin alike for long share one. Some
 * clusters have OSDs that take names of 256 bytes alone.
 */
export function fieldsObjectOf(key: string): string {
  return `${PREFIX}.fields.${key.slice(0, FIELDS_NAME_LENGTH_MAX)}`;
}

/**
 * The prefix of the omap key of each of its fields. `//` is in no key, and no name of a field
 * begins with a slash: no map's prefix is the beginning of another's.
 */
export function fieldsPrefixOf(key: string): string {
  return `${key.slice(FIELDS_NAME_LENGTH_MAX)}//`;
}

/**
 * The channel objects of a namespace. Their hashes differ in the low bits, so that a pool of at
 * least as many placement groups has each in another one: they also serve as the cluster's
 * witnesses.
 */
export function channelObjectsOf(namespace: string): readonly string[] {
  const place = namespace === '' ? '' : `${namespace}${NAMESPACE_END}`;
  const names = new Map<number, string>();
  for (let index = 0; names.size < CHANNEL_OBJECTS; index++) {
    const name = `${PREFIX}.channel.${index}`;
    const group = hashOf(`${place}${name}`) % CHANNEL_OBJECTS;
    if (!names.has(group)) names.set(group, name);
  }
  const objects = [...names.values()];
  assert(new Set(objects).size === CHANNEL_OBJECTS, 'channel objects differ');
  return objects;
}

/** Which of the channel objects the notifications of `channel` go through. */
export function channelIndexOf(channel: string): number {
  return hashOf(channel) % CHANNEL_OBJECTS;
}

function hashOf(text: string): number {
  return jenkinsHash(new TextEncoder().encode(text));
}
