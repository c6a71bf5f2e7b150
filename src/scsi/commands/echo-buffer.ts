import type { Command, CommandCall, Plan } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { ECHO_BUFFER_BYTES } from '../echo-buffer.ts';
import { answer, parameterList, returning, taking } from '../parameter-data.ts';
import { conditions, invalidInCdb, results } from '../sense-table.ts';
import {
  BufferMode,
  EchoBufferDescriptor,
  ReadBuffer10Cdb,
  WriteBufferCdb,
} from '../standard/spc.ts';

/**
 * READ BUFFER (10) and WRITE BUFFER with the modes of the echo buffer. There is no microcode to
 * download, no error history, and no data buffer to show: the other modes are refused.
 */
export const bufferCommands: readonly Command[] = [
  {
    name: WriteBufferCdb.$.name,
    operationCode: 0x3b,
    cdb: WriteBufferCdb,
    access: 'none',
    reservations: 'write',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    expectedDataOut: 'exact',
    plan: ({ task }) => {
      const { mode, parameterListLength } = WriteBufferCdb;
      if (mode.get(task.cdb) !== BufferMode.echoBuffer) return invalidInCdb(mode);
      const length = parameterListLength.get(task.cdb);
      return length > ECHO_BUFFER_BYTES ? invalidInCdb(parameterListLength) : taking(length);
    },
    run: ({ task, nexus }) => {
      const length = WriteBufferCdb.parameterListLength.get(task.cdb);
      nexus.echoBuffer.write(parameterList(task, length));
      return results.good;
    },
  },
  {
    name: ReadBuffer10Cdb.$.name,
    operationCode: 0x3c,
    cdb: ReadBuffer10Cdb,
    access: 'none',
    reservations: 'read',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    plan: planReadBuffer,
    run: (call) => {
      const { cdb } = call.task;
      const isEcho = ReadBuffer10Cdb.mode.get(cdb) === BufferMode.echoBuffer;
      const data = isEcho ? call.nexus.echoBuffer.bytes : descriptor();
      if (data === undefined) return conditions.commandSequenceError;
      return answer(call, data, ReadBuffer10Cdb.allocationLength.get(cdb));
    },
  },
];

function planReadBuffer({ task }: CommandCall): Plan | CommandResult {
  const { mode, allocationLength } = ReadBuffer10Cdb;
  const asked = mode.get(task.cdb);
  const isKnown = asked === BufferMode.echoBuffer || asked === BufferMode.echoBufferDescriptor;
  if (!isKnown) return invalidInCdb(mode);
  return returning(allocationLength.get(task.cdb));
}

function descriptor(): Uint8Array {
  const data = new Uint8Array(EchoBufferDescriptor.$.length);
  EchoBufferDescriptor.ebos.set(data, 1);
  EchoBufferDescriptor.bufferCapacity.set(data, ECHO_BUFFER_BYTES);
  return data;
}
