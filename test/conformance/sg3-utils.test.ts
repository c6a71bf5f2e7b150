// Proves that sg3_utils, which knows nothing of this project, reads in INQUIRY, VPD and REQUEST
// SENSE data what was meant. The tools decode bytes from a file: no gateway, no SCSI disk.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  CSCDS_MAX,
  SEGMENT_BYTES_MAX,
  SEGMENTS_MAX,
  TOKEN_RANGES_MAX,
} from '../../src/scsi/copy/copy-limits.ts';
import { UNMAP_DESCRIPTOR_COUNT_MAX } from '../../src/scsi/limits.ts';
import {
  prefetchBlocksMax,
  transferBlocksMax,
  transferBlocksOptimal,
  unmapBlocksMax,
  writeSameBlocksMax,
} from '../../src/scsi/limits-in-blocks.ts';
import { vpdPages } from '../../src/scsi/pages/vpd-pages.ts';
import { conditions } from '../../src/scsi/sense-table.ts';
import { mustRun } from '../support/run.ts';
import { type CallOptions, hex, logicalUnit, run } from '../support/scsi-call.ts';

/** What `tool` says of the data that the CDB is answered with, spaces made one. */
async function decode(
  cdb: readonly number[],
  tool: (file: string) => readonly [string, ...string[]],
  options: CallOptions = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sg3-utils-'));
  try {
    const file = join(folder, 'data.hex');
    await writeFile(file, hex((await run(cdb, options)).dataIn));
    const [program, ...parameters] = tool(file);
    return (await mustRun(program, parameters)).replace(/[ \t]+/g, ' ');
  } finally {
    await rm(folder, { recursive: true });
  }
}

function vpd(pageCode: number, options?: CallOptions): Promise<string> {
  const page = `--page=0x${pageCode.toString(16)}`;
  return decode(
    [0x12, 1, pageCode, 4, 0, 0],
    (file) => ['sg_vpd', `--inhex=${file}`, page],
    options,
  );
}

function assertSays(text: string, lines: readonly string[]): void {
  for (const line of lines) assert.ok(text.includes(line), `"${line}" is not in:\n${text}`);
}

test('sg_inq reads the standard data', async () => {
  const text = await decode([0x12, 0, 0, 4, 0, 0], (file) => [
    'sg_inq',
    '--descriptors',
    `--inhex=${file}`,
  ]);
  assertSays(text, [
    'PQual=0 PDT=0 RMB=0',
    'version=0x06 [SPC-4]',
    'NormACA=0 HiSUP=1 Resp_data_format=2',
    'SCCS=0 ACC=0 TPGS=1 3PC=1 Protect=0',
    'MultiP=1',
    'CmdQue=1',
    'length=74',
    'Vendor identification: ALLPATH',
    'Product identification: DISK',
    'Product revision level: 0001',
    'SAM-5 (no version claimed)',
    'SPC-4 (no version claimed)',
    'SBC-3 (no version claimed)',
    'iSCSI (no version claimed)',
  ]);
});

const unitOf512 = logicalUnit();

