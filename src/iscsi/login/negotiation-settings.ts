/** The offers of this target in negotiation. Lengths in bytes, times in seconds. */
export interface NegotiationSettings {
  /** Declared to the initiator: the longest data segment that we take. */
  readonly maxRecvDataSegmentLength: number;
  readonly maxBurstLength: number;
  readonly firstBurstLength: number;
  readonly maxOutstandingR2t: number;
  /** True: unsolicited Data-Out is refused. */
  readonly initialR2t: boolean;
  readonly immediateData: boolean;
  readonly defaultTime2Wait: number;
  readonly defaultTime2Retain: number;
  /** Whether CRC32C is supported; None always is, and the initiator's order decides. */
  readonly digests: boolean;
}

export const NEGOTIATION_DEFAULTS: NegotiationSettings = {
  maxRecvDataSegmentLength: 262_144,
  maxBurstLength: 1_048_576,
  firstBurstLength: 262_144,
  maxOutstandingR2t: 8,
  initialR2t: false,
  immediateData: true,
  defaultTime2Wait: 2,
  defaultTime2Retain: 0,
  digests: true,
};

/** Fixed values, because the rest of the target is built on them. */
const MAX_CONNECTIONS = 1;
const ERROR_RECOVERY_LEVEL = 0;
/** RFC 7144. */
const PROTOCOL_LEVEL = 2;

/** Our side of every key that is negotiated. */
export function offerOf(settings: NegotiationSettings): Offer {
  return {
    numbers: {
      MaxConnections: MAX_CONNECTIONS,
      MaxBurstLength: settings.maxBurstLength,
      FirstBurstLength: settings.firstBurstLength,
      MaxOutstandingR2T: settings.maxOutstandingR2t,
      DefaultTime2Wait: settings.defaultTime2Wait,
      DefaultTime2Retain: settings.defaultTime2Retain,
      ErrorRecoveryLevel: ERROR_RECOVERY_LEVEL,
      iSCSIProtocolLevel: PROTOCOL_LEVEL,
    },
    booleans: {
      InitialR2T: settings.initialR2t,
      ImmediateData: settings.immediateData,
      DataPDUInOrder: true,
      DataSequenceInOrder: true,
    },
    lists: {
      HeaderDigest: settings.digests ? ['CRC32C', 'None'] : ['None'],
      DataDigest: settings.digests ? ['CRC32C', 'None'] : ['None'],
      // FastAbort is never accepted: aborts here settle before they are answered.
      TaskReporting: ['RFC3720', 'ResponseFence'],
    },
  };
}

export interface Offer {
  readonly numbers: Readonly<Record<string, number>>;
  readonly booleans: Readonly<Record<string, boolean>>;
  readonly lists: Readonly<Record<string, readonly string[]>>;
}
