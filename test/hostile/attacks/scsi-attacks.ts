import { setTimeout as delay } from 'node:timers/promises';
import { write16 } from '../../initiator/cdb.ts';
import { Opcode, pdu, TaskManagementRequest } from '../../initiator/pdu.ts';
import type { Attack, AttackField } from './attack.ts';
import { type AttackSession, floodFrom, openSessions, type RawCommand } from './attack-session.ts';

const LONG_BLOCKS = 32_768;
const ORDERED = 2;
const HEAD_OF_QUEUE = 3;

function verify16(lba: number, blocks: number, byteCheck = 0): Uint8Array {
  const cdb = Buffer.alloc(16);
  cdb[0] = 0x8f;
  cdb[1] = byteCheck << 1;
  cdb.writeBigUInt64BE(BigInt(lba), 2);
  cdb.writeUInt32BE(blocks, 10);
  return cdb;
}

function read16(lba: number, blocks: number): Uint8Array {
  const cdb = Buffer.from(verify16(lba, blocks));
  cdb[0] = 0x88;
  return cdb;
}

/** VERIFY without data is 48 bytes for 16 MiB of reading. */
const verifies: Attack = {
  name: 'verify',
  does: 'floods with VERIFY (16) of 16 MiB without data',
  start: (field) => floodFrom(field, () => () => ({ cdb: verify16(0, LONG_BLOCKS) })),
};

const comparedVerifies: Attack = {
  name: 'verify one block',
  does: 'floods with VERIFY (16) that compares 16 MiB with one block',
  start: (field) => {
    const dataOut = new Uint8Array(field.blockLength);
    return floodFrom(field, () => () => ({ cdb: verify16(0, LONG_BLOCKS, 3), dataOut }));
  },
};

const shortVerifies: Attack = {
  name: 'short verify',
  does: 'floods with VERIFY (16) of one block, far more than the window in one go',
  start: (field) => floodFrom(field, () => () => ({ cdb: verify16(0, 1) }), 4096),
};

const oneTurn: Attack = {
  name: 'one turn',
  does: 'sends 5,600 TEST UNIT READY at once, as many as one receive buffer takes',
  start: (field) => floodFrom(field, () => () => ({ cdb: new Uint8Array(6) }), 5600),
};

const orderedCommands: Attack = {
  name: 'task attributes',
  does: 'floods with short reads, SIMPLE, ORDERED and HEAD OF QUEUE by turns',
  start: (field) => {
    const attributes = [1, ORDERED, 1, HEAD_OF_QUEUE];
    return floodFrom(field, () => {
      let turn = 0;
      return () => ({
        cdb: read16(8 * (turn % 64), 1),
        dataInLength: field.blockLength,
        attribute: attributes[turn++ % attributes.length]!,
      });
    });
  },
};

const sameBlock: Attack = {
  name: 'same block',
  does: 'floods with writes of one and the same block',
  start: (field) => {
    const dataOut = new Uint8Array(field.blockLength).fill(7);
    return floodFrom(field, () => () => ({ cdb: write16(0, 1), dataOut }));
  },
};

const hugeReads: Attack = {
  name: 'huge reads',
  does: 'reads 16 MiB a command',
  start: (field) => floodFrom(field, () => () => hugeRead(field)),
};

function hugeRead({ blockLength }: AttackField): RawCommand {
  return { cdb: read16(0, LONG_BLOCKS), dataInLength: LONG_BLOCKS * blockLength };
}

const unreadReads: Attack = {
  name: 'unread reads',
  does: 'asks for 16 MiB a command from four times as many sessions, and takes nothing',
  start: async (field) => {
    for (const session of await openSessions(field, 4 * field.sessions)) {
      session.send(hugeRead(field));
      session.send(hugeRead(field));
      session.connection.pause();
    }
  },
};

/** ABORT TASK, ABORT TASK SET, CLEAR TASK SET, QUERY TASK, QUERY TASK SET, I_T NEXUS RESET. */
const FUNCTIONS = [1, 2, 4, 9, 10, 12];
const ABORTED_AT_ONCE = 32;

const aborts: Attack = {
  name: 'aborts',
  does: 'aborts VERIFYs of 16 MiB as soon as they are sent, by every function of its own nexus',
  start: async (field) => {
    for (const session of await openSessions(field)) void abortForEver(session);
  },
};

async function abortForEver(session: AttackSession): Promise<void> {
  for (let turn = 0; session.connection.isOpen; turn++) {
    const tags: number[] = [];
    for (let index = 0; index < ABORTED_AT_ONCE; index++) {
      tags.push(session.send({ cdb: verify16(0, LONG_BLOCKS) }));
    }
    for (const [index, tag] of tags.entries()) {
      const name = FUNCTIONS[(turn + index) % FUNCTIONS.length]!;
      session.connection.send(
        pdu(TaskManagementRequest, {
          opcode: Opcode.taskManagementRequest,
          immediate: 1,
          final: 1,
          function: name,
          initiatorTaskTag: session.takeTag(),
          referencedTaskTag: tag,
          refCmdSn: session.cmdSn - 1,
          cmdSn: session.cmdSn,
          expStatSn: session.expStatSn,
        }),
      );
    }
    await delay(2);
  }
}

/** Attacks by commands and task management. */
export const scsiAttacks: readonly Attack[] = [
  verifies,
  comparedVerifies,
  shortVerifies,
  oneTurn,
  orderedCommands,
  sameBlock,
  hugeReads,
  unreadReads,
  aborts,
];
