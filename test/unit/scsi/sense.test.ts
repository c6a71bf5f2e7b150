// Proves the sense data: every condition, in both formats, is what sg_decode_sense (sg3_utils)
// reads as that condition; and the sense-key specific and information parts, byte for byte.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

import { buildSense } from '../../../src/scsi/sense.ts';
import { atCdb, atParameter, conditions, withInformation } from '../../../src/scsi/sense-table.ts';

const decoder = 'sg_decode_sense';
const missing = spawnSync(decoder, ['--version']).error !== undefined;

/** Where the name that everybody uses is shorter than the text of SPC. */
const fullText: Readonly<Record<string, string>> = {
  invalidOperationCode: 'Invalid command operation code',
  lbaOutOfRange: 'Logical block address out of range',
};

/** The words of a name: `invalidFieldInCdb` and `Invalid field in cdb` are the same. */
function words(text: string): string {
  return text.replace(/[^A-Za-z]/g, '').toLowerCase();
}

test('the names of all conditions are those of sg_decode_sense', { skip: missing }, () => {
  for (const [name, result] of Object.entries(conditions)) {
    for (const descriptorFormat of [false, true]) {
      const sense = buildSense(result.sense!, descriptorFormat);
      const bytes = [...sense].map((byte) => byte.toString(16).padStart(2, '0'));
      const { stdout } = spawnSync(decoder, bytes, { encoding: 'utf8' });
      assert.ok(words(stdout).includes(words(fullText[name] ?? name)), `${name}: ${stdout}`);
    }
  }
});

test('a field pointer and an INFORMATION field, fixed format', () => {
  const pointer = atCdb(conditions.invalidFieldInCdb, 0x102, 5).sense!;
  assert.deepEqual([...buildSense(pointer, false)].slice(15), [0xcd, 1, 2]);
  const parameter = atParameter(conditions.invalidFieldInParameterList, 3).sense!;
  assert.deepEqual([...buildSense(parameter, false)].slice(15), [0x80, 0, 3]);
  const information = withInformation(conditions.unrecoveredReadError, 0x12345678).sense!;
  const fixed = [...buildSense(information, false)];
  assert.deepEqual(fixed.slice(0, 8), [0xf0, 0, 3, 0x12, 0x34, 0x56, 0x78, 10]);
  const large = withInformation(conditions.unrecoveredReadError, 2 ** 32).sense!;
  assert.deepEqual([...buildSense(large, false)].slice(0, 7), [0x70, 0, 3, 0, 0, 0, 0]);
});

test('a field pointer and an INFORMATION field, descriptor format', () => {
  const both = { ...atCdb(conditions.invalidFieldInCdb, 2, 7).sense!, information: 2 ** 40 };
  assert.deepEqual(
    [...buildSense(both, true)],
    [0x72, 5, 0x24, 0, 0, 0, 0, 20]
      .concat([0, 10, 0x80, 0, 0, 0, 1, 0, 0, 0, 0, 0])
      .concat([2, 6, 0, 0, 0xcf, 0, 2, 0]),
  );
});
