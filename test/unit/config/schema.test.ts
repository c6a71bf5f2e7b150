// Proves the edges of every value of the document: the last one that is taken, and the first that
// is refused; what it is kept as; and what is there when it is left out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DISK_SIZE_MAX_BYTES,
  DISKS_MAX,
  GATEWAYS_MAX,
  INITIATORS_PER_TARGET_MAX,
  PORTALS_PER_GATEWAY_MAX,
  QUEUE_DEPTH_MAX,
  TARGETS_MAX,
  TEXT_LENGTH_MAX_BYTES,
  VOLUME_INSTANCES_MAX,
} from '../../../src/config/limits.ts';
import { REDACTED } from '../../../src/config/redact.ts';
import {
  accessEntrySchema,
  chapSchema,
  diskSchema,
  documentSchema,
  gatewaySchema,
  lunMapSchema,
  portalSchema,
  settingsSchema,
  targetSchema,
} from '../../../src/config/schema.ts';

interface Schema {
  readonly shape: object;
  safeParse(value: unknown): { readonly success: boolean; readonly data?: unknown };
}

/** Of one value: those that are taken as they are, those that become another, and the refused. */
interface Edges {
  readonly kept?: readonly unknown[];
  readonly becomes?: readonly (readonly [given: unknown, kept: unknown])[];
  readonly refused: readonly unknown[];
}

const DISK = { name: 'd', size: 512 };
const PORTAL = { address: '127.0.0.1' };
const TARGET = { iqn: 'iqn.2026-11.com.example:t', access: 'any' };
const CHAP = { user: 'u', secret: 'twelve bytes' };
const DOCUMENT = { formatVersion: 1 };

const ascii = (lengthMax: number): Edges => ({
  kept: ['x', '~'.repeat(lengthMax), ' '],
  refused: ['', 'x'.repeat(lengthMax + 1), 'ä', 'a\tb', 1],
});
const integer = (min: number, max: number): Edges => ({
  kept: [min, max],
  refused: [min - 1, max + 1, min + 0.5, `${min}`],
});
const flag: Edges = { kept: [true, false], refused: [0, 'yes', null] };
const optional = <T extends Edges>(edges: T): Edges => ({
  ...edges,
  kept: [...(edges.kept ?? []), undefined],
});
const list = (item: object, max: number, min = 0): Edges => ({
  kept: [Array(min).fill(item), Array(max).fill(item)],
  refused: [Array(max + 1).fill(item), item, ...(min > 0 ? [[]] : [])],
});
const name: Edges = {
  kept: ['a', '0', 'a._-', 'a'.repeat(63)],
  refused: ['', 'A', '-a', '.a', '_a', 'a'.repeat(64), 'a/b', 'a b'],
};
const text = (max: number): Edges => ({
  kept: ['x', 'ä'.repeat(max / 2), 'x'.repeat(max)],
  refused: ['', 'x'.repeat(max + 1), 'ä'.repeat(max / 2 + 1), 'a\0b', 'a\nb', 'a\u200bb', '\ud800'],
});
const iscsiName: Edges = {
  becomes: [
    ['IQN.2026-11.com.Example:X', 'iqn.2026-11.com.example:x'],
    ['eui.0123456789abcdef', 'eui.0123456789abcdef'],
  ],
  refused: ['', 'x', 'iqn.2026-11.com.example:a b', 7],
};
const identifier = optional(integer(1, 0xffff));

