// Proves that parameter lists of POPULATE TOKEN and WRITE USING TOKEN are taken whole or refused:
// every length, truncation and range that lies is refused, with the place.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Field } from '../../../../src/base/bytes/layout.ts';
import type { BlockRun } from '../../../../src/scsi/block-range.ts';
import {
  TOKEN_LIFETIME_MAX_S,
  TOKEN_LIFETIME_S,
  TOKEN_RANGES_MAX,
} from '../../../../src/scsi/copy/copy-limits.ts';
import { parseTokenRequest, parseTokenWrite } from '../../../../src/scsi/copy/token-lists.ts';
import { PopulateTokenHead, WriteUsingTokenHead } from '../../../../src/scsi/standard/rod-token.ts';
import { logicalUnit } from '../../../support/scsi-call.ts';
import { populateList, writeTokenList, zeroToken } from '../../../support/token-lists.ts';

const unit = logicalUnit();
const GOOD: readonly BlockRun[] = [
  { lba: 0, blocks: 8 },
  { lba: 16, blocks: 0 },
  { lba: 8, blocks: 8 },
];

const kinds = [
  {
    head: PopulateTokenHead,
    parse: (list: Uint8Array) => parseTokenRequest(list, unit),
    list: (ranges: readonly BlockRun[]) => populateList(ranges),
  },
  {
    head: WriteUsingTokenHead,
    parse: (list: Uint8Array) => parseTokenWrite(list, unit),
    list: (ranges: readonly BlockRun[]) => writeTokenList(zeroToken(), ranges, 5),
  },
] as const;

function codeOf(result: ReturnType<(typeof kinds)[number]['parse']>): string {
  if (!('status' in result)) return 'taken';
  const { code, fieldPointer } = result.sense!;
  return `${code.toString(16)}@${fieldPointer?.byte ?? '-'}`;
}

for (const { head, parse, list } of kinds) {
  const { name, length } = head.$;
  const changed = (field: Field, value: number): Uint8Array => {
    const bytes = list(GOOD);
    field.set(bytes, value);
    return bytes;
  };

  test(`${name}: ranges without blocks are left out`, () => {
    const parsed = parse(list(GOOD));
    assert.ok('ranges' in parsed);
    assert.deepEqual(parsed.ranges, [GOOD[0], GOOD[2]]);
  });

  test(`${name}: every lie about a length is refused`, () => {
    for (let cut = 0; cut < list(GOOD).length; cut++) {
      assert.equal(codeOf(parse(list(GOOD).subarray(0, cut))), '1a00@-', `cut at ${cut}`);
    }
    const { rangeDescriptorLength: ranges, dataLength } = head;
    for (const bytes of [0, 1, 15, 17, 47, 64, 0xfff0, 0xffff]) {
      assert.equal(codeOf(parse(changed(ranges, bytes))), `2600@${ranges.byte}`, `${bytes}`);
    }
    assert.equal(codeOf(parse(changed(dataLength, 0xffff))), '1a00@-');
    assert.equal(codeOf(parse(changed(dataLength, length - 2 + 47))), `2600@${ranges.byte}`);
    // Fewer ranges than there is data for.
    assert.equal(codeOf(parse(changed(ranges, 16))), 'taken');
  });

  test(`${name}: a background copy is refused`, () => {
    assert.equal(codeOf(parse(changed(head.immed, 1))), '2600@2');
  });

  test(`${name}: ranges that overlap, are too many, too long or not there are refused`, () => {
    const many = Array.from({ length: TOKEN_RANGES_MAX + 1 }, (_, i) => ({ lba: i, blocks: 1 }));
    const { byte } = head.rangeDescriptorLength;
    assert.equal(codeOf(parse(list(many))), `2608@${byte}`);
    assert.equal(codeOf(parse(list(many.slice(1)))), 'taken');
    const overlapping = [...GOOD, { lba: 15, blocks: 2 }];
    assert.equal(codeOf(parse(list(overlapping))), `2600@${length + 3 * 16}`);
    assert.equal(codeOf(parse(list([{ lba: unit.blocks, blocks: 1 }]))), '2100@-');
    assert.equal(codeOf(parse(list([{ lba: Number.MAX_SAFE_INTEGER, blocks: 1 }]))), '2100@-');
    const most = { lba: 0, blocks: 2 ** 19 };
    assert.equal(codeOf(parse(list([most]))), 'taken');
    assert.equal(
      codeOf(parse(list([most, { lba: 2 ** 20, blocks: 1 }]))),
      `2600@${length + 16 + 8}`,
    );
  });

  test(`${name}: whatever the bytes are, the ranges that are taken are on the medium`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: length + 80 }), fc.nat(255), (bytes, cut) => {
        const random = list(GOOD);
        random.set(bytes.subarray(0, random.length));
        const parsed = parse(random.subarray(0, random.length - (cut % 3)));
        if ('status' in parsed) return;
        for (const { lba, blocks } of parsed.ranges) assert.ok(lba + blocks <= unit.blocks);
      }),
    );
  });
}

test('a token lives as long as it is asked to, within bounds', () => {
  const lifetime = (seconds: number) => {
    const parsed = parseTokenRequest(populateList(GOOD, seconds), unit);
    return 'status' in parsed ? codeOf(parsed) : parsed.lifetimeS;
  };
  assert.equal(lifetime(0), TOKEN_LIFETIME_S);
  assert.equal(lifetime(1), 1);
  assert.equal(lifetime(TOKEN_LIFETIME_MAX_S), TOKEN_LIFETIME_MAX_S);
  assert.equal(lifetime(TOKEN_LIFETIME_MAX_S + 1), '2600@4');
});

test('a ROD TYPE counts only with RTV, and there is one', () => {
  const list = populateList(GOOD);
  PopulateTokenHead.rodType.set(list, 0x0080_0000);
  assert.equal(codeOf(parseTokenRequest(list, unit)), 'taken');
  PopulateTokenHead.rtv.set(list, 1);
  assert.equal(codeOf(parseTokenRequest(list, unit)), '2600@8');
  PopulateTokenHead.rodType.set(list, 0x0001_0000);
  assert.equal(codeOf(parseTokenRequest(list, unit)), 'taken');
});
