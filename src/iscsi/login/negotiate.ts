import { assert } from '../../base/assert.ts';
import type { KeyRow, KeyRule } from '../standard/keys.ts';
import { KEYS, VALUE_LENGTH_MAX } from '../standard/keys.ts';
import type { TextPair } from '../wire/text.ts';
import { parseNumber } from '../wire/text.ts';
import type { Offer } from './negotiation-settings.ts';

/** The results so far; `values` holds texts in canonical form. */
export interface Negotiated {
  readonly discovery: boolean;
  /** The value of each key. Absent: the standard's default. */
  readonly values: ReadonlyMap<string, string>;
  /** Keys that were offered or declared: a second time is an error. */
  readonly seen: ReadonlySet<string>;
}

/** The outcome of one text. Replies are in the order of the offers. */
interface NegotiationStep {
  readonly replies: readonly TextPair[];
  readonly negotiated: Negotiated;
}

/** The text breaks the protocol: a login ends with "initiator error", a text is rejected. */
interface NegotiationFault {
  readonly fault: string;
}

/** Answers that are themselves constants; an offer that consists of one needs no answer. */
const CONSTANTS: ReadonlySet<string> = new Set(['NotUnderstood', 'Irrelevant', 'Reject']);

/** Keys beyond this in one negotiation are a fault: it bounds what `seen` remembers. */
const KEYS_SEEN_MAX = 128;

export function startNegotiation(discovery: boolean): Negotiated {
  return { discovery, values: new Map(), seen: new Set() };
}

/**
 * Answers the offers of an initiator by the key table. Keys of the security stage, and names, are
 * the login's matter: it takes them out before, and here they are refused.
 */
export function negotiate(
  before: Negotiated,
  offers: readonly TextPair[],
  offer: Offer,
): NegotiationStep | NegotiationFault {
  const seen = new Set(before.seen);
  const values = new Map(before.values);
  const replies: TextPair[] = [];
  for (const { key, value } of burstsInOrder(offers)) {
    if (CONSTANTS.has(value)) continue;
    const row = KEYS.get(key);
    if (row === undefined) {
      replies.push({ key, value: 'NotUnderstood' });
      continue;
    }
    if (seen.has(key)) return { fault: `${key} is negotiated twice` };
    if (seen.size === KEYS_SEEN_MAX) return { fault: 'too many keys' };
    if (value.length > VALUE_LENGTH_MAX) return { fault: `value of ${key} is too long` };
    seen.add(key);
    const answer = answerTo(row, value, before.discovery, offer, values);
    if (typeof answer === 'object') return answer;
    if (answer !== undefined) replies.push({ key, value: answer });
  }
  return { replies, negotiated: { discovery: before.discovery, values, seen } };
}

/** MaxBurstLength first, because FirstBurstLength must not exceed its result. */
function burstsInOrder(offers: readonly TextPair[]): readonly TextPair[] {
  const burst = offers.findIndex((pair) => pair.key === 'MaxBurstLength');
  if (burst <= 0) return offers;
  return [offers[burst]!, ...offers.slice(0, burst), ...offers.slice(burst + 1)];
}

/** The value to answer; undefined: nothing to answer. Notes what holds from now on. */
function answerTo(
  row: KeyRow,
  value: string,
  discovery: boolean,
  offer: Offer,
  values: Map<string, string>,
): string | undefined | NegotiationFault {
  if (row.senders === 'target' || row.use === 'security') return 'Reject';
  if (discovery && row.irrelevantInDiscovery) return 'Irrelevant';
  const { rule } = row;
  switch (rule.kind) {
    case 'declaredText':
      values.set(row.name, value);
      return undefined;
    case 'declaredNumber': {
      const declared = parseNumber(value);
      if (declared === undefined || !inRange(declared, rule)) {
        return { fault: `value of ${row.name} is out of range` };
      }
      values.set(row.name, String(declared));
      return undefined;
    }
    case 'obsolete':
      return rule.answer;
    case 'request':
    case 'security':
      return 'Reject';
    default: {
      const result = resultOf(row.name, rule, value, offer, values);
      if (result === undefined) return 'Reject';
      values.set(row.name, result);
      return result;
    }
  }
}

type NegotiatedRule = Extract<KeyRule, { kind: 'list' | 'number' | 'boolean' }>;

/** The result of an offer and our own value; undefined: not admissible. */
function resultOf(
  name: string,
  rule: NegotiatedRule,
  value: string,
  offer: Offer,
  values: ReadonlyMap<string, string>,
): string | undefined {
  switch (rule.kind) {
    case 'list': {
      const supported = offer.lists[name];
      assert(supported !== undefined, `no offer for ${name}`);
      return value.split(',').find((each) => supported.includes(each));
    }
    case 'boolean': {
      const ours = offer.booleans[name];
      assert(ours !== undefined, `no offer for ${name}`);
      if (value !== 'Yes' && value !== 'No') return undefined;
      const theirs = value === 'Yes';
      return (rule.result === 'and' ? theirs && ours : theirs || ours) ? 'Yes' : 'No';
    }
    case 'number': {
      const theirs = parseNumber(value);
      if (theirs === undefined || !inRange(theirs, rule)) return undefined;
      const ours = ourNumber(name, offer, values);
      return String(rule.result === 'minimum' ? Math.min(theirs, ours) : Math.max(theirs, ours));
    }
  }
}

function ourNumber(name: string, offer: Offer, values: ReadonlyMap<string, string>): number {
  const ours = offer.numbers[name];
  assert(ours !== undefined, `no offer for ${name}`);
  if (name !== 'FirstBurstLength') return ours;
  return Math.min(ours, Number(heldValue(values, 'MaxBurstLength')));
}

function inRange(
  value: number,
  range: { readonly minimum: number; readonly maximum: number },
): boolean {
  return value >= range.minimum && value <= range.maximum;
}

/** The value of a key: the negotiated one, or else the standard's default. */
export function heldValue(values: ReadonlyMap<string, string>, name: string): string {
  const value = values.get(name) ?? KEYS.get(name)?.default;
  assert(value !== undefined, `${name} has no value`);
  return value;
}
