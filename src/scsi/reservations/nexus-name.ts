import { assert } from '../../base/assert.ts';

/**
 * Names an I_T nexus the same through every gateway: the relative identifier of the target port, a
 * colon, and the TransportID of the initiator port in hex digits. Text, so that names are compared,
 * kept in maps and carried to other gateways as they are.
 */
export type NexusName = string;

export function nexusName(transportId: Uint8Array, targetPort: number): NexusName {
  assert(targetPort > 0 && targetPort <= 0xffff, 'a relative port identifier has two bytes');
  return `${targetPort}:${Buffer.from(transportId).toString('hex')}`;
}

/** RELATIVE TARGET PORT IDENTIFIER. */
export function targetPortOf(name: NexusName): number {
  return Number(name.slice(0, name.indexOf(':')));
}

/** TransportID of the initiator port. */
export function transportIdOf(name: NexusName): Uint8Array {
  return Buffer.from(name.slice(name.indexOf(':') + 1), 'hex');
}

/** The same initiator port through another target port. */
export function throughPort(name: NexusName, targetPort: number): NexusName {
  return `${targetPort}${name.slice(name.indexOf(':'))}`;
}

export function isSameInitiatorPort(left: NexusName, right: NexusName): boolean {
  return left.slice(left.indexOf(':')) === right.slice(right.indexOf(':'));
}
