// INQUIRY through iSCSI, byte for byte as it was recorded before a transport named its own ports:
// VPD page 83h for ports with short, long and non-ASCII names. Initiators
// keep these bytes (multipath, clusters), so a release may not change them.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { nexusIdentity } from '../../src/iscsi/nexus-identity.ts';
import { hex, run } from '../support/scsi-call.ts';

const LOGICAL_UNIT = `01 03 00 10 60 0a 0b 0c 01 02 03 04
05 06 07 08 09 0a 0b 0c 02 01 00 28 41 4c 4c 50
41 54 48 20 44 49 53 4b 20 20 20 20 20 20 20 20
20 20 20 20 38 66 39 63 30 63 38 65 36 61 35 35
34 61 35 65 03 08 00 28 6e 61 61 2e 36 30 30 41
30 42 30 43 30 31 30 32 30 33 30 34 30 35 30 36
30 37 30 38 30 39 30 41 30 42 30 43 00 00 00 00`;

/** VPD page 83h of the nexus of an initiator with this target port. */
async function page(targetName: string, tag: number, identifier: number): Promise<Uint8Array> {
  const initiator = { initiatorName: 'iqn.1994-05.com.example:host', isid: '00023d000001' };
  const identity = nexusIdentity({ ...initiator, targetName, portalGroupTag: tag }, identifier);
  return (await run([0x12, 1, 0x83, 4, 0, 0], { identity })).dataIn;
}

test('page 83h of a short name', async () => {
  assert.equal(
    hex(await page('iqn.2026-11.io.allpath:demo', 2, 2)),
    `00 83 00 c8 ${LOGICAL_UNIT}
51 94 00 04 00 00 00 02 51 95 00 04 00 00 00 02
53 98 00 28 69 71 6e 2e 32 30 32 36 2d 31 31 2e
69 6f 2e 61 6c 6c 70 61 74 68 3a 64 65 6d 6f 2c
74 2c 30 78 30 30 30 32 00 00 00 00 53 a8 00 1c
69 71 6e 2e 32 30 32 36 2d 31 31 2e 69 6f 2e 61
6c 6c 70 61 74 68 3a 64 65 6d 6f 00`,
  );
});

test('page 83h of a name in UTF-8', async () => {
  assert.equal(
    hex(await page('iqn.2026-11.io.example:stößt', 0xabcd, 0x1234)),
    `00 83 00 cc ${LOGICAL_UNIT}
51 94 00 04 00 00 12 34 51 95 00 04 00 00 ab cd
53 98 00 28 69 71 6e 2e 32 30 32 36 2d 31 31 2e
69 6f 2e 65 78 61 6d 70 6c 65 3a 73 74 c3 b6 c3
9f 74 2c 74 2c 30 78 61 62 63 64 00 53 a8 00 20
69 71 6e 2e 32 30 32 36 2d 31 31 2e 69 6f 2e 65
78 61 6d 70 6c 65 3a 73 74 c3 b6 c3 9f 74 00 00`,
  );
});

test('page 83h of an EUI name', async () => {
  assert.equal(
    hex(await page('eui.0123456789abcdef', 1, 65535)),
    `00 83 00 bc ${LOGICAL_UNIT}
51 94 00 04 00 00 ff ff 51 95 00 04 00 00 00 01
53 98 00 20 65 75 69 2e 30 31 32 33 34 35 36 37
38 39 61 62 63 64 65 66 2c 74 2c 30 78 30 30 30
31 00 00 00 53 a8 00 18 65 75 69 2e 30 31 32 33
34 35 36 37 38 39 61 62 63 64 65 66 00 00 00 00`,
  );
});

test('page 83h of the longest name', async () => {
  const bytes = await page(`iqn.2026-11.io.allpath:${'x'.repeat(200)}`, 65535, 1);
  assert.equal(bytes.length, 596);
  assert.equal(
    createHash('sha256').update(bytes).digest('hex'),
    'aff597d97d7eb2d2c5daacce2b63c4a67c7b6af5531268d0be1ab1736e4b7b9b',
  );
});
