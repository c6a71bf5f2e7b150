import { nexusIdentity } from '../../src/iscsi/nexus-identity.ts';
import type { NexusIdentity } from '../../src/scsi/nexus-identity.ts';
import { type NexusName, nexusName } from '../../src/scsi/reservations/nexus-name.ts';
import { iscsiTransportId } from '../../src/scsi/transport-id.ts';

/** The iSCSI nexus of a host and a target port. */
export function identityOf(host: string, targetPort: number): NexusIdentity {
  const ends = {
    initiatorName: `iqn.1993-08.org.debian:01:${host}`,
    isid: `00023d${Buffer.from(host).toString('hex').slice(0, 6).padStart(6, '0')}`,
    targetName: 'iqn.2026-11.io.allpath:demo',
    portalGroupTag: targetPort,
  };
  return nexusIdentity(ends, targetPort);
}

/** Its name. */
export function nexusOf(host: string, targetPort: number): NexusName {
  return nexusName(identityOf(host, targetPort).initiatorPort.transportId, targetPort);
}

/** So many nexuses of one initiator name, each with an ISID of its own. */
export function nexusesOf(initiatorName: string, count: number): readonly NexusName[] {
  return Array.from({ length: count }, (_, index) => {
    const isid = Buffer.from(`80${index.toString(16).padStart(10, '0')}`, 'hex');
    return nexusName(iscsiTransportId(Buffer.from(initiatorName), isid), 1);
  });
}
