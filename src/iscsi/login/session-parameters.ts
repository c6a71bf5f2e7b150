/** What the login agreed on, as the data path needs it. Lengths in bytes, times in seconds. */
export interface SessionParameters {
  readonly sessionType: 'normal' | 'discovery';
  /** The longest data segment that may be sent to the initiator. */
  readonly initiatorMaxRecvDataSegmentLength: number;
  /** The longest data segment that the initiator may send in full feature phase. */
  readonly targetMaxRecvDataSegmentLength: number;
  readonly maxBurstLength: number;
  readonly firstBurstLength: number;
  /** True: unsolicited Data-Out PDUs are forbidden. */
  readonly initialR2t: boolean;
  /** True: a SCSI Command may carry data. */
  readonly immediateData: boolean;
  readonly maxOutstandingR2t: number;
  readonly maxConnections: number;
  readonly dataPduInOrder: boolean;
  readonly dataSequenceInOrder: boolean;
  readonly defaultTime2Wait: number;
  readonly defaultTime2Retain: number;
  readonly errorRecoveryLevel: number;
  readonly headerDigest: boolean;
  readonly dataDigest: boolean;
  /** iSCSIProtocolLevel: 2 and more permits the task management functions of RFC 7144. */
  readonly protocolLevel: number;
  readonly taskReporting: 'RFC3720' | 'ResponseFence';
}
