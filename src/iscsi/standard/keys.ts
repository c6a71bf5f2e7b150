/**
 * Every text key of RFC 7143 and of RFC 7144, one row each. Negotiation,
 * discovery answers, tests and the reference page derive from this table.
 */
export type KeyRule =
  /** The responder takes the first value of the offered list that it supports. */
  | { readonly kind: 'list'; readonly values: readonly string[] }
  | {
      readonly kind: 'number';
      readonly minimum: number;
      readonly maximum: number;
      readonly result: 'minimum' | 'maximum';
    }
  | { readonly kind: 'boolean'; readonly result: 'and' | 'or' }
  /** Each side declares its own value; there is no answer. */
  | { readonly kind: 'declaredNumber'; readonly minimum: number; readonly maximum: number }
  | { readonly kind: 'declaredText' }
  /** Asks for an answer made of other keys. */
  | { readonly kind: 'request' }
  /** Belongs to an authentication method; its exchange gives it meaning. */
  | { readonly kind: 'security' }
  /** Of RFC 3720, obsolete since RFC 7143; never answered NotUnderstood. */
  | { readonly kind: 'obsolete'; readonly answer: 'No' | 'Reject' };

/**
 * When a key may be used: `initialize` in any login, `leading` in the login that opens a session,
 * `security` in the security stage, `fullFeature` after the login, `any` in login and after it.
 */
export type KeyUse = 'initialize' | 'leading' | 'security' | 'fullFeature' | 'any';

export interface KeyRow {
  readonly name: string;
  readonly rule: KeyRule;
  /** The value without negotiation, as text; undefined if there is none. */
  readonly default: string | undefined;
  readonly use: KeyUse;
  readonly senders: 'initiator' | 'target' | 'both';
  readonly scope: 'session' | 'connection';
  readonly irrelevantInDiscovery: boolean;
}

/** Values longer than this are allowed only to security keys (RFC 7143). */
export const VALUE_LENGTH_MAX = 255;

/** 2^24 - 1: the largest data segment and burst. */
const LENGTH_24_BITS = 0xff_ffff;
const NUMBER_16_BITS = 0xffff;

const BOTH_LEADING = {
  use: 'leading',
  senders: 'both',
  scope: 'session',
  irrelevantInDiscovery: true,
} as const;
const BOTH_LEADING_ANY_SESSION = { ...BOTH_LEADING, irrelevantInDiscovery: false } as const;
const DIGEST = {
  rule: { kind: 'list', values: ['None', 'CRC32C'] },
  default: 'None',
  use: 'initialize',
  senders: 'both',
  scope: 'connection',
  irrelevantInDiscovery: false,
} as const;
const DECLARED_TEXT = {
  rule: { kind: 'declaredText' },
  default: undefined,
  use: 'any',
  scope: 'session',
  irrelevantInDiscovery: false,
} as const;
const SECURITY = {
  rule: { kind: 'security' },
  default: undefined,
  use: 'security',
  senders: 'both',
  scope: 'connection',
  irrelevantInDiscovery: false,
} as const;

