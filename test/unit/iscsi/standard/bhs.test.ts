import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';

import {
  BHS_LENGTH,
  DataIn,
  LoginRequest,
  ScsiCommand,
  ScsiResponse,
} from '../../../../src/iscsi/standard/bhs.ts';
import { OPCODES, opcodeName } from '../../../../src/iscsi/standard/opcodes.ts';

test('every header of RFC 7143 is declared', () => {
  // Proves: the opcode table holds all PDUs, each 48 bytes long.
  const opcodes = [...OPCODES.keys()].sort((a, b) => a - b);
  assert.deepEqual(
    opcodes,
    [0, 1, 2, 3, 4, 5, 6, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x31, 0x32, 0x3f],
  );
  for (const row of OPCODES.values()) {
    assert.equal(row.header.length, BHS_LENGTH);
    assert.equal(row.sender, row.opcode < 0x20 ? 'initiator' : 'target');
  }
  assert.equal(opcodeName(0x31), 'Ready To Transfer');
  assert.equal(opcodeName(0x1e), 'opcode 0x1e');
});

test('fields keep what is set and touch nothing else', () => {
  // Proves: for every field of every header, get returns what set wrote, at any offset, and no
  // other bit of the header changes.
  const fields = [...OPCODES.values()].flatMap((row) => Object.values(row.header.fields));
  fc.assert(
    fc.property(fc.constantFrom(...fields), fc.nat(), fc.nat(7), (field, seed, base) => {
      const low = Math.log2((field.mask & -field.mask) >>> 0);
      const limit = field.length === 1 ? (field.mask >> low) + 1 : 2 ** (8 * field.length);
      const value = seed % limit;
      const bytes = new Uint8Array(BHS_LENGTH + 8).fill(0xa5);
      field.set(bytes, value, base);
      assert.equal(field.get(bytes, base), value);
      for (let i = 0; i < bytes.length; i++) {
        const inField = i >= base + field.byte && i < base + field.byte + field.length;
        const kept = inField ? ~field.mask & 0xff : 0xff;
        assert.equal(bytes[i]! & kept, 0xa5 & kept);
      }
    }),
  );
});

test('the SCSI Read (10) command of RFC 7143 reads as it says', () => {
  // Proves: the layout of the SCSI Command against the example PDU in the CRC appendix.
  const bytes = Buffer.from(
    '01c00000000000000000000000000000' +
      '14000000000004000000001400000018' +
      '28000000000000000200000000000000',
    'hex',
  );
  assert.equal(ScsiCommand.opcode.get(bytes), 1);
  assert.equal(ScsiCommand.final.get(bytes), 1);
  assert.equal(ScsiCommand.read.get(bytes), 1);
  assert.equal(ScsiCommand.write.get(bytes), 0);
  assert.equal(ScsiCommand.initiatorTaskTag.get(bytes), 0x14000000);
  assert.equal(ScsiCommand.expectedDataTransferLength.get(bytes), 0x400);
  assert.equal(ScsiCommand.cmdSn.get(bytes), 0x14);
  assert.equal(ScsiCommand.expStatSn.get(bytes), 0x18);
  assert.equal(ScsiCommand.cdb0.get(bytes), 0x28000000);
});

test('flags stand at the bits of the standard', () => {
  // Proves: golden flag bytes of Login Request, SCSI Response and Data-In.
  const bytes = new Uint8Array(BHS_LENGTH);
  LoginRequest.transit.set(bytes, 1);
  LoginRequest.currentStage.set(bytes, 1);
  LoginRequest.nextStage.set(bytes, 3);
  assert.equal(bytes[1], 0x87);
  bytes.fill(0);
  ScsiResponse.residualOverflow.set(bytes, 1);
  assert.equal(bytes[1], 0x04);
  ScsiResponse.residualUnderflow.set(bytes, 1);
  assert.equal(bytes[1], 0x06);
  bytes.fill(0);
  DataIn.statusPresent.set(bytes, 1);
  DataIn.acknowledge.set(bytes, 1);
  assert.equal(bytes[1], 0x41);
});
