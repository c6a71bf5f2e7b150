import { nexusIdentity } from '../../../src/iscsi/nexus-identity.ts';
import type { NexusIdentity } from '../../../src/scsi/nexus-identity.ts';
import { type NexusEnds, TARGET_NAME } from './program.ts';

/** The iSCSI name of a host. */
export function initiatorNameOf(host: string): string {
  return `iqn.2026-11.com.example:${host}`;
}

/** The same, whatever gateway serves the target port. */
export function identityOf({ host, isid, targetPort }: NexusEnds): NexusIdentity {
  const initiatorName = initiatorNameOf(host);
  const ends = { initiatorName, isid, targetName: TARGET_NAME, portalGroupTag: targetPort };
  return nexusIdentity(ends, targetPort);
}
