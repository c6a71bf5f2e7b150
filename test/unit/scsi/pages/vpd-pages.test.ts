// Every VPD page, byte for byte. The bytes were checked with `sg_vpd --inhex` of sg3_utils 1.46
// (test/conformance/sg3-utils.test.ts reads them with it again) and against SPC-4 and SBC-3 as
// that tool and libiscsi decode them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logPagesOf } from '../../../../src/scsi/pages/log-pages.ts';
import { encodeVpdPage } from '../../../../src/scsi/pages/vpd-page.ts';
import { vpdPages } from '../../../../src/scsi/pages/vpd-pages.ts';
import {
  BlockLimits,
  LogicalBlockProvisioning,
  VpdPageCode,
} from '../../../../src/scsi/standard/vpd.ts';
import { hex, logicalUnit, path, port, type UnitOptions } from '../../../support/scsi-call.ts';

function page(pageCode: number, options: UnitOptions = {}, relativePort = 2): Uint8Array {
  const row = vpdPages.find((candidate) => candidate.pageCode === pageCode);
  assert.ok(row !== undefined);
  const targetPort = { ...port, relativePortIdentifier: relativePort };
  const body = row.body(logicalUnit(options), { ...path, targetPort });
  return encodeVpdPage(pageCode, body, true);
}

const zeros = (lines: number) => '\n00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00'.repeat(lines);

const golden: ReadonlyMap<number, string> = new Map([
  [VpdPageCode.supportedVpdPages, '00 00 00 08 00 80 83 86 8f b0 b1 b2'],
  [VpdPageCode.unitSerialNumber, '00 80 00 10 38 66 39 63 30 63 38 65 36 61 35 35\n34 61 35 65'],
  [VpdPageCode.extendedInquiryData, `00 86 00 3c 00 07 01 00 00 00 00 00 00 00 00 00${zeros(3)}`],
  [
    VpdPageCode.thirdPartyCopy,
    `00 8f 01 70 00 00 00 20 00 00 00 00 00 00 00 18
00 00 02 58 00 00 01 2c 00 00 00 00 00 08 00 00
00 00 00 00 00 02 00 00 00 01 00 0c 0a 83 03 00
10 11 84 03 00 03 07 00 00 04 00 1c 00 00 00 00
00 10 00 40 00 00 20 00 00 00 00 00 00 00 00 00
00 00 00 00 00 00 00 00 00 08 00 04 03 02 0a e4
00 0c 00 04 00 02 ff ff 01 06 00 5c 00 00 00 00
00 00 00 00 00 00 00 00 00 00 00 01 00 00 02 58
00 00 02 58 00 00 00 00 00 00 00 00 00 00 00 00
00 00 00 00 00 00 00 30 00 00 00 2c 00 00 00 00
00 00 00 00 10 00 00 00 00 00 00 00 04 00 00 00
00 00 00 00 10 00 00 00 00 00 00 00 04 00 00 00
00 00 00 00 00 00 00 00 01 08 00 84 00 00 00 80
00 01 00 00 03 00 00 00 00 00 00 00 00 00 00 00${zeros(3)}
ff ff 00 01 02 00 00 00 00 00 00 00 00 00 00 00${zeros(3)}
80 01 00 20 00 00 00 10 00 00 00 10 10 00 00 00
09 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
00 00 00 00`,
  ],
  [
    VpdPageCode.blockLimits,
    `00 b0 00 3c 01 08 00 08 00 00 80 00 00 00 08 00
00 00 80 00 00 10 00 00 00 00 01 00 00 00 00 08
80 00 00 00 00 00 00 00 00 00 80 00 00 00 00 08
00 00 00 08 00 00 00 08 00 00 00 00 00 00 00 00`,
  ],
  [
    VpdPageCode.blockDeviceCharacteristics,
    `00 b1 00 3c 00 01 00 00 00 00 00 00 00 00 00 00${zeros(3)}`,
  ],
  [VpdPageCode.logicalBlockProvisioning, '00 b2 00 04 00 e4 02 00'],
]);

for (const [pageCode, bytes] of golden) {
  test(`page ${pageCode.toString(16)}h is byte for byte what it was`, () => {
    assert.equal(hex(page(pageCode)), bytes);
  });
}

test('page codes ascend, and page 00h lists all of them', () => {
  const codes = vpdPages.map(({ pageCode }) => pageCode);
  assert.deepEqual(
    codes,
    [...new Set(codes)].sort((a, b) => a - b),
  );
  assert.deepEqual([...page(VpdPageCode.supportedVpdPages).subarray(4)], codes);
});

test('no page but 83h depends on the port (I6)', () => {
  for (const { pageCode } of vpdPages) {
    const same = hex(page(pageCode, {}, 2)) === hex(page(pageCode, {}, 3));
    assert.equal(same, pageCode !== VpdPageCode.deviceIdentification);
  }
});

test('block limits count in blocks of the logical unit', () => {
  const bytes = page(VpdPageCode.blockLimits, { blockLengthBytes: 4096 });
  assert.equal(BlockLimits.maximumTransferLength.get(bytes), 4096);
  assert.equal(BlockLimits.maximumCompareAndWriteLength.get(bytes), 1);
  assert.equal(BlockLimits.optimalTransferLengthGranularity.get(bytes), 1);
  assert.equal(BlockLimits.optimalUnmapGranularity.get(bytes), 1);
});

test('a granularity below a block is one block, one beyond its field the most it holds', () => {
  const fine = { optimalGranularityBytes: 512, unmapGranularityBytes: 512 };
  const small = page(VpdPageCode.blockLimits, { blockLengthBytes: 4096, limits: fine });
  assert.equal(BlockLimits.optimalTransferLengthGranularity.get(small), 1);
  assert.equal(BlockLimits.optimalUnmapGranularity.get(small), 1);
  const coarse = { optimalGranularityBytes: 64 * 1024 * 1024 };
  const large = page(VpdPageCode.blockLimits, { limits: coarse });
  assert.equal(BlockLimits.optimalTransferLengthGranularity.get(large), 0xffff);
});

test('without a volatile cache V_SUP is 0', () => {
  const bytes = page(VpdPageCode.extendedInquiryData, { limits: { volatileCache: false } });
  assert.equal(bytes[6], 0);
});

test('B2h announces thresholds exactly where the log page that counts them exists', () => {
  const unit = logicalUnit();
  const exponentOf = () => {
    const body = vpdPages.at(-1)!.body(unit, path);
    return LogicalBlockProvisioning.thresholdExponent.get(encodeVpdPage(0xb2, body, true));
  };
  const hasPage = () => logPagesOf(unit).some(({ pageCode }) => pageCode === 0x0c);
  assert.deepEqual([hasPage(), exponentOf()], [false, 0]);
  unit.setSpace({ usedBytes: 1, availableBytes: 1 }, 90);
  assert.deepEqual([hasPage(), exponentOf()], [true, 11]);
});