const ROWS: readonly KeyRow[] = [
  // Identity and purpose.
  { name: 'InitiatorName', ...DECLARED_TEXT, use: 'initialize', senders: 'initiator' },
  { name: 'InitiatorAlias', ...DECLARED_TEXT, senders: 'initiator' },
  { name: 'TargetName', ...DECLARED_TEXT, use: 'initialize', senders: 'both' },
  { name: 'TargetAlias', ...DECLARED_TEXT, senders: 'target' },
  { name: 'TargetAddress', ...DECLARED_TEXT, senders: 'target' },
  {
    ...DECLARED_TEXT,
    name: 'TargetPortalGroupTag',
    rule: { kind: 'declaredNumber', minimum: 0, maximum: NUMBER_16_BITS },
    use: 'initialize',
    senders: 'target',
  },
  {
    ...DECLARED_TEXT,
    name: 'SessionType',
    default: 'Normal',
    use: 'leading',
    senders: 'initiator',
  },
  { name: 'X#NodeArchitecture', ...DECLARED_TEXT, use: 'leading', senders: 'both' },
  {
    ...DECLARED_TEXT,
    name: 'SendTargets',
    rule: { kind: 'request' },
    use: 'fullFeature',
    senders: 'initiator',
  },

  // Of a connection.
  { name: 'HeaderDigest', ...DIGEST },
  { name: 'DataDigest', ...DIGEST },
  {
    name: 'MaxRecvDataSegmentLength',
    rule: { kind: 'declaredNumber', minimum: 512, maximum: LENGTH_24_BITS },
    default: '8192',
    use: 'any',
    senders: 'both',
    scope: 'connection',
    irrelevantInDiscovery: false,
  },

  // Of a session.
  number('MaxConnections', 1, NUMBER_16_BITS, 'minimum', '1'),
  boolean('InitialR2T', 'or', 'Yes'),
  boolean('ImmediateData', 'and', 'Yes'),
  number('MaxBurstLength', 512, LENGTH_24_BITS, 'minimum', '262144'),
  number('FirstBurstLength', 512, LENGTH_24_BITS, 'minimum', '65536'),
  number('MaxOutstandingR2T', 1, NUMBER_16_BITS, 'minimum', '1'),
  boolean('DataPDUInOrder', 'or', 'Yes'),
  boolean('DataSequenceInOrder', 'or', 'Yes'),
  {
    ...number('DefaultTime2Wait', 0, 3600, 'maximum', '2'),
    ...BOTH_LEADING_ANY_SESSION,
  },
  {
    ...number('DefaultTime2Retain', 0, 3600, 'minimum', '20'),
    ...BOTH_LEADING_ANY_SESSION,
  },
  {
    ...number('ErrorRecoveryLevel', 0, 2, 'minimum', '0'),
    ...BOTH_LEADING_ANY_SESSION,
  },
  number('iSCSIProtocolLevel', 0, 31, 'minimum', '1'),
  {
    name: 'TaskReporting',
    rule: { kind: 'list', values: ['RFC3720', 'ResponseFence', 'FastAbort'] },
    default: 'RFC3720',
    ...BOTH_LEADING,
  },

  // Of authentication.
  {
    ...SECURITY,
    name: 'AuthMethod',
    rule: { kind: 'list', values: ['KRB5', 'SRP', 'CHAP', 'None'] },
    default: 'None',
  },
  { name: 'CHAP_A', ...SECURITY },
  { name: 'CHAP_I', ...SECURITY },
  { name: 'CHAP_C', ...SECURITY },
  { name: 'CHAP_N', ...SECURITY },
  { name: 'CHAP_R', ...SECURITY },
  { name: 'KRB_AP_REQ', ...SECURITY },
  { name: 'KRB_AP_REP', ...SECURITY },
  { name: 'TargetAuth', ...SECURITY },
  { name: 'SRP_U', ...SECURITY },
  { name: 'SRP_GROUP', ...SECURITY },
  { name: 'SRP_A', ...SECURITY },
  { name: 'SRP_s', ...SECURITY },
  { name: 'SRP_B', ...SECURITY },
  { name: 'SRP_M', ...SECURITY },
  { name: 'SRP_HM', ...SECURITY },

  // Obsolete. RFC 7143 lets a responder answer the markers No, which initiators of RFC 3720 that
  // still ask for them take as an ordinary result; the intervals it has answered Reject.
  obsolete('IFMarker', 'No'),
  obsolete('OFMarker', 'No'),
  obsolete('IFMarkInt', 'Reject'),
  obsolete('OFMarkInt', 'Reject'),
];

export const KEYS: ReadonlyMap<string, KeyRow> = new Map(ROWS.map((row) => [row.name, row]));

function number(
  name: string,
  minimum: number,
  maximum: number,
  result: 'minimum' | 'maximum',
  standardDefault: string,
): KeyRow {
  return {
    name,
    rule: { kind: 'number', minimum, maximum, result },
    default: standardDefault,
    ...BOTH_LEADING,
  };
}

function boolean(name: string, result: 'and' | 'or', standardDefault: string): KeyRow {
  return { name, rule: { kind: 'boolean', result }, default: standardDefault, ...BOTH_LEADING };
}

function obsolete(name: string, answer: 'No' | 'Reject'): KeyRow {
  return {
    name,
    rule: { kind: 'obsolete', answer },
    default: undefined,
    use: 'initialize',
    senders: 'both',
    scope: 'connection',
    irrelevantInDiscovery: false,
  };
}
