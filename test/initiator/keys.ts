/** Keys and values of login and text PDUs, in order of sending. */
export type Keys = ReadonlyMap<string, string>;

/** `key=value` pairs, each closed by a zero byte. */
export function encodeKeys(keys: Iterable<readonly [string, string]>): Buffer {
  let text = '';
  for (const [key, value] of keys) text += `${key}=${value}\0`;
  return Buffer.from(text, 'utf8');
}

/** Throws on text that RFC 7143 does not allow an answer to be. */
export function decodeKeys(data: Uint8Array): Map<string, string> {
  return new Map(decodePairs(data));
}

/** As `decodeKeys`, keeping repeated keys (SendTargets answers name many targets). */
export function decodePairs(data: Uint8Array): [string, string][] {
  const text = Buffer.from(data).toString('utf8');
  if (text === '') return [];
  if (!text.endsWith('\0')) throw new Error('text does not end with a zero byte');
  return text
    .slice(0, -1)
    .split('\0')
    .map((pair) => {
      const at = pair.indexOf('=');
      if (at < 1) throw new Error(`no key=value: ${JSON.stringify(pair)}`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    });
}

type Rule = 'minimum' | 'maximum' | 'and' | 'or' | 'list' | 'declaration';
interface KeyRule {
  readonly rule: Rule;
  readonly initial: string;
  readonly range?: readonly [number, number];
  /** The key is younger than RFC 3720: `NotUnderstood` is a lawful answer. */
  readonly young?: true;
}

const SEGMENT = [512, 16777215] as const;

/** RFC 7143, "Login/Text Operational Text Keys": how the result follows from the two values. */
const RULES: Readonly<Record<string, KeyRule>> = {
  HeaderDigest: { rule: 'list', initial: 'None' },
  DataDigest: { rule: 'list', initial: 'None' },
  AuthMethod: { rule: 'list', initial: 'None' },
  MaxConnections: { rule: 'minimum', initial: '1', range: [1, 65535] },
  InitialR2T: { rule: 'or', initial: 'Yes' },
  ImmediateData: { rule: 'and', initial: 'Yes' },
  MaxRecvDataSegmentLength: { rule: 'declaration', initial: '8192', range: SEGMENT },
  MaxBurstLength: { rule: 'minimum', initial: '262144', range: SEGMENT },
  FirstBurstLength: { rule: 'minimum', initial: '65536', range: SEGMENT },
  DefaultTime2Wait: { rule: 'maximum', initial: '2', range: [0, 3600] },
  DefaultTime2Retain: { rule: 'minimum', initial: '20', range: [0, 3600] },
  MaxOutstandingR2T: { rule: 'minimum', initial: '1', range: [1, 65535] },
  DataPDUInOrder: { rule: 'or', initial: 'Yes' },
  DataSequenceInOrder: { rule: 'or', initial: 'Yes' },
  ErrorRecoveryLevel: { rule: 'minimum', initial: '0', range: [0, 2] },
  TaskReporting: { rule: 'list', initial: 'RFC3720', young: true },
  iSCSIProtocolLevel: { rule: 'minimum', initial: '1', range: [0, 31], young: true },
};

export function initialValue(key: string): string | undefined {
  return RULES[key]?.initial;
}

export function isDeclaration(key: string): boolean {
  const rule = RULES[key];
  return rule === undefined || rule.rule === 'declaration';
}

/** What is wrong with this answer of the target to our offer; undefined when it is lawful. */
export function answerFault(key: string, offer: string, answer: string): string | undefined {
  const rule = RULES[key];
  const fault = `${key}: ${JSON.stringify(answer)} to an offer of ${JSON.stringify(offer)}`;
  if (rule === undefined) return answer === 'NotUnderstood' ? undefined : fault;
  if (answer === 'NotUnderstood') return rule.young ? undefined : fault;
  if (answer === 'Reject') return offerIsSound(rule, offer) ? fault : undefined;
  if (answer === 'Irrelevant') return undefined;
  return isLawful(rule, offer, answer) ? undefined : fault;
}

function offerIsSound(rule: KeyRule, offer: string): boolean {
  if (rule.rule === 'and' || rule.rule === 'or') return offer === 'Yes' || offer === 'No';
  // A list may hold nothing that the target can do.
  if (rule.rule === 'list') return offer.split(',').includes(rule.initial);
  const value = Number(offer);
  const [low, high] = rule.range!;
  return Number.isInteger(value) && value >= low && value <= high;
}

function isLawful(rule: KeyRule, offer: string, answer: string): boolean {
  const [low, high] = rule.range ?? [0, 0];
  const value = Number(answer);
  switch (rule.rule) {
    case 'list':
      return offer.split(',').includes(answer);
    case 'minimum':
      return Number.isInteger(value) && value >= low && value <= high && value <= Number(offer);
    case 'maximum':
      return Number.isInteger(value) && value >= low && value <= high && value >= Number(offer);
    case 'and':
      return answer === 'No' || (answer === 'Yes' && offer === 'Yes');
    case 'or':
      return answer === 'Yes' || (answer === 'No' && offer === 'No');
    case 'declaration':
      return Number.isInteger(value) && value >= low && value <= high;
  }
}

/** What the initiator answers to a key that the target offers first: its own value, by the rule. */
export function ownAnswer(key: string, offer: string): string | undefined {
  const rule = RULES[key];
  if (rule === undefined) return 'NotUnderstood';
  switch (rule.rule) {
    case 'declaration':
      return undefined;
    case 'list':
      return offer.split(',').includes(rule.initial) ? rule.initial : 'Reject';
    case 'minimum':
      return String(Math.min(Number(offer), Number(rule.initial)));
    case 'maximum':
      return String(Math.max(Number(offer), Number(rule.initial)));
    case 'and':
      return offer;
    case 'or':
      return 'Yes';
  }
}
