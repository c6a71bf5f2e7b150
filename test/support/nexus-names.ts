import { nexusIdentity } from '../../src/iscsi/nexus-identity.ts';
import type { NexusIdentity } from '../../src/scsi/nexus-identity.ts';
import { type NexusName, nexusName } from '../../src/scsi/reservations/nexus-name.ts';

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
