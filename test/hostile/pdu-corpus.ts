import type { Random } from '../../src/base/random.ts';
import { compareAndWrite, inquiry, read16, testUnitReady, write16 } from '../initiator/cdb.ts';
import { encodeKeys } from '../initiator/keys.ts';
import {
  DataOut,
  LoginRequest,
  LogoutRequest,
  NO_TAG,
  NopOut,
  Opcode,
  type Pdu,
  padding,
  pdu,
  ScsiCommand,
  SnackRequest,
  TaskManagementRequest,
  TextRequest,
} from '../initiator/pdu.ts';

/** Where a session stands, so that a PDU can be sound until it is changed. */
export interface Position {
  readonly cmdSn: number;
  readonly expStatSn: number;
  readonly initiatorTaskTag: number;
}

/** Only these blocks are written by sound commands of the corpus. */
const LBA_FIRST = 65_536;
const LBA_COUNT = 1024;

type Maker = (position: Position, random: Random) => Pdu;

function command(cdb: Uint8Array, position: Position, read: number, dataOut?: Buffer): Pdu {
  const made = pdu(
    ScsiCommand,
    {
      opcode: Opcode.scsiCommand,
      final: 1,
      read: read > 0 ? 1 : 0,
      write: dataOut === undefined ? 0 : 1,
      attribute: 1,
      expectedDataTransferLength: dataOut?.length ?? read,
      ...position,
    },
    dataOut,
  );
  made.bhs.set(cdb, 32);
  return made;
}

const lba = (random: Random) => LBA_FIRST + random.below(LBA_COUNT);

/** One maker per kind of request; what they make is lawful. */
const MAKERS: readonly Maker[] = [
  (position) => command(testUnitReady(), position, 0),
  (position) => command(inquiry(255), position, 255),
  (position, random) => command(read16(lba(random), 8), position, 4096),
  (position, random) => command(write16(lba(random), 4), position, 0, random.bytes(2048) as Buffer),
  // Waits for data that the next PDUs may or may not be.
  (position, random) => {
    const made = command(write16(lba(random), 64), position, 0, Buffer.alloc(512));
    ScsiCommand.expectedDataTransferLength.set(made.bhs, 32_768);
    return made;
  },
  (position, random) => command(compareAndWrite(lba(random), 1), position, 0, Buffer.alloc(1024)),
  (position, random) =>
    pdu(
      NopOut,
      { opcode: Opcode.nopOut, final: 1, targetTransferTag: NO_TAG, ...position },
      random.bytes(40),
    ),
  (position, random) =>
    pdu(TaskManagementRequest, {
      opcode: Opcode.taskManagementRequest,
      immediate: 1,
      final: 1,
      // No resets of the target: other sessions are to work on.
      function: [1, 2, 3, 9, 10, 12][random.below(6)]!,
      referencedTaskTag: random.below(64),
      refCmdSn: position.cmdSn,
      ...position,
    }),
  (position) =>
    pdu(
      TextRequest,
      { opcode: Opcode.textRequest, final: 1, targetTransferTag: NO_TAG, ...position },
      encodeKeys([['SendTargets', 'All']]),
    ),
  ({ expStatSn, initiatorTaskTag }, random) =>
    pdu(
      DataOut,
      {
        opcode: Opcode.dataOut,
        final: random.below(2),
        targetTransferTag: random.below(2) === 0 ? NO_TAG : random.below(16),
        initiatorTaskTag,
        expStatSn,
        bufferOffset: 512 * random.below(4),
      },
      random.bytes(512),
    ),
  (position) => pdu(LogoutRequest, { opcode: Opcode.logoutRequest, final: 1, ...position }),
  ({ expStatSn, initiatorTaskTag }) =>
    pdu(SnackRequest, { opcode: Opcode.snackRequest, final: 1, expStatSn, initiatorTaskTag }),
  (position) => loginRequest(position, [['InitiatorName', 'iqn.2026-11.test:again']]),
];

export function loginRequest(
  { cmdSn, expStatSn, initiatorTaskTag }: Position,
  keys: readonly (readonly [string, string])[],
): Pdu {
  return pdu(
    LoginRequest,
    {
      opcode: Opcode.loginRequest,
      immediate: 1,
      transit: 1,
      currentStage: 1,
      nextStage: 3,
      isidHigh: 0x8000,
      isidLow: initiatorTaskTag,
      cmdSn,
      expStatSn,
      initiatorTaskTag,
    },
    encodeKeys(keys),
  );
}

export function randomRequest(position: Position, random: Random): Pdu {
  return MAKERS[random.below(MAKERS.length)]!(position, random);
}

/** The PDU as it goes over a connection without digests. */
export function wireBytes({ bhs, data }: Pdu): Buffer {
  return Buffer.concat([bhs, data, Buffer.alloc(padding(data.length))]);
}
