import { assert } from '../base/assert.ts';
import { ByteWriter } from '../base/bytes/byte-writer.ts';
import { scsiNameString } from '../scsi/designator.ts';
import type { NexusIdentity, TargetPort, TransportProtocol } from '../scsi/nexus-identity.ts';
import {
  TRANSPORT_ID_ADDITIONAL_LENGTH_MIN,
  TransportIdFormat,
  TransportIdHeader,
} from './standard/transport-id.ts';

/** iSCSI in the tables of SPC-4; no version of the standard is claimed. */
const ISCSI: TransportProtocol = { identifier: 0x5, versionDescriptor: 0x0960 };

/** The two ends of a session in full feature phase. */
export interface SessionEnds {
  readonly initiatorName: string;
  /** 12 hex digits. */
  readonly isid: string;
  readonly targetName: string;
  readonly portalGroupTag: number;
}

/** The nexus of a session: an iSCSI target port is a portal group of a target (RFC 7143). */
export function nexusIdentity(ends: SessionEnds, relativePortIdentifier: number): NexusIdentity {
  const initiatorPort = `${ends.initiatorName},i,0x${ends.isid}`;
  return {
    protocol: ISCSI,
    initiatorPort: { name: initiatorPort, transportId: transportId(initiatorPort) },
    targetPort: targetPort(ends, relativePortIdentifier),
  };
}

function targetPort(
  { targetName, portalGroupTag }: SessionEnds,
  relativePortIdentifier: number,
): TargetPort {
  const name = `${targetName},t,0x${portalGroupTag.toString(16).padStart(4, '0')}`;
  return {
    name,
    deviceName: targetName,
    relativePortIdentifier,
    portGroup: portalGroupTag,
    designators: [scsiNameString('targetPort', name), scsiNameString('targetDevice', targetName)],
  };
}

function transportId(portName: string): Uint8Array {
  const text = new TextEncoder().encode(portName);
  const padded = new ByteWriter().bytes(text).u8(0).align(4).finish();
  assert(padded.length >= TRANSPORT_ID_ADDITIONAL_LENGTH_MIN, 'iSCSI port names are long enough');
  const header = new Uint8Array(TransportIdHeader.$.length);
  TransportIdHeader.formatCode.set(header, TransportIdFormat.port);
  TransportIdHeader.protocolIdentifier.set(header, ISCSI.identifier);
  TransportIdHeader.additionalLength.set(header, padded.length);
  return new ByteWriter().bytes(header).bytes(padded).finish();
}
