// Proves what a session's initiator gets when it sends a command under a tag that is in use: one
// answer for both, whose data may still come, and a session and a window that are as before.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MemoryStream, pdu } from '../../support/iscsi-peer.ts';
import { dataOutPdu, FINAL, FIRST_CMD_SN, IscsiWorld, WRITE } from '../../support/iscsi-world.ts';
import { ScsiBench } from '../../support/scsi-bench.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const TAG = 7;
/** Target Transfer Tag of unsolicited data. */
const NONE = 0xffff_ffff;
const UNSOLICITED = ['InitialR2T=No', 'ImmediateData=Yes'];
const SOLICITED = ['InitialR2T=Yes', 'ImmediateData=No'];
const DATA = Buffer.alloc(4096, 3);

async function begin(keys: readonly string[]): Promise<[ScsiBench, MemoryStream]> {
  const clock = new VirtualClock();
  const bench = await ScsiBench.open({ clock });
  const world = new IscsiWorld({ openNexus: () => bench.openNexus(), clock });
  return [bench, await world.logIn(keys)];
}

/** A WRITE (10) of 8 blocks. */
function write(cmdSn: number, flags: number, opcode = 0x01): Buffer {
  return pdu({
    opcode,
    flags,
    tag: TAG,
    words: { 20: DATA.length, 24: cmdSn },
    bytes: { 32: 0x2a, 40: 8 },
  });
}

/** Status, sense key and code of the SCSI Responses that came since. */
async function answers(stream: MemoryStream): Promise<string[]> {
  await settle();
  return stream.take().flatMap((each) => {
    if (each[0] !== 0x21) return [];
    const sense = each.subarray(50);
    const condition = sense.length > 0 ? ` ${sense[2]! & 0xf}/${sense.readUInt16BE(12)}` : '';
    return [`${each.readUInt32BE(16)}: ${each[3]}${condition}`];
  });
}

const OVERLAPPED = `${TAG}: 2 ${0xb}/${0x4e00}`;

test('two writes that bring unsolicited data under one tag get one answer', async () => {
  const [bench, stream] = await begin(UNSOLICITED);
  const before = bench.volume.log.length;
  stream.feed(write(FIRST_CMD_SN, WRITE));
  stream.feed(dataOutPdu(TAG, NONE, 0, 0, DATA.subarray(0, 512), false));
  stream.feed(write(FIRST_CMD_SN + 1, WRITE));
  stream.feed(dataOutPdu(TAG, NONE, 1, 512, DATA.subarray(512), true));
  stream.feed(dataOutPdu(TAG, NONE, 0, 0, DATA, true));
  assert.deepEqual(await answers(stream), [OVERLAPPED]);
  assert.deepEqual([bench.volume.log.length, stream.destroyed], [before, false]);
  stream.feed(write(FIRST_CMD_SN + 2, WRITE));
  stream.feed(dataOutPdu(TAG, NONE, 0, 0, DATA, true));
  assert.deepEqual(await answers(stream), [`${TAG}: 0`], 'the tag is free');
});

test('the data that R2Ts of the first write asked for is dropped, and the session lives', async () => {
  const [bench, stream] = await begin(SOLICITED);
  const before = bench.volume.log.length;
  stream.feed(write(FIRST_CMD_SN, WRITE | FINAL));
  await settle();
  const transferTag = stream.take()[0]!.readUInt32BE(20);
  stream.feed(write(FIRST_CMD_SN + 1, WRITE | FINAL));
  assert.deepEqual(await answers(stream), [OVERLAPPED]);
  stream.feed(dataOutPdu(TAG, transferTag, 0, 0, DATA, true));
  assert.deepEqual(await answers(stream), []);
  assert.deepEqual([bench.volume.log.length, stream.destroyed], [before, false]);
});

test('commands that bypass the command window share its tags', async () => {
  const [bench, stream] = await begin(SOLICITED);
  bench.volume.shut = true;
  const read = (cmdSn: number, opcode: number) =>
    pdu({
      opcode,
      flags: 0xc0,
      tag: TAG,
      words: { 20: 512, 24: cmdSn },
      bytes: { 32: 0x28, 40: 1 },
    });
  for (let i = 0; i < 40; i++) {
    const cmdSn = FIRST_CMD_SN + i;
    stream.feed(read(cmdSn, 0x01));
    stream.feed(read(cmdSn + 1, 0x41));
    assert.deepEqual(await answers(stream), [], 'the medium has the first');
    bench.volume.release();
    assert.deepEqual(await answers(stream), [OVERLAPPED]);
  }
  bench.volume.shut = false;
  stream.feed(read(FIRST_CMD_SN + 40, 0x01));
  await settle();
  assert.equal(stream.take()[0]?.[0], 0x25, 'neither the window nor the immediate commands leak');
});
