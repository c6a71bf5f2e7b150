import type { Command, CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import { tokenInformation } from '../copy/copy-operation-data.ts';
import { answer, returning } from '../parameter-data.ts';
import { invalidInCdb, results } from '../sense-table.ts';
import { RodTokenInformationCdb as Cdb } from '../standard/rod-token.ts';
import { THIRD_PARTY_COPY_IN, ThirdPartyCopyIn } from '../standard/third-party-copy.ts';
import { copyNameOf } from './identified-copy.ts';

/**
 * RECEIVE ROD TOKEN INFORMATION: the token that a POPULATE TOKEN made, or how far a WRITE USING
 * TOKEN came, by its list identifier and through any gateway.
 */
export const receiveRodTokenInformationCommand: Command = {
  name: Cdb.$.name,
  operationCode: THIRD_PARTY_COPY_IN,
  serviceAction: ThirdPartyCopyIn.rodTokenInformation,
  cdb: Cdb,
  access: 'none',
  reservations: 'allowed',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  plan: ({ task }) => returning(Cdb.allocationLength.get(task.cdb)),
  run: (call) => report(call),
};

async function report(call: CommandCall): Promise<CommandResult> {
  const { cdb } = call.task;
  const name = copyNameOf(call, Cdb.listIdentifier.get(cdb));
  const found = await call.nexus.copyManager.copies.find(name);
  if (found === 'notAnswered') return results.busy;
  if (found === undefined) return invalidInCdb(Cdb.listIdentifier);
  return answer(call, tokenInformation(found), Cdb.allocationLength.get(cdb));
}
