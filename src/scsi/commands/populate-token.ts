import type { Command, CommandCall } from '../command.ts';
import type { CommandResult } from '../command-result.ts';
import {
  POPULATE_LIST_BYTES_MAX,
  parseTokenRequest,
  type TokenRequest,
  totalBlocks,
} from '../copy/token-lists.ts';
import { parameterList, taking } from '../parameter-data.ts';
import { conditions, results } from '../sense-table.ts';
import { PopulateTokenCdb as Cdb } from '../standard/rod-token.ts';
import { THIRD_PARTY_COPY_OUT, ThirdPartyCopyOut } from '../standard/third-party-copy.ts';
import { beginIdentified } from './identified-copy.ts';
import { mediumOf } from './medium.ts';

/**
 * POPULATE TOKEN: makes a token for ranges of the medium, which RECEIVE ROD TOKEN INFORMATION
 * returns. Access upon reference: the data are read when the token is used, so nothing is read now.
 */
export const populateTokenCommand: Command = {
  name: Cdb.$.name,
  operationCode: THIRD_PARTY_COPY_OUT,
  serviceAction: ThirdPartyCopyOut.populateToken,
  cdb: Cdb,
  access: 'none',
  reservations: 'read',
  addressing: 'logicalUnit',
  unitAttention: 'report',
  plan: ({ task }) => {
    const length = Cdb.parameterListLength.get(task.cdb);
    return length > POPULATE_LIST_BYTES_MAX ? conditions.parameterListLengthError : taking(length);
  },
  run: (call) => {
    const list = parameterList(call.task, Cdb.parameterListLength.get(call.task.cdb));
    if (list.length === 0) return results.good;
    const request = parseTokenRequest(list, mediumOf(call));
    return 'status' in request ? request : makeToken(call, request);
  },
};

async function makeToken(call: CommandCall, request: TokenRequest): Promise<CommandResult> {
  const listId = Cdb.listIdentifier.get(call.task.cdb);
  const copy = beginIdentified(call, listId, ThirdPartyCopyOut.populateToken);
  if ('status' in copy) return copy;
  const { identity, blockLengthBytes } = mediumOf(call);
  const { ranges, lifetimeS } = request;
  const blocks = totalBlocks(ranges);
  const content = { uuid: identity.uuid, ranges, bytes: blocks * blockLengthBytes };
  const token = await call.nexus.copyManager.tokens.make(content, lifetimeS);
  if (token === undefined) return copy.end(results.busy, {});
  return copy.end(results.good, { token, transferCount: blocks });
}
