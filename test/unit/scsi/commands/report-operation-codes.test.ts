// REPORT SUPPORTED OPERATION CODES says of every row of the command table what the table says.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commands } from '../../../../src/scsi/command-table.ts';
import { invalidInCdb } from '../../../../src/scsi/sense-table.ts';
import { ReportSupportedOperationCodesCdb as Cdb } from '../../../../src/scsi/standard/spc.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { hex, run } from '../../../support/scsi-call.ts';

const RCTD = 0x80;
const TIMEOUTS = '00 0a 00 00 00 00 00 00 00 00 00 00';

function cdb(options: number, operationCode = 0, serviceAction = 0): readonly number[] {
  const [high, low] = [serviceAction >> 8, serviceAction & 0xff];
  return [0xa3, 0x0c, options, operationCode, high, low, 0, 0, 0xff, 0xff, 0, 0];
}

test('all commands: one descriptor of 8 bytes a row, 20 with time-outs', async () => {
  for (const [options, length] of [
    [0, 8],
    [RCTD, 20],
  ] as const) {
    const { dataIn } = await run(cdb(options));
    const view = new DataView(dataIn.buffer, dataIn.byteOffset, dataIn.length);
    assert.equal(view.getUint32(0), dataIn.length - 4);
    assert.equal(dataIn.length - 4, commands.length * length);
    commands.forEach((command, index) => {
      const at = 4 + index * length;
      const servActv = command.serviceAction === undefined ? 0 : 1;
      assert.equal(dataIn[at], command.operationCode);
      assert.equal(view.getUint16(at + 2), command.serviceAction ?? 0);
      assert.equal(dataIn[at + 5], servActv | (length === 20 ? 2 : 0));
      assert.equal(view.getUint16(at + 6), command.cdb.$.length);
    });
  }
});

test('one command: codes stand for themselves in the usage data, other fields by their bits', async () => {
  assert.equal(hex((await run(cdb(1, 0x1a))).dataIn), '00 03 00 06 1a 08 ff ff ff 00');
  assert.equal(
    hex((await run(cdb(2, 0x9e, 0x10))).dataIn),
    '00 03 00 10 9e 10 00 00 00 00 00 00 00 00 ff ff\nff ff 00 00',
  );
  const withTimeouts = (await run(cdb(RCTD | 3, 0x00))).dataIn;
  assert.equal(hex(withTimeouts.subarray(0, 10)), '00 83 00 06 00 00 00 00 00 00');
  assert.equal(hex(withTimeouts.subarray(10)), TIMEOUTS);
});

test('option 001b refuses codes with service actions, 010b those without', async () => {
  for (const { operationCode, serviceAction } of commands) {
    const has = serviceAction !== undefined;
    const refused = invalidInCdb(Cdb.requestedOperationCode);
    const byCode = (await run(cdb(1, operationCode))).result;
    const byAction = (await run(cdb(2, operationCode, serviceAction))).result;
    assert.deepEqual(has ? byCode : byAction, refused);
    assert.equal((has ? byAction : byCode).status, Status.good);
    assert.equal((await run(cdb(3, operationCode, serviceAction))).dataIn[1], 3);
  }
});

test('an unknown command is reported as not supported, with a CDB size of 0', async () => {
  for (const one of [cdb(1, 0xc0), cdb(2, 0xc0, 1), cdb(2, 0xa3, 0x1f), cdb(3, 0x12, 1)]) {
    assert.equal(hex((await run(one)).dataIn), '00 01 00 00');
  }
});

test('other reporting options are refused', async () => {
  for (let options = 4; options < 8; options++) {
    assert.deepEqual((await run(cdb(options))).result, invalidInCdb(Cdb.reportingOptions));
  }
});
