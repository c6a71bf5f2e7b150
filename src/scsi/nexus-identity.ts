import type { Designator } from './designator.ts';

/** The two ends of an I_T nexus (SAM-5), as the transport that carries it names them. */
export interface NexusIdentity {
  readonly protocol: TransportProtocol;
  readonly initiatorPort: InitiatorPort;
  readonly targetPort: TargetPort;
}

/** A SCSI transport protocol, as INQUIRY data and designators name it. */
export interface TransportProtocol {
  /** PROTOCOL IDENTIFIER (SPC-4). */
  readonly identifier: number;
  /** VERSION DESCRIPTOR of the transport's standard. */
  readonly versionDescriptor: number;
}

interface InitiatorPort {
  /** SCSI initiator port name, for logs. */
  readonly name: string;
  /** SCSI initiator device name: the same for all ports of an initiator. */
  readonly deviceName: string;
  /** TransportID (SPC-4): names the port in parameter data, the same through every gateway. */
  readonly transportId: Uint8Array;
}

/** A SCSI target port. It comes from the document alone, so it is the same after a restart. */
export interface TargetPort {
  /** SCSI target port name, for logs. */
  readonly name: string;
  /** SCSI target device name. */
  readonly deviceName: string;
  /** RELATIVE TARGET PORT IDENTIFIER, unique in the cluster, 1 to 65535. */
  readonly relativePortIdentifier: number;
  /** TARGET PORT GROUP, unique in the cluster, 1 to 65535. */
  readonly portGroup: number;
  /** The designators of the port and its device in VPD page 83h, beside the two numbers. */
  readonly designators: readonly Designator[];
}
