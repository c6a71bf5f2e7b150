import type { SeededRandom } from '../support/seeded-random.ts';
import { mutated } from './mutation.ts';

/** The longest text of a Login Request; some of ours go beyond. */
const TEXT_MAX = 8192;

const KEYS = [
  'InitiatorName',
  'InitiatorAlias',
  'TargetName',
  'SessionType',
  'AuthMethod',
  'CHAP_A',
  'CHAP_I',
  'CHAP_C',
  'CHAP_N',
  'CHAP_R',
  'HeaderDigest',
  'DataDigest',
  'MaxConnections',
  'SendTargets',
  'TargetAlias',
  'TargetAddress',
  'TargetPortalGroupTag',
  'InitialR2T',
  'ImmediateData',
  'MaxRecvDataSegmentLength',
  'MaxBurstLength',
  'FirstBurstLength',
  'DefaultTime2Wait',
  'DefaultTime2Retain',
  'MaxOutstandingR2T',
  'DataPDUInOrder',
  'DataSequenceInOrder',
  'ErrorRecoveryLevel',
  'TaskReporting',
  'iSCSIProtocolLevel',
  'X-com.example.key',
  'X#digest',
  'OFMarker',
];

const VALUES = [
  '',
  'Yes',
  'No',
  'None',
  'CHAP',
  'CHAP,None',
  'Normal',
  'Discovery',
  'Reject',
  'NotUnderstood',
  'Irrelevant',
  '?',
  'All',
  '0',
  '1',
  '-1',
  '512',
  '262144',
  '16777215',
  '16777216',
  '4294967296',
  '99999999999999999999999',
  '0x',
  '0x10',
  '0b',
  '0bAAAA',
  '0xzz',
  '1.5',
  '1e3',
  ' 512',
  '1~8',
  'CRC32C',
  'CRC32C,None',
  'a,'.repeat(200),
  'x'.repeat(255),
  'x'.repeat(256),
  `0x${'ab'.repeat(1025)}`,
  'iqn.2026-11.test:fuzz',
  'eui.0123456789ABCDEF',
  'naa.52004567BA64678D',
  'iqn.2026-11.test:ü',
  '\u0001\u007f',
];

/** Login text: sound pairs, strange pairs, and changed bytes, in any mixture. */
export function loginText(targetName: string, random: SeededRandom): Buffer {
  const pairs: string[] = [];
  if (random.below(3) > 0) pairs.push('InitiatorName=iqn.2026-11.test:fuzz');
  if (random.below(3) > 0) pairs.push(`TargetName=${targetName}`);
  for (let count = random.below(8); count > 0; count--) {
    pairs.push(`${random.pick(KEYS)}=${random.pick(VALUES)}`);
  }
  if (random.below(20) === 0) pairs.push(`${'K'.repeat(random.below(100))}=1`);
  if (random.below(50) === 0) pairs.push(...Array<string>(200).fill('X-com.example.many=1'));
  const text = Buffer.from(pairs.map((pair) => `${pair}\0`).join(''));
  const changed = random.below(2) === 0 ? text : mutated(text, random);
  return changed.subarray(0, TEXT_MAX + random.below(2) * 64);
}