const diskEdges: Readonly<Record<string, Edges>> = {
  name,
  uuid: {
    kept: ['00000000-0000-4000-8000-0000000000af', undefined],
    refused: ['00000000-0000-4000-8000-0000000000AF', '00000000000040008000000000000000', ''],
  },
  size: {
    kept: [1, DISK_SIZE_MAX_BYTES],
    becomes: [
      ['512', 512],
      ['1K', 1024],
      ['4P', DISK_SIZE_MAX_BYTES],
    ],
    refused: [0, -1, 0.5, DISK_SIZE_MAX_BYTES + 1, '5P', '1X', '', true, undefined],
  },
  blockLength: { kept: [512, 4096], refused: [0, 1024, '512'] },
  wwn: {
    kept: [`naa.3${'0'.repeat(15)}`, `naa.6${'a'.repeat(31)}`, undefined],
    becomes: [
      [`2${'F'.repeat(15)}`, `naa.2${'f'.repeat(15)}`],
      [`NAA.5${'0'.repeat(15)}`, `naa.5${'0'.repeat(15)}`],
    ],
    refused: [
      `4${'0'.repeat(15)}`,
      `6${'0'.repeat(15)}`,
      `3${'0'.repeat(31)}`,
      `3${'g'.repeat(15)}`,
    ],
  },
  serial: optional(ascii(36)),
  vendor: ascii(8),
  product: ascii(16),
  revision: ascii(4),
  writethrough: flag,
  readOnly: flag,
  dataPool: optional(ascii(128)),
  volume: {
    kept: [{ name: 'v' }, { id: '3/10ab' }, {}, undefined],
    refused: [{ name: '' }, { id: '' }, { pool: 'x' }, 'v'],
  },
  deleting: { kept: [true, undefined], refused: [false, 'yes'] },
  objectSize: {
    kept: [4096, 32 * 2 ** 20, undefined],
    becomes: [['4M', 4 * 2 ** 20]],
    refused: [2048, 64 * 2 ** 20, 3 * 4096, '5M'],
  },
};

const portalEdges: Readonly<Record<string, Edges>> = {
  address: {
    kept: ['192.0.2.1', '::1'],
    becomes: [['2001:0DB8::0', '2001:db8::']],
    refused: ['', 'localhost', '[::1]', '0.0.0.0', '::', '1.2.3', undefined],
  },
  listen: {
    kept: ['0.0.0.0', '::', undefined],
    refused: ['', 'localhost', '[::]'],
  },
  port: integer(1, 65535),
  portalGroupTag: identifier,
  relativePortIdentifier: identifier,
};

const targetEdges: Readonly<Record<string, Edges>> = {
  iqn: iscsiName,
  alias: optional(text(TEXT_LENGTH_MAX_BYTES)),
  luns: { kept: [{ 0: 'd' }], refused: [{ a: 'd' }, [], 'd'] },
  access: {
    kept: ['any', [], Array(INITIATORS_PER_TARGET_MAX).fill({ initiator: 'iqn.2026-11.a:b' })],
    refused: [
      'none',
      undefined,
      {},
      Array(INITIATORS_PER_TARGET_MAX + 1).fill({ initiator: 'iqn.2026-11.a:b' }),
    ],
  },
  chap: { kept: [CHAP, undefined], refused: [{}, { user: 'u' }] },
};

const settingsEdges: Readonly<Record<string, Edges>> = {
  oui: { kept: ['00a0b1', undefined], refused: ['00A0B1', '00a0b', '00a0b11', ''] },
  queueDepth: integer(1, QUEUE_DEPTH_MAX),
  chapMd5: flag,
  drainSeconds: integer(0, 60),
  softThresholdPercent: integer(1, 100),
  volumeInstances: integer(1, VOLUME_INSTANCES_MAX),
};

const documentEdges: Readonly<Record<string, Edges>> = {
  formatVersion: { kept: [1], refused: [0, 2, '1', undefined] },
  basedOn: { kept: [1, 2 ** 40, undefined], refused: [0, 1.5, '1'] },
  nextRelativePortIdentifier: optional(integer(1, 0x10000)),
  disks: list(parsed(diskSchema, DISK), DISKS_MAX),
  gateways: list(parsed(gatewaySchema, { name: 'g', portals: [PORTAL] }), GATEWAYS_MAX),
  targets: list(parsed(targetSchema, TARGET), TARGETS_MAX),
  discovery: { kept: [{}, { chap: CHAP }], refused: [{ user: 'u' }, 'any'] },
};

const chapEdges: Readonly<Record<string, Edges>> = {
  user: text(TEXT_LENGTH_MAX_BYTES),
  secret: {
    kept: ['x'.repeat(12), 'x'.repeat(256), 'ä'.repeat(6)],
    refused: ['x'.repeat(11), 'x'.repeat(257), REDACTED, 'twelve\0bytes'],
  },
  mutual: {
    kept: [CHAP, undefined],
    refused: [{ ...CHAP, mutual: CHAP }, { user: 'u' }, { ...CHAP, secret: 'short' }],
  },
};

