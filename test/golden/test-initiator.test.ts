// Proves that the test initiator itself can be trusted: its CRC32C gives the examples of RFC 7143,
// and each rule that a target could break is reported when it is broken.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c } from '../initiator/crc32c.ts';
import { answerFault } from '../initiator/keys.ts';
import { DataIn, Opcode, pdu, R2t, ScsiResponse } from '../initiator/pdu.ts';
import { ScsiExchange } from '../initiator/scsi-exchange.ts';
import { SequenceWatch } from '../initiator/sequence-watch.ts';
import type { SessionParameters } from '../initiator/session-parameters.ts';

test('CRC32C of the examples in RFC 7143', () => {
  const hex = (bytes: Uint8Array) => crc32c(bytes).toString('hex');
  assert.equal(hex(new Uint8Array(32)), 'aa36918a');
  assert.equal(hex(new Uint8Array(32).fill(0xff)), '43aba862');
  assert.equal(hex(Uint8Array.from({ length: 32 }, (_, i) => i)), '4e79dd46');
  assert.equal(hex(Uint8Array.from({ length: 32 }, (_, i) => 31 - i)), '5cdb3f11');
  assert.equal(crc32c(new Uint8Array(20), new Uint8Array(12)).toString('hex'), 'aa36918a');
});

test('StatSN, ExpCmdSN and MaxCmdSN are watched', () => {
  const answer = (statSn: number, expCmdSn: number, maxCmdSn: number) =>
    pdu(ScsiResponse, { opcode: Opcode.scsiResponse, statSn, expCmdSn, maxCmdSn });
  const watch = () => {
    const made = new SequenceWatch({ statSn: 0xfffffffe, expCmdSn: 1, maxCmdSn: 8, cmdSn: 1 });
    made.takeCmdSn();
    return made;
  };
  const sound = watch();
  sound.received(answer(0xffffffff, 2, 9));
  sound.received(answer(0, 2, 9));
  assert.throws(() => watch().received(answer(0, 2, 9)), /StatSN/);
  assert.throws(() => watch().received(answer(0xffffffff, 3, 9)), /beyond CmdSN/);
  assert.throws(() => watch().received(answer(0xffffffff, 0, 9)), /ExpCmdSN/);
  assert.throws(() => watch().received(answer(0xffffffff, 2, 7)), /MaxCmdSN/);
});

const parameters: SessionParameters = {
  headerDigest: false,
  dataDigest: false,
  initialR2t: true,
  immediateData: false,
  targetMaxRecvDataSegmentLength: 8192,
  maxBurstLength: 4096,
  firstBurstLength: 4096,
  maxOutstandingR2t: 1,
  protocolLevel: 1,
};

function reading(): ScsiExchange {
  return new ScsiExchange({ cdb: new Uint8Array(16), dataInLength: 6144 }, 1, parameters, 2048);
}

const dataIn = (fields: object, length = 2048) =>
  pdu(DataIn, { opcode: Opcode.dataIn, ...fields }, Buffer.alloc(length));

test('Data-In is watched: numbers, offsets, lengths, bursts, the last one', () => {
  const good = reading();
  assert.equal(good.dataIn(dataIn({})), undefined);
  assert.equal(good.dataIn(dataIn({ dataSn: 1, bufferOffset: 2048, final: 1 })), undefined);
  const last = { dataSn: 2, bufferOffset: 4096, final: 1, hasStatus: 1 };
  assert.equal(good.dataIn(dataIn(last))?.status, 0);
  assert.throws(() => reading().dataIn(dataIn({ dataSn: 1 })), /DataSN/);
  assert.throws(() => reading().dataIn(dataIn({ bufferOffset: 4 })), /Data-In at 4/);
  assert.throws(() => reading().dataIn(dataIn({}, 2052)), /segment too long/);
  assert.throws(() => reading().dataIn(dataIn({ hasStatus: 1 })), /S without F/);
  assert.throws(() => reading().dataIn(dataIn({ final: 1, hasStatus: 1 })), /bytes of data-in/);
  const long = reading();
  long.dataIn(dataIn({}));
  long.dataIn(dataIn({ dataSn: 1, bufferOffset: 2048 }));
  assert.throws(() => long.dataIn(dataIn({ dataSn: 2, bufferOffset: 4096 })), /MaxBurstLength/);
});

test('R2T is watched: numbers, offsets, lengths, how many at a time', () => {
  const writing = () => {
    const dataOut = Buffer.alloc(8192);
    const request = { cdb: new Uint8Array(16), dataOut, onR2t: () => false };
    const made = new ScsiExchange(request, 1, parameters, 2048);
    assert.equal([...made.first(1, 1)].length, 1);
    return made;
  };
  const r2t = (fields: object) =>
    pdu(R2t, { opcode: Opcode.r2t, targetTransferTag: 7, desiredLength: 4096, ...fields });
  const take = (exchange: ScsiExchange, fields: object) => [...exchange.r2t(r2t(fields), 1)];
  assert.throws(() => take(writing(), { r2tSn: 1 }), /R2TSN/);
  assert.throws(() => take(writing(), { bufferOffset: 512 }), /R2T at 512/);
  assert.throws(() => take(writing(), { desiredLength: 4100 }), /R2T of 4100/);
  assert.throws(() => take(writing(), { desiredLength: 0 }), /R2T of 0/);
  assert.throws(() => take(writing(), { targetTransferTag: 0xffffffff }), /reserved/);
  const twice = writing();
  take(twice, {});
  assert.throws(() => take(twice, { r2tSn: 1, bufferOffset: 4096 }), /MaxOutstandingR2T/);
});

test('answers to keys are checked by their rules', () => {
  assert.equal(answerFault('MaxBurstLength', '4096', '4096'), undefined);
  assert.match(answerFault('MaxBurstLength', '4096', '8192') ?? '', /MaxBurstLength/);
  assert.match(answerFault('InitialR2T', 'Yes', 'No') ?? '', /InitialR2T/);
  assert.match(answerFault('ImmediateData', 'No', 'Yes') ?? '', /ImmediateData/);
  assert.match(answerFault('HeaderDigest', 'None', 'CRC32C') ?? '', /HeaderDigest/);
  assert.match(answerFault('ErrorRecoveryLevel', '0', 'NotUnderstood') ?? '', /Recovery/);
});
