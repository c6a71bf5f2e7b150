import { isCount } from '../base/count.ts';
import { Failure } from '../base/failure.ts';
import type { Member } from '../records/records.ts';
import type { Heartbeat, Instance, Mark, MemberState, MembershipView } from './membership.ts';

/**
 * The fields of the members object, JSON each, with a format version `v`:
 *
 *   roster            revision, epoch, life, starts: every change but a heartbeat raises `revision`
 *   inc:NAME/INC      open, closed or finished: what a heartbeat asserts
 *   about:NAME/INC    start, serving, instances, fenceEpoch, draining, resting, left, events
 *   hb:NAME/INC       counter, epoch, holding, acknowledged: written by that member alone
 *   document          version
 *   mark:NAME/INC/UNIT  a logical unit that may have an unsettled event of that member
 */
const FORMAT_VERSION = 1;
export const ROSTER_FIELD = 'roster';
export const DOCUMENT_FIELD = 'document';
const INCARNATION_PREFIX = 'inc:';
const ABOUT_PREFIX = 'about:';
const HEARTBEAT_PREFIX = 'hb:';
const MARK_PREFIX = 'mark:';

type Fields = ReadonlyMap<string, Uint8Array>;

/** The part of the view that changes by compare-and-set of its revision. */
export interface Roster extends MembershipView {
  readonly revision: number;
  /** Incarnations ever opened. */
  readonly starts: number;
}

/** A member, as in its field names. */
function idOf({ name, incarnation }: Member): string {
  return `${name}/${incarnation}`;
}

export function incarnationField(member: Member): string {
  return INCARNATION_PREFIX + idOf(member);
}

export function aboutField(member: Member): string {
  return ABOUT_PREFIX + idOf(member);
}

export function heartbeatField(member: Member): string {
  return HEARTBEAT_PREFIX + idOf(member);
}

export function markField({ unit, author }: Mark): string {
  return `${MARK_PREFIX}${idOf(author)}/${unit}`;
}

export function encode(content: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ v: FORMAT_VERSION, ...content }));
}

/**
 * The field that a heartbeat asserts of its own incarnation: the same bytes as long as it is open.
 */
export const OPEN = encode({ state: 'open' });

export function encodeIncarnation({ state }: MemberState): Uint8Array {
  return state === 'joining' || state === 'serving' ? OPEN : encode({ state });
}

export function encodeAbout(member: MemberState): Uint8Array {
  const { start, state, instances, fenceEpoch, enforcesEvents: events } = member;
  const { isDraining: draining, isAtRest: resting, hasLeft: left } = member;
  const serving = state === 'serving';
  return encode({ start, serving, instances, fenceEpoch, draining, resting, left, events });
}

export function encodeHeartbeat(heartbeat: Heartbeat): Uint8Array {
  const { counter, epoch, isHolding: holding, acknowledged } = heartbeat;
  if (acknowledged.size === 0) return encode({ counter, epoch, holding });
  return encode({ counter, epoch, holding, acknowledged: Object.fromEntries(acknowledged) });
}

export function encodeRoster({ revision, epoch, life, starts }: Roster): Uint8Array {
  return encode({ revision, epoch, life, starts });
}

/**
 * Rejects what this release cannot know the meaning of: `membersUnreadable`, or of a later format,
 * `membersFormatUnknown`. Fields of a member that it does not know are left out.
 */
export function decodeRoster(fields: Fields): Roster {
  const roster = parse(fields, ROSTER_FIELD);
  const members: MemberState[] = [];
  const marks: Mark[] = [];
  for (const field of fields.keys()) {
    if (field.startsWith(INCARNATION_PREFIX)) members.push(decodeMember(fields, field));
    if (field.startsWith(MARK_PREFIX)) marks.push(decodeMark(fields, field));
  }
  return {
    revision: count(roster?.['revision']),
    epoch: count(roster?.['epoch']),
    life: count(roster?.['life']),
    starts: count(roster?.['starts']),
    documentVersion: count(parse(fields, DOCUMENT_FIELD)?.['version']),
    marks: marks.sort((a, b) => (markField(a) < markField(b) ? -1 : 1)),
    members: members.sort((a, b) => a.start - b.start),
  };
}

