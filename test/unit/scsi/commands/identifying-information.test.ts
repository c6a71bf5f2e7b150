// SET IDENTIFYING INFORMATION keeps what it is given, tells the other nexuses alone, and refuses
// what REPORT IDENTIFYING INFORMATION does not name.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditions, invalidInCdb, results } from '../../../../src/scsi/sense-table.ts';
import {
  ReportIdentifyingInformationCdb,
  SetIdentifyingInformationCdb,
} from '../../../../src/scsi/standard/spc.ts';
import { reset } from '../../../../src/scsi/unit-changes.ts';
import { logicalUnit, run } from '../../../support/scsi-call.ts';

const PERIPHERAL = 0;
const TEXT = 2;
const SUPPORTED = 0x7f;

function report(type: number, allocationLength = 512): readonly number[] {
  const [high, low] = [allocationLength >> 8, allocationLength & 0xff];
  return [0xa3, 0x05, 0, 0, 0, 0, 0, 0, high, low, type << 1, 0];
}

function set(type: number, length: number): readonly number[] {
  return [0xa4, 0x06, 0, 0, 0, 0, 0, 0, length >> 8, length & 0xff, type << 1, 0];
}

const reported = async (unit: ReturnType<typeof logicalUnit>, type: number) =>
  Buffer.from((await run(report(type), { unit })).dataIn);

test('information of either type is reported once set, and the others are notified', async () => {
  const unit = logicalUnit();
  assert.deepEqual(await reported(unit, TEXT), Buffer.alloc(4));
  for (const [type, text] of [
    [PERIPHERAL, 'left rack'],
    [TEXT, 'the disk of the left rack\0'],
  ] as const) {
    const dataOut = Buffer.from(text);
    const { result, told } = await run(set(type, text.length), { unit, dataOut });
    assert.equal(result, results.good);
    assert.deepEqual(told, [conditions.deviceIdentifierChanged]);
    const again = await run(set(type, text.length), { unit, dataOut });
    assert.deepEqual([again.result, again.told], [results.good, []], 'nothing changes');
  }
  const data = await reported(unit, PERIPHERAL);
  assert.deepEqual([data.readUInt16BE(2), data.toString('latin1', 4)], [9, 'left rack']);
  assert.equal((await reported(unit, TEXT)).toString('utf8', 4), 'the disk of the left rack\0');
});

test('a reset leaves it, and an empty list clears it', async () => {
  const unit = logicalUnit();
  await run(set(PERIPHERAL, 3), { unit, dataOut: Buffer.from('abc') });
  await unit.commit(reset);
  assert.equal((await reported(unit, PERIPHERAL)).toString('latin1', 4), 'abc');
  const { told } = await run(set(PERIPHERAL, 0), { unit });
  assert.deepEqual(told, [conditions.deviceIdentifierChanged]);
  assert.deepEqual(await reported(unit, PERIPHERAL), Buffer.alloc(4));
});

test('the supported types are reported with their bounds, which are enforced', async () => {
  const unit = logicalUnit();
  const types = await reported(unit, SUPPORTED);
  assert.equal(types.toString('hex'), '00000008' + '00000040' + '04000100');
  const { informationType, parameterListLength } = SetIdentifyingInformationCdb;
  for (const [type, lengthMax] of [
    [PERIPHERAL, 64],
    [TEXT, 256],
  ] as const) {
    const most = await run(set(type, lengthMax), { unit, dataOut: Buffer.alloc(lengthMax, 1) });
    assert.equal(most.result, results.good);
    const more = { unit, dataOut: Buffer.alloc(lengthMax + 1) };
    const { result } = await run(set(type, lengthMax + 1), more);
    assert.deepEqual(result, invalidInCdb(parameterListLength));
  }
  for (const type of [1, SUPPORTED]) {
    const { result } = await run(set(type, 1), { unit, dataOut: Buffer.alloc(1) });
    assert.deepEqual(result, invalidInCdb(informationType));
  }
  const unknown = invalidInCdb(ReportIdentifyingInformationCdb.informationType);
  assert.deepEqual((await run(report(1), { unit })).result, unknown);
});

test('a truncated answer has the length of the whole', async () => {
  const unit = logicalUnit();
  await run(set(PERIPHERAL, 3), { unit, dataOut: Buffer.from('abc') });
  const { dataIn, transferLength } = await run(report(PERIPHERAL, 5), { unit });
  assert.deepEqual([Buffer.from(dataIn).toString('hex'), transferLength], ['0000000361', 5]);
});
