import { ByteWriter } from '../../src/base/bytes/byte-writer.ts';
import type { ReserveOutRequest } from '../../src/scsi/reservations/reserve-out-request.ts';
import {
  PersistentReserveOut,
  RegisterAndMoveList,
  ReserveOutList,
} from '../../src/scsi/standard/persistent-reservations.ts';
import type { SeededRandom } from '../../test/support/seeded-random.ts';
import type { PortNames } from './port-names.ts';
import type { UnitEventParts } from './unit-event-parts.ts';

const NO_KEY = '0'.repeat(16);
const TYPES = [1, 3, 5, 6, 7, 8];
const OPERATION_CODE = 0x5f;

/** A PERSISTENT RESERVE OUT as hosts of a cluster send them: each has a key of its own. */
export function randomRequest(
  { random, keys, host, ports }: UnitEventParts,
  nexus: string,
): ReserveOutRequest {
  const key = keys.get(host)!;
  const type = random.pick(TYPES);
  const victimKey = random.pick([...keys.values()]);
  const asking = { nexus, key, scope: 0 };
  const destination = random.pick(ports.nexuses);
  const [unregisters, aptpl] = [random.below(2) === 0, random.below(3) === 0];
  return pick<ReserveOutRequest>(random, [
    [4, registering(nexus, key, aptpl)],
    [1, registering(nexus, NO_KEY, aptpl)],
    [3, { action: 'reserve', ...asking, type }],
    [2, { action: 'release', ...asking, type }],
    [1, { action: 'clear', nexus, key }],
    [1, { action: 'preempt', ...asking, type, victimKey }],
    [1, { action: 'preemptAndAbort', ...asking, type, victimKey }],
    [
      1,
      {
        ...{ action: 'registerAndMove', nexus, key, newKey: victimKey },
        ...{ destination, unregisters, aptpl },
      },
    ],
  ]);
}

export function registering(nexus: string, newKey: string, aptpl = false): ReserveOutRequest {
  return {
    ...{ action: 'registerAndIgnoreExistingKey', nexus, key: NO_KEY, newKey, aptpl },
    ...{ others: [], namesInitiatorPorts: false, namesTooMany: false },
  };
}

export function commandOf(request: ReserveOutRequest, ports: PortNames) {
  const dataOut = parametersOf(request, ports);
  const scopeAndType = 'type' in request ? (request.scope << 4) | request.type : 0;
  const cdb = new ByteWriter()
    .u8(OPERATION_CODE)
    .u8(PersistentReserveOut[request.action])
    .u8(scopeAndType)
    .zeros(2)
    .u32(dataOut.length)
    .u8(0)
    .finish();
  return { cdb, dataOut };
}

function parametersOf(request: ReserveOutRequest, ports: PortNames): Buffer {
  const list = Buffer.alloc(ReserveOutList.$.length);
  list.write(request.key, 0, 'hex');
  if ('newKey' in request) list.write(request.newKey, 8, 'hex');
  if ('victimKey' in request) list.write(request.victimKey, 8, 'hex');
  if (request.action !== 'registerAndMove') {
    if ('aptpl' in request) ReserveOutList.aptpl.set(list, request.aptpl ? 1 : 0);
    return list;
  }
  const { destination, unregisters, aptpl } = request;
  const transportId = ports.transportIdOf(destination);
  RegisterAndMoveList.unreg.set(list, unregisters ? 1 : 0);
  RegisterAndMoveList.aptpl.set(list, aptpl ? 1 : 0);
  RegisterAndMoveList.relativeTargetPortIdentifier.set(list, ports.targetPortOf(destination));
  RegisterAndMoveList.transportIdParameterDataLength.set(list, transportId.length);
  return Buffer.concat([list, transportId]);
}

function pick<T>(random: SeededRandom, choices: readonly (readonly [number, T])[]): T {
  return random.pick(choices.flatMap(([weight, choice]) => Array<T>(weight).fill(choice)));
}
