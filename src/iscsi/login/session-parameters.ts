import type { Negotiated } from './negotiate.ts';
import { heldValue } from './negotiate.ts';

/**
 * The data segment length of both sides before any declaration, and during the login (RFC 7143).
 */
const DEFAULT_MAX_RECV_DATA_SEGMENT_LENGTH = 8192;

/** The negotiated parameters, as the data path needs them. Lengths in bytes, times in seconds. */
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

/** How much data a command may bring before it is asked for any. */
export function unsolicitedBytes(parameters: SessionParameters): number {
  const { sessionType, immediateData, initialR2t, firstBurstLength } = parameters;
  if (sessionType === 'discovery') return 0;
  return immediateData || !initialR2t ? firstBurstLength : 0;
}

/**
 * The result of a negotiation. `declared` is the data segment length that we declared to the
 * initiator; undefined when the login never reached the operational stage: then the default
 * applies.
 */
export function sessionParameters(
  negotiated: Negotiated,
  declared: number | undefined,
): SessionParameters {
  const text = (name: string) => heldValue(negotiated.values, name);
  const number = (name: string) => Number(text(name));
  const yes = (name: string) => text(name) === 'Yes';
  const maxBurstLength = number('MaxBurstLength');
  return {
    sessionType: negotiated.discovery ? 'discovery' : 'normal',
    initiatorMaxRecvDataSegmentLength: number('MaxRecvDataSegmentLength'),
    targetMaxRecvDataSegmentLength: declared ?? DEFAULT_MAX_RECV_DATA_SEGMENT_LENGTH,
    maxBurstLength,
    // The default may exceed a MaxBurstLength that was agreed on.
    firstBurstLength: Math.min(number('FirstBurstLength'), maxBurstLength),
    initialR2t: yes('InitialR2T'),
    immediateData: yes('ImmediateData'),
    maxOutstandingR2t: number('MaxOutstandingR2T'),
    maxConnections: number('MaxConnections'),
    dataPduInOrder: yes('DataPDUInOrder'),
    dataSequenceInOrder: yes('DataSequenceInOrder'),
    defaultTime2Wait: number('DefaultTime2Wait'),
    defaultTime2Retain: number('DefaultTime2Retain'),
    errorRecoveryLevel: number('ErrorRecoveryLevel'),
    headerDigest: text('HeaderDigest') === 'CRC32C',
    dataDigest: text('DataDigest') === 'CRC32C',
    protocolLevel: number('iSCSIProtocolLevel'),
    taskReporting: text('TaskReporting') === 'ResponseFence' ? 'ResponseFence' : 'RFC3720',
  };
}