const accessEdges: Readonly<Record<string, Edges>> = {
  initiator: iscsiName,
  luns: { kept: [{ 0: 'd' }, {}, undefined], refused: ['d'] },
  chap: { kept: [CHAP, undefined], refused: [{}] },
};

const tables: readonly (readonly [string, Schema, object, Readonly<Record<string, Edges>>])[] = [
  ['disk', diskSchema, DISK, diskEdges],
  ['portal', portalSchema, PORTAL, portalEdges],
  [
    'gateway',
    gatewaySchema,
    { name: 'g', portals: [PORTAL] },
    {
      name,
      portals: list(parsed(portalSchema, PORTAL), PORTALS_PER_GATEWAY_MAX, 1),
    },
  ],
  ['target', targetSchema, TARGET, targetEdges],
  ['access entry', accessEntrySchema, { initiator: 'iqn.2026-11.a:b' }, accessEdges],
  ['CHAP', chapSchema, CHAP, chapEdges],
  ['settings', settingsSchema, {}, settingsEdges],
  ['document', documentSchema, DOCUMENT, documentEdges],
];

function parsed(schema: Schema, value: object): object {
  const { success, data } = schema.safeParse(value);
  assert.ok(success);
  return data as object;
}

for (const [title, schema, base, edges] of tables) {
  const keptAs = (key: string, value: unknown): unknown => {
    const result = schema.safeParse({ ...base, [key]: value });
    assert.ok(result.success, `${title}, ${key}: ${JSON.stringify(value)?.slice(0, 80)} is taken`);
    return (result.data as Record<string, unknown>)[key];
  };
  test(`${title}: each value is taken up to its edges, and refused beyond`, () => {
    for (const [key, { kept = [], becomes = [], refused }] of Object.entries(edges)) {
      for (const value of kept) assert.deepEqual(keptAs(key, value), value, key);
      for (const [given, as] of becomes) assert.deepEqual(keptAs(key, given), as, key);
      for (const value of refused) {
        const { success } = schema.safeParse({ ...base, [key]: value });
        const what = JSON.stringify(value)?.slice(0, 80);
        assert.equal(success, false, `${title}, ${key}: ${what} is refused`);
      }
    }
  });

  test(`${title}: another key is refused, and every key has edges here`, () => {
    assert.equal(schema.safeParse({ ...base, other: 1 }).success, false);
    const covered = new Set([...Object.keys(edges), ...(title === 'document' ? ['settings'] : [])]);
    assert.deepEqual(new Set(Object.keys(schema.shape)), covered);
  });
}

test('a LUN is a number in one spelling, from 0 to 16383', () => {
  for (const lun of ['0', '1', '16383']) assert.ok(lunMapSchema.safeParse({ [lun]: 'd' }).success);
  for (const lun of ['', '00', '01', '-1', '1.5', '16384', '99999', '100000', 'a']) {
    assert.equal(lunMapSchema.safeParse({ [lun]: 'd' }).success, false, lun);
  }
  assert.equal(lunMapSchema.safeParse({ 0: 1 }).success, false);
});

test('what is left out has its default', () => {
  assert.deepEqual(parsed(documentSchema, DOCUMENT), {
    formatVersion: 1,
    settings: {
      queueDepth: 256,
      chapMd5: true,
      drainSeconds: 5,
      softThresholdPercent: 80,
      volumeInstances: 1,
    },
    discovery: {},
    disks: [],
    gateways: [],
    targets: [],
  });
  assert.deepEqual(parsed(diskSchema, DISK), {
    ...{ ...DISK, blockLength: 512, vendor: 'ALLPATH', product: 'DISK', revision: '0001' },
    ...{ writethrough: false, readOnly: false },
  });
  assert.deepEqual(parsed(portalSchema, PORTAL), { ...PORTAL, port: 3260 });
  assert.deepEqual(parsed(targetSchema, TARGET), { ...TARGET, luns: {} });
});
