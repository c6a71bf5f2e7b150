// Proves the answers to PDUs that break the rules: Reject with the header and its reason, or the
// end of the session (error recovery level 0); a broken digest ends it or is rejected, and no
// byte of such data reaches the disk.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { read16, testUnitReady, write16 } from '../../initiator/cdb.ts';
import type { Initiator } from '../../initiator/initiator.ts';
import {
  DataOut,
  NO_TAG,
  Opcode,
  type Pdu,
  pdu,
  ScsiCommand,
  SnackRequest,
} from '../../initiator/pdu.ts';
import { Demo } from '../../support/demo.ts';
import { waitFor } from '../../support/wait-for.ts';
import { loggedIn } from './logged-in.ts';

let demo: Demo;
before(async () => {
  demo = await Demo.start();
});
after(async () => {
  await demo.stop();
});

const LIMIT_MS = 60_000;

/** Waits for a Reject or the session's end, one of which is due. */
async function refusal(session: Initiator): Promise<'ended' | number> {
  await waitFor(
    'a Reject or the end',
    () => !session.isOpen || session.rejects.length > 0,
    LIMIT_MS,
  );
  return session.rejects[0] ?? 'ended';
}

async function othersWork(): Promise<void> {
  const other = await loggedIn(demo);
  assert.equal((await other.execute({ cdb: testUnitReady() })).status, 0);
  await other.logout();
}

const UNKNOWN_OPCODES = [0x07, 0x0f, 0x1c, 0x1e, 0x20, 0x25, 0x31, 0x3e, 0x3f];

for (const opcode of UNKNOWN_OPCODES) {
  test(`opcode ${opcode.toString(16)}h from an initiator is rejected`, async () => {
    const session = await loggedIn(demo);
    const bhs = Buffer.alloc(48);
    bhs[0] = 0x40 | opcode;
    bhs[1] = 0x80;
    bhs.writeUInt32BE(0x1234, 16);
    bhs.writeUInt32BE(session.sequence.cmdSn, 24);
    session.connection.sendRaw(bhs);
    const answer = await refusal(session);
    // 5: command not supported; 4: protocol error; 9: invalid PDU field.
    if (answer !== 'ended') assert.ok([4, 5, 9].includes(answer), `reason ${answer}`);
    session.destroy();
    await othersWork();
  });
}

function refused(name: string, make: (session: Initiator) => Pdu): void {
  test(`${name} is rejected or ends the session`, async () => {
    const session = await loggedIn(demo);
    session.connection.send(make(session));
    await refusal(session);
    session.destroy();
    await othersWork();
  });
}

refused('a SNACK at error recovery level 0', ({ sequence }) =>
  pdu(SnackRequest, {
    opcode: Opcode.snackRequest,
    final: 1,
    initiatorTaskTag: 1,
    targetTransferTag: NO_TAG,
    expStatSn: sequence.expStatSn,
  }),
);
refused('a Login Request in the full feature phase', () => {
  const bhs = Buffer.alloc(48);
  bhs[0] = 0x43;
  bhs[1] = 0x87;
  return { bhs, ahs: Buffer.alloc(0), data: Buffer.alloc(0) };
});

test('Data-Out that nobody asked for changes nothing', async () => {
  const session = await loggedIn(demo);
  const { expStatSn } = session.sequence;
  const fields = { final: 1, initiatorTaskTag: 0x777, targetTransferTag: 0x888, expStatSn };
  session.connection.send(
    pdu(DataOut, { opcode: Opcode.dataOut, ...fields }, Buffer.alloc(512, 0xee)),
  );
  // Data for a command that has just ended are to be borne: silence is lawful too.
  await session.nop().catch(() => {});
  session.destroy();
  await othersWork();
});

test('Data-Out at another offset than the R2T says is not written', async () => {
  const session = await loggedIn(demo, { keys: { InitialR2T: 'Yes', ImmediateData: 'No' } });
  const before = await session.execute({ cdb: read16(64, 8), dataInLength: 4096 });
  const command = session.start({
    cdb: write16(64, 8),
    dataOut: Buffer.alloc(4096, 0xdd),
    onR2t: () => false,
  });
  await session.nop();
  const { expStatSn } = session.sequence;
  const { initiatorTaskTag } = command;
  for (const targetTransferTag of [0, 1, 0xdeadbeef]) {
    session.connection.send(
      pdu(
        DataOut,
        {
          opcode: Opcode.dataOut,
          final: 1,
          initiatorTaskTag,
          targetTransferTag,
          expStatSn,
          bufferOffset: 1024,
        },
        Buffer.alloc(4096, 0xdd),
      ),
    );
  }
  const outcome = await Promise.race([
    command.result.then(
      ({ status }) => status,
      () => 'ended',
    ),
    refusal(session),
  ]);
  assert.notEqual(outcome, 0);
  session.destroy();
  const other = await loggedIn(demo);
  const now = await other.execute({ cdb: read16(64, 8), dataInLength: 4096 });
  assert.ok(now.dataIn.equals(before.dataIn));
  await other.logout();
});

test('a data segment over what the target takes ends the session', async () => {
  const session = await loggedIn(demo);
  const bhs = Buffer.alloc(48);
  bhs[0] = 0x40;
  bhs[1] = 0x80;
  bhs.writeUIntBE(0xffffff, 5, 3);
  session.connection.sendRaw(bhs, Buffer.alloc(65536));
  await session.closed;
  await othersWork();
});

test('a broken header digest ends the session', async () => {
  const session = await loggedIn(demo, { keys: { HeaderDigest: 'CRC32C' } });
  const { cmdSn, expStatSn } = session.sequence;
  const command = pdu(ScsiCommand, {
    opcode: Opcode.scsiCommand,
    final: 1,
    initiatorTaskTag: 99,
    cmdSn,
    expStatSn,
  });
  session.connection.sendRaw(command.bhs, Buffer.from([1, 2, 3, 4]));
  await session.closed;
  await othersWork();
});

test('data with a broken digest are rejected or end the session, and are not written', async () => {
  const session = await loggedIn(demo, { keys: { DataDigest: 'CRC32C' } });
  const before = await session.execute({ cdb: read16(128, 1), dataInLength: 512 });
  const { cmdSn, expStatSn } = session.sequence;
  const command = pdu(
    ScsiCommand,
    {
      opcode: Opcode.scsiCommand,
      final: 1,
      write: 1,
      attribute: 1,
      initiatorTaskTag: 99,
      expectedDataTransferLength: 512,
      cmdSn,
      expStatSn,
    },
    Buffer.alloc(512, 0xbb),
  );
  command.bhs.set(write16(128, 1), 32);
  session.connection.sendRaw(command.bhs, command.data, Buffer.from([1, 2, 3, 4]));
  const answer = await refusal(session);
  // 2: data (payload) digest error.
  if (answer !== 'ended') assert.equal(answer, 2);
  session.destroy();
  const other = await loggedIn(demo);
  const now = await other.execute({ cdb: read16(128, 1), dataInLength: 512 });
  assert.ok(now.dataIn.equals(before.dataIn));
  await other.logout();
});

test('a negotiation that is not text is refused', async () => {
  const session = await loggedIn(demo);
  await assert.rejects(session.text([['=', '']]));
  session.destroy();
  await othersWork();
});
