import type { CommandResult } from '../command-result.ts';
import { atParameter, conditions, invalidInParameterList } from '../sense-table.ts';
import {
  TRANSPORT_ID_ADDITIONAL_LENGTH_MIN,
  TransportIdFormat,
  TransportIdHeader,
} from '../standard/transport-id.ts';
import {
  ISCSI_PROTOCOL_IDENTIFIER,
  preparedIscsiTransportId,
  transportIdLength,
} from '../transport-id.ts';

/** A TransportID of a parameter list, in the form in which they are compared. */
interface ReadTransportId {
  readonly transportId: Uint8Array;
  /** Bytes that it takes in the list. */
  readonly length: number;
}

/**
 * Reads the TransportID at a place of a list. Undefined: the list ends before it does. One that
 * names no initiator port of the transport is refused at the field that is wrong: a TransportID of
 * an iSCSI initiator without an ISID names a device, which has no nexus.
 */
export function readTransportId(
  list: Uint8Array,
  at: number,
  protocolIdentifier: number,
): ReadTransportId | CommandResult | undefined {
  const { formatCode, protocolIdentifier: protocol, additionalLength, $ } = TransportIdHeader;
  if (at + $.length > list.length) return undefined;
  if (protocol.get(list, at) !== protocolIdentifier) return invalidInParameterList(protocol, at);
  const length = transportIdLength(list, at);
  if (protocolIdentifier === ISCSI_PROTOCOL_IDENTIFIER) {
    const additional = additionalLength.get(list, at);
    const isWhole = additional >= TRANSPORT_ID_ADDITIONAL_LENGTH_MIN && additional % 4 === 0;
    if (!isWhole) return invalidInParameterList(additionalLength, at);
  }
  if (at + length > list.length) return undefined;
  const bytes = list.slice(at, at + length);
  if (protocolIdentifier !== ISCSI_PROTOCOL_IDENTIFIER) return { transportId: bytes, length };
  if (formatCode.get(bytes) !== TransportIdFormat.port)
    return invalidInParameterList(formatCode, at);
  const transportId = preparedIscsiTransportId(bytes);
  if (transportId === undefined) {
    return atParameter(conditions.invalidFieldInParameterList, at + $.length);
  }
  return { transportId, length };
}

/** Reads a list of TransportIDs; undefined: it ends within one. None may come twice. */
export function readTransportIds(
  list: Uint8Array,
  from: number,
  protocolIdentifier: number,
): Uint8Array[] | CommandResult | undefined {
  const read = new Map<string, Uint8Array>();
  for (let at = from; at < list.length; ) {
    const one = readTransportId(list, at, protocolIdentifier);
    if (one === undefined || 'status' in one) return one;
    const name = Buffer.from(one.transportId).toString('hex');
    if (read.has(name)) return atParameter(conditions.invalidFieldInParameterList, at);
    read.set(name, one.transportId);
    at += one.length;
  }
  return [...read.values()];
}
