import { initialValue } from './keys.ts';
import type { LoginResult } from './login.ts';

/** What was negotiated, as numbers and flags. */
export interface SessionParameters {
  readonly headerDigest: boolean;
  readonly dataDigest: boolean;
  readonly initialR2t: boolean;
  readonly immediateData: boolean;
  /** Longest data segment that the target takes. */
  readonly targetMaxRecvDataSegmentLength: number;
  readonly maxBurstLength: number;
  readonly firstBurstLength: number;
  readonly maxOutstandingR2t: number;
  readonly protocolLevel: number;
}

export function sessionParameters({ keys, answered }: LoginResult): SessionParameters {
  const value = (key: string) => keys.get(key) ?? initialValue(key)!;
  return {
    headerDigest: value('HeaderDigest') === 'CRC32C',
    dataDigest: value('DataDigest') === 'CRC32C',
    initialR2t: value('InitialR2T') === 'Yes',
    immediateData: value('ImmediateData') === 'Yes',
    targetMaxRecvDataSegmentLength: Number(answered.get('MaxRecvDataSegmentLength') ?? 8192),
    maxBurstLength: Number(value('MaxBurstLength')),
    firstBurstLength: Number(value('FirstBurstLength')),
    maxOutstandingR2t: Number(value('MaxOutstandingR2T')),
    protocolLevel: Number(value('iSCSIProtocolLevel')),
  };
}