function decodeMember(fields: Fields, field: string): MemberState {
  const id = field.slice(INCARNATION_PREFIX.length);
  const cut = id.lastIndexOf('/');
  const { state } = parse(fields, field) ?? {};
  const about = parse(fields, ABOUT_PREFIX + id);
  const heartbeat = parse(fields, HEARTBEAT_PREFIX + id);
  if (cut < 0 || (state !== 'open' && state !== 'closed' && state !== 'finished')) {
    throw unreadable(field);
  }
  const open = about?.['serving'] === true ? 'serving' : 'joining';
  const fenceEpoch = about?.['fenceEpoch'];
  return {
    name: id.slice(0, cut),
    incarnation: id.slice(cut + 1),
    start: count(about?.['start']),
    state: state === 'open' ? open : state,
    isDraining: about?.['draining'] === true,
    isAtRest: about?.['resting'] === true,
    hasLeft: about?.['left'] === true,
    instances: instancesOf(about?.['instances'], field),
    enforcesEvents: about?.['events'] === true,
    fenceEpoch: fenceEpoch === undefined ? undefined : count(fenceEpoch),
    heartbeat: {
      counter: count(heartbeat?.['counter']),
      epoch: count(heartbeat?.['epoch']),
      isHolding: heartbeat?.['holding'] === true,
      acknowledged: numbersOf(heartbeat?.['acknowledged'], field),
    },
  };
}

function decodeMark(fields: Fields, field: string): Mark {
  parse(fields, field);
  const [name, incarnation, ...unit] = field.slice(MARK_PREFIX.length).split('/');
  if (name === undefined || incarnation === undefined || unit.length === 0) throw unreadable(field);
  return { unit: unit.join('/'), author: { name, incarnation } };
}

const NOTHING_ACKNOWLEDGED: ReadonlyMap<string, number> = new Map();

function numbersOf(value: unknown, field: string): ReadonlyMap<string, number> {
  if (value === undefined) return NOTHING_ACKNOWLEDGED;
  if (typeof value !== 'object' || value === null) throw unreadable(field);
  return new Map(Object.entries(value).map(([unit, number]) => [unit, count(number)]));
}

function instancesOf(value: unknown, field: string): readonly Instance[] {
  if (!Array.isArray(value)) throw unreadable(field);
  return value.map((entry: Partial<Instance>) => {
    if (typeof entry?.address !== 'string') throw unreadable(field);
    return { address: entry.address, kind: entry.kind === 'records' ? 'records' : 'volume' };
  });
}

function parse(fields: Fields, field: string): Record<string, unknown> | undefined {
  const bytes = fields.get(field);
  if (bytes === undefined) return undefined;
  const content = contentOf(bytes);
  const version = content?.['v'];
  if (content === undefined || !isCount(version) || version === 0) throw unreadable(field);
  if (version > FORMAT_VERSION) throw later(field, version);
  return content;
}

function contentOf(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const content: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof content === 'object' && content !== null ? { ...content } : undefined;
  } catch {
    return undefined;
  }
}

function count(value: unknown): number {
  if (value === undefined) return 0;
  if (isCount(value)) return value;
  throw unreadable('a count');
}

function later(field: string, version: number): Failure {
  return new Failure(
    'membersFormatUnknown',
    `the members object has ${field} of format ${version}, and this release reads formats up to ` +
      `${FORMAT_VERSION}: a later release wrote it, beside which this one cannot serve`,
    { field, formatVersion: version },
  );
}

function unreadable(field: string): Failure {
  return new Failure('membersUnreadable', `the members object is damaged: ${field}`, { field });
}
