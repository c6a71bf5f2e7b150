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
      const to = random.below(keys.nexuses.length);
      const actionKey = keys.any();
      keys.register(to, lun, actionKey);
      const { transportId } = identityOf(keys.nexuses[to]!).initiatorPort;
      const { targetPort } = keys.nexuses[to]!;
      const unregisters = random.below(4) === 0;
      return moveList({ key, actionKey, targetPort, transportId, unregisters });
    }
    default:
      return encodeList({ key });
  }
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
