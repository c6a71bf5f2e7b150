import { assert } from '../base/assert.ts';

/** Bounds of the cluster document. */
/** Bound on the text: the output of `get` for the longest stored document can be applied again. */
export const DOCUMENT_LENGTH_MAX_BYTES = 4 * 1024 * 1024;
/** Aliases of a YAML document resolve to at most this many nodes (an "alias bomb" has billions). */
export const DOCUMENT_ALIASES_MAX = 1000;
/** Brackets open at a time, and marks of nesting in one line; the schema needs 8. */
export const DOCUMENT_DEPTH_MAX = 32;
/** Problems that are listed; more are counted. */
export const PROBLEMS_MAX = 500;
/** Problems of a document for which the closest known name is looked up. */
export const SUGGESTIONS_MAX = 20;

export const DISKS_MAX = 4096;
export const GATEWAYS_MAX = 64;
export const PORTALS_PER_GATEWAY_MAX = 16;
export const TARGETS_MAX = 1024;
export const INITIATORS_PER_TARGET_MAX = 1024;

/** Target portal group tags and relative target port identifiers have 16 bits; 0 is reserved. */
export const PORT_IDENTIFIER_MAX = 65_535;

/** The flat LUN addressing of SAM-5 has 14 bits. */
export const LUN_MAX = 16383;
/** 96 bits is the least that RFC 7143 allows for a CHAP secret without IPsec. */
export const SECRET_LENGTH_MIN_BYTES = 12;
export const SECRET_LENGTH_MAX_BYTES = 256;
/** Longest value of TargetAlias (RFC 7143), and of a CHAP user name. */
export const TEXT_LENGTH_MAX_BYTES = 255;
/** Far above what a medium of today takes, and exact as a number. */
export const DISK_SIZE_MAX_BYTES = 2 ** 52;
/** The object sizes that librbd accepts. */
export const OBJECT_SIZE_MIN_BYTES = 4 * 1024;
export const OBJECT_SIZE_MAX_BYTES = 32 * 1024 * 1024;
/** Most commands in flight that `queueDepth` may ask for. */
export const QUEUE_DEPTH_MAX = 1024;
/** Most client instances that `volumeInstances` may ask for: a member lists 64, successors too. */
export const VOLUME_INSTANCES_MAX = 32;

assert(SUGGESTIONS_MAX <= PROBLEMS_MAX, 'suggestions go with problems that are listed');
assert(DISKS_MAX <= LUN_MAX + 1, 'a LUN map has room for every disk');
assert(
  GATEWAYS_MAX * PORTALS_PER_GATEWAY_MAX <= PORT_IDENTIFIER_MAX,
  'every portal can be a target port of its own',
);
assert(SECRET_LENGTH_MIN_BYTES <= SECRET_LENGTH_MAX_BYTES, 'some secret is long enough');
assert(Number.isSafeInteger(DISK_SIZE_MAX_BYTES), 'sizes of disks are exact');
assert(
  Number.isInteger(Math.log2(OBJECT_SIZE_MIN_BYTES)) &&
    Number.isInteger(Math.log2(OBJECT_SIZE_MAX_BYTES)),
  'bounds of object sizes are powers of two',
);
assert(OBJECT_SIZE_MIN_BYTES <= OBJECT_SIZE_MAX_BYTES, 'some size of objects is allowed');
assert(OBJECT_SIZE_MAX_BYTES <= DISK_SIZE_MAX_BYTES, 'the largest disk has an object');
