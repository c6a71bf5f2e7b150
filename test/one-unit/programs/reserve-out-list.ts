import { Action, reserveOutList as encodeList, moveList } from '../../support/reserve-out.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import { identityOf } from './nexus-identities.ts';
import type { ProgramKeys } from './program-keys.ts';

interface ReserveOutParts {
  readonly random: SeededRandom;
  readonly keys: ProgramKeys;
  readonly nexus: number;
  readonly lun: number;
}

/** A parameter list of PERSISTENT RESERVE OUT; `keys` learns what it will do, if it does it. */
export function reserveOutList(action: number, parts: ReserveOutParts): Uint8Array {
  const { random, keys, nexus, lun } = parts;
  const key = random.below(10) > 0 ? keys.of(nexus, lun) : keys.any();
  const aptpl = random.below(2) === 0;
  switch (action) {
    case Action.register:
    case Action.registerAndIgnore:
      return registerList(key, aptpl, parts);
    case Action.clear:
      keys.remove(lun);
      return encodeList({ key });
    case Action.preempt:
    case Action.preemptAndAbort: {
      const actionKey = random.below(10) > 0 ? keys.registered() : 0;
      keys.remove(lun, actionKey);
      keys.register(nexus, lun, key);
      return encodeList({ key, actionKey });
    }
    case Action.registerAndMove: {
      const to = otherInitiatorPort(parts);
      const actionKey = keys.any();
      keys.register(to, lun, actionKey);
      const { transportId } = identityOf(keys.nexuses[to]!).initiatorPort;
      const { targetPort } = keys.nexuses[to]!;
      const unregisters = random.below(4) === 0;
      return moveList({ key, actionKey, targetPort, transportId, unregisters });
    }
    case Action.reserve:
      if (key !== 0) keys.favourite = nexus;
      return encodeList({ key });
    default:
      return encodeList({ key });
  }
}

/** A nexus of another initiator port, if there is one. */
function otherInitiatorPort({ random, keys, nexus }: ReserveOutParts): number {
  const own = keys.nexuses[nexus]!.isid;
  const others = [...keys.nexuses.keys()].filter((each) => keys.nexuses[each]!.isid !== own);
  return others.length === 0 ? nexus : random.pick(others);
}

function registerList(
  key: number,
  aptpl: boolean,
  { random, keys, nexus, lun }: ReserveOutParts,
): Uint8Array {
  const actionKey = random.below(8) > 0 ? keys.any() : 0;
  keys.register(nexus, lun, actionKey);
  const allTargetPorts = random.below(6) === 0;
  if (random.below(10) > 0) return encodeList({ key, actionKey, aptpl, allTargetPorts });
  const { transportId } = identityOf(random.pick(keys.nexuses)).initiatorPort;
  return encodeList({ key, actionKey, aptpl, allTargetPorts, transportIds: [transportId] });
}