const pages: ReadonlyMap<number, readonly string[]> = new Map([
  [0x00, ['Supported VPD pages', 'Unit serial number', 'Logical block provisioning (SBC)']],
  [0x80, ['Unit serial number: 8f9c0c8e6a554a5e']],
  [
    0x83,
    [
      'designator type: NAA, code set: Binary\n 0x600a0b0c0102030405060708090a0b0c',
      'vendor id: ALLPATH',
      'vendor specific: DISK 8f9c0c8e6a554a5e',
      'naa.600A0B0C0102030405060708090A0B0C',
      'transport: Internet SCSI (iSCSI)\n Relative target port: 0x2',
      'transport: Internet SCSI (iSCSI)\n Target port group: 0x2',
      'iqn.2026-11.io.allpath:demo,t,0x0002\n',
      'Target device that contains addressed lu:',
      'iqn.2026-11.io.allpath:demo\n',
    ],
  ],
  [0x86, ['HEADSUP=1 ORDSUP=1 SIMPSUP=1', 'V_SUP=1', 'UASK_SUP=0', 'SPT=0']],
  [
    0x8f,
    [
      `Maximum range descriptors: ${TOKEN_RANGES_MAX}`,
      'Populate token',
      'Write using token',
      'Receive ROD token information',
      'Extended copy(LID1)',
      'Receive copy operating parameters',
      `Maximum CSCD descriptor count: ${CSCDS_MAX}`,
      `Maximum segment descriptor count: ${SEGMENTS_MAX}`,
      'block -> block [0x2]',
      'CSCD: Identification Descriptor [0xe4]',
      `Maximum segment length: ${SEGMENT_BYTES_MAX}`,
      'Data segment granularity: 512',
    ],
  ],
  [
    0xb0,
    [
      'Write same non-zero (WSNZ): 1',
      'Maximum compare and write length: 8 blocks',
      'Optimal transfer length granularity: 8 blocks',
      `Maximum transfer length: ${transferBlocksMax(unitOf512)} blocks`,
      `Optimal transfer length: ${transferBlocksOptimal(unitOf512)} blocks`,
      `Maximum prefetch transfer length: ${prefetchBlocksMax(unitOf512)} blocks`,
      `Maximum unmap LBA count: ${unmapBlocksMax(unitOf512)}`,
      `Maximum unmap block descriptor count: ${UNMAP_DESCRIPTOR_COUNT_MAX}`,
      'Optimal unmap granularity: 8 blocks',
      'Unmap granularity alignment valid: true',
      'Unmap granularity alignment: 0',
      `Maximum write same length: 0x${writeSameBlocksMax(unitOf512).toString(16)} blocks`,
    ],
  ],
  [0xb1, ['Non-rotating medium', 'Nominal form factor not reported']],
  [
    0xb2,
    [
      'Unmap command supported (LBPU): 1',
      'Write same (16) with unmap bit supported (LBPWS): 1',
      'Write same (10) with unmap bit supported (LBPWS10): 1',
      'Logical block provisioning read zeros (LBPRZ): 1',
      'Anchored LBAs supported (ANC_SUP): 0',
      'Threshold exponent: 0 [threshold sets not supported]',
      'Provisioning type: 2 (thin provisioned)',
    ],
  ],
]);

for (const { name, pageCode } of vpdPages) {
  test(`sg_vpd reads ${name}`, async () => {
    const lines = pages.get(pageCode);
    assert.ok(lines !== undefined, `nothing is expected of page ${pageCode}`);
    assertSays(await vpd(pageCode), lines);
  });
}

test('thresholds are announced where it is known how full the store is', async () => {
  const unit = logicalUnit();
  unit.setSpace({ usedBytes: 1, availableBytes: 1 }, 90);
  assertSays(await vpd(0xb2, { unit }), ['Threshold exponent: 11']);
});

test('an 8-byte NAA is read as one too', async () => {
  const unit = logicalUnit({ naa: Uint8Array.from([0x52, 0, 0x45, 0x67, 0xba, 0x64, 0x67, 0x8d]) });
  const text = await vpd(0x83, { unit });
  assertSays(text, ['code set: Binary\n 0x52004567ba64678d', 'naa.52004567BA64678D\n']);
});

test('sg_decode_sense reads what REQUEST SENSE returns, in both formats', async () => {
  const tool = (file: string): readonly [string, string] => ['sg_decode_sense', `--file=${file}`];
  const unitAttention = conditions.capacityDataHasChanged;
  for (const [desc, format] of [
    [0, 'Fixed format, current'],
    [1, 'Descriptor format, current'],
  ] as const) {
    const request = [0x03, desc, 0, 0, 252, 0];
    const none = await decode(request, tool);
    assertSays(none, [format, 'Sense key: No Sense']);
    const pending = await decode(request, tool, { unitAttention });
    assertSays(pending, [format, 'Sense key: Unit Attention', 'Capacity data has changed']);
  }
});
