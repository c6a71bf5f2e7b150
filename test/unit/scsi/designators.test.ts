// Designators name the logical unit the same through every path, and the port that was used.
// Golden bytes were checked with `sg_vpd --inhex` (test/conformance/sg3-utils.test.ts repeats it).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DESIGNATOR_LENGTH_MAX,
  encodeDesignators,
  scsiNameString,
} from '../../../src/scsi/designator.ts';
import { logicalUnitDesignators, targetDesignators } from '../../../src/scsi/designators.ts';
import { hex, identity, path } from '../../support/scsi-call.ts';

const { protocol, targetPort } = path;

test('the logical unit has an NAA, a T10 and a SCSI name string designator, without PIV', () => {
  assert.equal(
    hex(encodeDesignators(logicalUnitDesignators(identity), protocol.identifier)),
    `01 03 00 10 60 0a 0b 0c 01 02 03 04 05 06 07 08
09 0a 0b 0c 02 01 00 28 41 4c 4c 50 41 54 48 20
44 49 53 4b 20 20 20 20 20 20 20 20 20 20 20 20
38 66 39 63 30 63 38 65 36 61 35 35 34 61 35 65
03 08 00 28 6e 61 61 2e 36 30 30 41 30 42 30 43
30 31 30 32 30 33 30 34 30 35 30 36 30 37 30 38
30 39 30 41 30 42 30 43 00 00 00 00`,
  );
});

test('port, group, port name and device name carry the protocol identifier', () => {
  assert.equal(
    hex(encodeDesignators(targetDesignators(targetPort), protocol.identifier)),
    `51 94 00 04 00 00 00 02 51 95 00 04 00 00 00 02
53 98 00 28 69 71 6e 2e 32 30 32 36 2d 31 31 2e
69 6f 2e 61 6c 6c 70 61 74 68 3a 64 65 6d 6f 2c
74 2c 30 78 30 30 30 32 00 00 00 00 53 a8 00 1c
69 71 6e 2e 32 30 32 36 2d 31 31 2e 69 6f 2e 61
6c 6c 70 61 74 68 3a 64 65 6d 6f 00`,
  );
});

test('a SCSI name string always ends in a NUL, also when its text fills the fours', () => {
  for (const length of [223, 224, 225, 226, 227]) {
    const { value } = scsiNameString('targetDevice', 'x'.repeat(length));
    assert.equal(value.length % 4, 0);
    assert.equal(value.indexOf(0), length);
  }
});

test('no designator outgrows its one-byte length', () => {
  const long = { ...identity, serial: 's'.repeat(400) };
  const name = scsiNameString('targetPort', 'ü'.repeat(400));
  for (const { value } of [...logicalUnitDesignators(long), name]) {
    assert.ok(value.length <= DESIGNATOR_LENGTH_MAX);
  }
});

test('an 8-byte NAA gives a name of 16 digits', () => {
  const naa = Uint8Array.from([0x52, 0x00, 0x45, 0x67, 0xba, 0x64, 0x67, 0x8d]);
  const name = logicalUnitDesignators({ ...identity, naa })[2]?.value;
  assert.equal(Buffer.from(name ?? []).toString(), 'naa.52004567BA64678D\0\0\0\0');
});

test('a port of another transport brings its own designators and protocol identifier', () => {
  const wwpn = Uint8Array.of(0x21, 0, 0, 0x1b, 0x32, 1, 2, 3);
  const naa = { type: 3, codeSet: 1, association: 1, value: wwpn } as const;
  const fibreChannel = { ...targetPort, designators: [naa] };
  assert.equal(
    hex(encodeDesignators(targetDesignators(fibreChannel), 0x0)),
    `01 94 00 04 00 00 00 02 01 95 00 04 00 00 00 02
01 93 00 08 21 00 00 1b 32 01 02 03`,
  );
});
