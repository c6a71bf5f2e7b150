import type { Pending } from '../../base/pending.ts';
import type { Command, CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { parameterList, taking } from '../parameter-data.ts';
import { reserveOut } from '../reservations/reserve-out.ts';
import { isListLength, readReserveOut } from '../reservations/reserve-out-list.ts';
import { conditions } from '../sense-table.ts';
import {
  PersistentReserveOutCdb as Cdb,
  PersistentReserveOut,
} from '../standard/persistent-reservations.ts';
import { reservationsChanged } from '../unit-changes.ts';
import { mediumOf } from './medium.ts';

/** PERSISTENT RESERVE OUT. A list is taken whole or refused whole. */
export const persistentReserveOutCommands: readonly Command[] = [
  reserveOutCommand('REGISTER', PersistentReserveOut.register),
  reserveOutCommand('RESERVE', PersistentReserveOut.reserve),
  reserveOutCommand('RELEASE', PersistentReserveOut.release),
  reserveOutCommand('CLEAR', PersistentReserveOut.clear),
  reserveOutCommand('PREEMPT', PersistentReserveOut.preempt),
  reserveOutCommand('PREEMPT AND ABORT', PersistentReserveOut.preemptAndAbort),
  reserveOutCommand(
    'REGISTER AND IGNORE EXISTING KEY',
    PersistentReserveOut.registerAndIgnoreExistingKey,
  ),
  reserveOutCommand('REGISTER AND MOVE', PersistentReserveOut.registerAndMove),
];

function reserveOutCommand(name: string, serviceAction: number): Command {
  return {
    name: `${Cdb.$.name} (${name})`,
    operationCode: 0x5f,
    serviceAction,
    cdb: Cdb,
    access: 'changeState',
    reservations: 'persistentReserve',
    addressing: 'logicalUnit',
    unitAttention: 'report',
    plan: ({ task }) => {
      const length = Cdb.parameterListLength.get(task.cdb);
      const isPossible = isListLength(serviceAction, length);
      return isPossible ? taking(length) : conditions.parameterListLengthError;
    },
    run: runReserveOut,
  };
}

function runReserveOut(call: CommandCall): Pending<CommandResult> {
  const { task, nexus } = call;
  const list = parameterList(task, Cdb.parameterListLength.get(task.cdb));
  const request = readReserveOut(task.cdb, list, {
    nexus: nexus.session.nexus,
    protocolIdentifier: nexus.identity.protocol.identifier,
    targetPorts: nexus.portGroups.flatMap((group) => group.relativePortIdentifiers),
  });
  if ('status' in request) return request;
  return mediumOf(call).commit(
    reservationsChanged((state) => reserveOut(state, request)),
    call,
  );
}
