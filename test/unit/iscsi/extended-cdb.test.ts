// Proves what becomes of a CDB longer than the 16 bytes of its PDU: its rest comes in an additional
// header segment (AHS type 1). One that lies about its length is rejected, and the variable length
// commands, of which no row is there, end INVALID COMMAND OPERATION CODE.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MemoryStream, pdu } from '../../support/iscsi-peer.ts';
import { FINAL, FIRST_CMD_SN, IscsiWorld, READ } from '../../support/iscsi-world.ts';
import { ScsiBench } from '../../support/scsi-bench.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const INVALID_PDU_FIELD = 9;
const BLOCK = 512;

/** READ (32) of one block: VARIABLE LENGTH, with its service action in bytes 8 and 9. */
const read32 = new Uint8Array(32);
read32.set([0x7f, 0, 0, 0, 0, 0, 0, 0x18, 0x00, 0x09]);
read32[31] = 1;
const read10 = Uint8Array.of(0x28, 0, 0, 0, 0, 0, 0, 0, 1);

interface Header {
  /** AHSLength; by default what the CDB needs. */
  readonly ahsLength?: number;
  /** TotalAHSLength in words; by default what the segment takes. */
  readonly words?: number;
}

/** A SCSI Command whose CDB goes on in an AHS behind the BHS. */
function extended(cdb: Uint8Array, header: Header = {}): Buffer {
  const command = pdu({
    opcode: 0x01,
    flags: FINAL | READ,
    tag: FIRST_CMD_SN,
    words: { 20: BLOCK, 24: FIRST_CMD_SN },
    bytes: Object.fromEntries([...cdb.subarray(0, 16)].map((byte, at) => [32 + at, byte])),
    data: Buffer.alloc(0),
  });
  const rest = cdb.subarray(16);
  const segment = Buffer.alloc((4 + rest.length + 3) & ~3);
  segment.writeUInt16BE(header.ahsLength ?? rest.length + 1);
  segment[2] = 1;
  segment.set(rest, 4);
  command[4] = header.words ?? segment.length / 4;
  return Buffer.concat([command.subarray(0, 48), segment]);
}

async function begin(): Promise<MemoryStream> {
  const clock = new VirtualClock();
  const bench = await ScsiBench.open({ clock });
  return await new IscsiWorld({ openNexus: () => bench.openNexus(), clock }).logIn();
}

async function answerTo(bytes: Buffer): Promise<Buffer | undefined> {
  const stream = await begin();
  stream.feed(bytes);
  await settle();
  assert.equal(stream.destroyed, false);
  return stream.take()[0] as Buffer | undefined;
}

test('the variable length commands are refused, because there is no type 2 protection', async () => {
  for (const serviceAction of [0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f]) {
    const answer = await answerTo(extended(read32.with(9, serviceAction)));
    assert.deepEqual([answer?.[0], answer?.[3]], [0x21, 0x02]);
    // Behind SenseLength: fixed format, ILLEGAL REQUEST, 20h 00h, the pointer at byte 0 of the CDB.
    assert.deepEqual([answer?.[52], answer?.[62], answer?.[63]], [0x05, 0x20, 0x00]);
    assert.deepEqual([...answer!.subarray(65, 68)], [0xc0, 0, 0]);
  }
});

test('a short CDB may be sent with the rest of its field in a segment', async () => {
  const longer = new Uint8Array(32);
  longer.set(read10);
  const answer = await answerTo(extended(longer));
  assert.deepEqual([answer?.[0], answer?.readUIntBE(5, 3)], [0x25, BLOCK]);
});

test('a segment that lies about its length is rejected, and the session goes on', async () => {
  const segment = 16 + 4;
  for (const [name, header, cdb] of [
    ['no byte of a CDB', { ahsLength: 1 }, read32],
    ['not even the reserved byte', { ahsLength: 0 }, read32],
    ['longer than its PDU says', { ahsLength: segment }, read32],
    ['the longest', { ahsLength: 0xffff }, read32],
    ['longer than any CDB', {}, new Uint8Array(36)],
    ['cut off', { words: 3 }, read32],
  ] as const) {
    const bytes = extended(cdb, header);
    const length = 48 + (header.words ?? (bytes.length - 48) / 4) * 4;
    const answer = await answerTo(bytes.subarray(0, length));
    assert.deepEqual([answer?.[0], answer?.[2]], [0x3f, INVALID_PDU_FIELD], name);
  }
});
