import { scsiNameString } from '../scsi/designator.ts';
import type { NexusIdentity, TargetPort, TransportProtocol } from '../scsi/nexus-identity.ts';
import { ISCSI_PROTOCOL_IDENTIFIER, iscsiTransportId } from '../scsi/transport-id.ts';

/** iSCSI in the tables of SPC-4; no version of the standard is claimed. */
const ISCSI: TransportProtocol = {
  identifier: ISCSI_PROTOCOL_IDENTIFIER,
  versionDescriptor: 0x0960,
};

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
    initiatorPort: {
      name: initiatorPort,
      deviceName: ends.initiatorName,
      transportId: transportIdOf(ends),
    },
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

function transportIdOf({ initiatorName, isid }: SessionEnds): Uint8Array {
  return iscsiTransportId(new TextEncoder().encode(initiatorName), Buffer.from(isid, 'hex'));
}
