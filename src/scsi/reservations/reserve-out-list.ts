import type { CommandResult } from '../command-result.ts';
import { conditions, invalidInParameterList } from '../sense-table.ts';
import {
  InitiatorPortList,
  PersistentReserveOut,
  PersistentReserveOutCdb,
  RESERVATION_KEY_LENGTH,
  RegisterAndMoveList,
  ReserveOutList,
} from '../standard/persistent-reservations.ts';
import { TRANSPORT_ID_LENGTH } from '../standard/transport-id.ts';
import { type NexusName, nexusName, targetPortOf, throughPort } from './nexus-name.ts';
import { REGISTRATIONS_MAX, type ReservationKey } from './reservations.ts';
import type {
  RegisterAndMoveRequest,
  RegisterRequest,
  ReserveOutRequest,
} from './reserve-out-request.ts';
import { readTransportId, readTransportIds } from './transport-id-list.ts';

/** Longest parameter list that is taken: some hundreds of TransportIDs. */
const PARAMETER_LIST_MAX_BYTES = 64 * 1024;

/** Where a PERSISTENT RESERVE OUT comes from. */
interface ReserveOutOrigin {
  readonly nexus: NexusName;
  /** PROTOCOL IDENTIFIER of its transport. */
  readonly protocolIdentifier: number;
  /** Relative identifiers of every target port of the device, whether it is up or down. */
  readonly targetPorts: readonly number[];
}

/** The action of each service action that is not done by its own parameter list. */
const ACTIONS = {
  [PersistentReserveOut.reserve]: 'reserve',
  [PersistentReserveOut.release]: 'release',
  [PersistentReserveOut.clear]: 'clear',
  [PersistentReserveOut.preempt]: 'preempt',
  [PersistentReserveOut.preemptAndAbort]: 'preemptAndAbort',
} as const;

/** Whether a parameter list of this length can be in order for the service action. */
export function isListLength(serviceAction: number, length: number): boolean {
  const isLong = !(serviceAction in ACTIONS);
  if (!isLong) return length === ReserveOutList.$.length;
  return length >= ReserveOutList.$.length && length <= PARAMETER_LIST_MAX_BYTES;
}

/** What a CDB and its whole parameter list ask for, or what is wrong with the list. */
export function readReserveOut(
  cdb: Uint8Array,
  list: Uint8Array,
  origin: ReserveOutOrigin,
): ReserveOutRequest | CommandResult {
  const serviceAction = PersistentReserveOutCdb.serviceAction.get(cdb);
  if (serviceAction === PersistentReserveOut.registerAndMove) return readMove(list, origin);
  if (!(serviceAction in ACTIONS)) return readRegister(serviceAction, list, origin);
  if (ReserveOutList.specIPt.get(list) === 1) return invalidInParameterList(ReserveOutList.specIPt);
  const asking = { nexus: origin.nexus, key: keyAt(list, ReserveOutList.reservationKey.byte) };
  const victimKey = keyAt(list, ReserveOutList.serviceActionReservationKey.byte);
  const { scope, type } = PersistentReserveOutCdb;
  const asked = { ...asking, scope: scope.get(cdb), type: type.get(cdb) };
  const action = ACTIONS[serviceAction as keyof typeof ACTIONS];
  if (action === 'clear') return { action, ...asking };
  if (action === 'reserve' || action === 'release') return { action, ...asked };
  return { action, ...asked, victimKey };
}

function readRegister(
  serviceAction: number,
  list: Uint8Array,
  origin: ReserveOutOrigin,
): RegisterRequest | CommandResult {
  const namesInitiatorPorts = ReserveOutList.specIPt.get(list) === 1;
  const initiatorPorts = namesInitiatorPorts ? readInitiatorPorts(list, origin) : [];
  if ('status' in initiatorPorts) return initiatorPorts;
  if (!namesInitiatorPorts && list.length !== ReserveOutList.$.length) {
    return conditions.parameterListLengthError;
  }
  const isIgnoring = serviceAction === PersistentReserveOut.registerAndIgnoreExistingKey;
  const isOnAllPorts = ReserveOutList.allTgPt.get(list) === 1;
  const ports = isOnAllPorts ? origin.targetPorts : [targetPortOf(origin.nexus)];
  // Lists are short, but their products with all target ports are not.
  const namesTooMany = initiatorPorts.length * ports.length > REGISTRATIONS_MAX;
  return {
    action: isIgnoring ? 'registerAndIgnoreExistingKey' : 'register',
    nexus: origin.nexus,
    key: keyAt(list, ReserveOutList.reservationKey.byte),
    newKey: keyAt(list, ReserveOutList.serviceActionReservationKey.byte),
    aptpl: ReserveOutList.aptpl.get(list) === 1,
    others: namesTooMany ? [] : othersOf(origin.nexus, initiatorPorts, ports),
    namesInitiatorPorts,
    namesTooMany,
  };
}

/** The nexuses of SPEC_I_PT, through the target port that the command came through. */
function readInitiatorPorts(
  list: Uint8Array,
  { nexus, protocolIdentifier }: ReserveOutOrigin,
): NexusName[] | CommandResult {
  const at = ReserveOutList.$.length;
  const from = at + InitiatorPortList.$.length;
  if (list.length < from) return conditions.parameterListLengthError;
  const { transportIdParameterDataLength: length } = InitiatorPortList;
  if (list.length !== from + length.get(list, at)) return conditions.parameterListLengthError;
  const read = readTransportIds(list, from, protocolIdentifier);
  if (read === undefined) return invalidInParameterList(length, at);
  if ('status' in read) return read;
  return read.map((transportId) => nexusName(transportId, targetPortOf(nexus)));
}

/** Every nexus that is registered with the one that asks. */
function othersOf(
  nexus: NexusName,
  initiatorPorts: readonly NexusName[],
  ports: readonly number[],
): NexusName[] {
  const all = [nexus, ...initiatorPorts].flatMap((each) =>
    ports.map((port) => throughPort(each, port)),
  );
  return [...new Set(all)].filter((each) => each !== nexus);
}

function readMove(
  list: Uint8Array,
  { nexus, protocolIdentifier, targetPorts }: ReserveOutOrigin,
): RegisterAndMoveRequest | CommandResult {
  const fields = RegisterAndMoveList;
  const from = fields.$.length;
  const length = fields.transportIdParameterDataLength.get(list);
  if (list.length !== from + length) return conditions.parameterListLengthError;
  if (length < TRANSPORT_ID_LENGTH) {
    return invalidInParameterList(fields.transportIdParameterDataLength);
  }
  const targetPort = fields.relativeTargetPortIdentifier.get(list);
  if (!targetPorts.includes(targetPort)) {
    return invalidInParameterList(fields.relativeTargetPortIdentifier);
  }
  const read = readTransportId(list, from, protocolIdentifier);
  if (read !== undefined && 'status' in read) return read;
  if (read?.length !== length) {
    return invalidInParameterList(fields.transportIdParameterDataLength);
  }
  return {
    action: 'registerAndMove',
    nexus,
    key: keyAt(list, fields.reservationKey.byte),
    newKey: keyAt(list, fields.serviceActionReservationKey.byte),
    destination: nexusName(read.transportId, targetPort),
    unregisters: fields.unreg.get(list) === 1,
    aptpl: fields.aptpl.get(list) === 1,
  };
}

function keyAt(list: Uint8Array, at: number): ReservationKey {
  return Buffer.from(list.subarray(at, at + RESERVATION_KEY_LENGTH)).toString('hex');
}
