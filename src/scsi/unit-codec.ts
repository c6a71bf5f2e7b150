import { isCount } from '../base/count.ts';
import { checkSharedState } from './check-state.ts';
import { type IdentifyingInformation, NOT_IDENTIFIED } from './identifying-information.ts';
import { defaultModes, type ModeParameters } from './mode-parameters.ts';
import { decodeNexusList, encodeNexusList } from './reservations/nexus-list.ts';
import type { NexusName } from './reservations/nexus-name.ts';
import { RESERVATIONS_MAX_BYTES } from './reservations/record-size.ts';
import { reservationsOfText, reservationsText } from './reservations/record-text.ts';
import type { Reservations } from './reservations/reservations.ts';
import {
  changedReservations,
  type ReservationsChange,
  reservationsChange,
} from './reservations/reservations-change.ts';
import { type ConditionName, conditions } from './sense-table.ts';
import type { EventAttention, SharedState, UnitEvent } from './unit-state.ts';

/**
 * The shared state of a logical unit and its events, as JSON can say them: what the gateways keep
 * in their records and tell each other. Decoding throws an `Error` with a reason in words.
 */

/**
 * How long they are together: the reservations, the nexuses that the event aborts, and those that
 * it tells by two unit attentions, each in base64; and 8 KiB for all else.
 */
export const STATE_AND_EVENT_LENGTH_MAX = 4 * 4 * Math.ceil(RESERVATIONS_MAX_BYTES / 3) + 8 * 1024;

/** Names of nexuses in a list that is not packed, in characters. Three lists fit into 8 KiB. */
const PLAIN_NEXUSES_LENGTH_MAX = 2_000;

export type EventContent = ReturnType<typeof encodeEvent>;

export function encodeState(state: SharedState) {
  return contentOf(state, reservationsText(state.reservations));
}

/** `known`: a state that may have the same reservations, which then need no decoding. */
export function decodeState(content: unknown, known?: SharedState): SharedState {
  return decodeStateWith(content, (reservations) =>
    reservationsOfText(textOf(reservations, 'reservations'), known?.reservations),
  );
}

/** The state after an event, for those that have the state before it. */
export function encodeStateAfter(before: SharedState, state: SharedState) {
  const isSame = state.reservations === before.reservations;
  const change = isSame ? 'same' : reservationsChange(before.reservations, state.reservations);
  return contentOf(state, change);
}

export function decodeStateAfter(before: SharedState, content: unknown): SharedState {
  return decodeStateWith(content, (reservations) =>
    reservations === 'same'
      ? before.reservations
      : changedReservations(before.reservations, changeOf(reservations)),
  );
}

function contentOf<R>(state: SharedState, reservations: R) {
  const { identity, modes, reservations: _, identifying, ...rest } = state;
  const { blocks, blockLengthBytes, documentVersion, readOnly } = rest;
  return {
    identity: { ...identity, naa: Buffer.from(identity.naa).toString('hex') },
    ...{ blocks, blockLengthBytes, documentVersion, readOnly },
    modes: { current: { ...modes.current }, saved: { ...modes.saved }, life: modes.life },
    reservations,
    identifying: {
      peripheral: Buffer.from(identifying.peripheral).toString('base64'),
      text: Buffer.from(identifying.text).toString('base64'),
    },
  };
}

function decodeStateWith(
  content: unknown,
  reservationsOf: (content: unknown) => Reservations,
): SharedState {
  const state = fieldsOf(content, 'the state');
  const identity = fieldsOf(state['identity'], 'identity');
  const modes = fieldsOf(state['modes'], 'modes');
  const text = (name: string) => textOf(identity[name], name);
  const decoded = {
    identity: {
      uuid: text('uuid'),
      serial: text('serial'),
      naa: Uint8Array.from(Buffer.from(text('naa'), 'hex')),
      vendor: text('vendor'),
      product: text('product'),
      revision: text('revision'),
    },
    blocks: countOf(state['blocks'], 'blocks'),
    blockLengthBytes: countOf(state['blockLengthBytes'], 'blockLengthBytes'),
    documentVersion: countOf(state['documentVersion'], 'documentVersion'),
    readOnly: flagOf(state['readOnly'], 'readOnly'),
    modes: {
      current: decodeModes(modes['current']),
      saved: decodeModes(modes['saved']),
      // Records of earlier releases do not have it.
      life: modes['life'] === undefined ? undefined : countOf(modes['life'], 'life'),
    },
    reservations: reservationsOf(state['reservations']),
    identifying: identifyingOf(state['identifying']),
  };
  // What no gateway would have made is refused as what cannot be read is.
  checkSharedState(decoded);
  return decoded;
}

function changeOf(content: unknown): ReservationsChange {
  const { after, removed } = fieldsOf(content, 'the change of the reservations');
  const change = { after: textOf(after, 'after') };
  return removed === undefined ? change : { ...change, removed: textOf(removed, 'removed') };
}

/** Records of earlier releases do not have it. */
function identifyingOf(content: unknown): IdentifyingInformation {
  if (content === undefined) return NOT_IDENTIFIED;
  const { peripheral, text } = fieldsOf(content, 'identifying');
  const bytes = (value: unknown, name: string) =>
    Uint8Array.from(Buffer.from(textOf(value, name), 'base64'));
  return { peripheral: bytes(peripheral, 'peripheral'), text: bytes(text, 'text') };
}

export function encodeEvent({ aborts, attentions, endsTarget }: UnitEvent) {
  return {
    aborts: packed(aborts),
    attentions: attentions.map(({ condition, nexuses }) => {
      return { condition, nexuses: packed(nexuses) };
    }),
    ...(endsTarget === undefined ? {} : { endsTarget }),
  };
}

/**
 * A group of nexuses by its name, or the nexuses: a short list as it is, which the release before
 * this also reads, and a longer one packed.
 */
function packed<Group extends string>(
  nexuses: Group | readonly NexusName[],
): Group | readonly NexusName[] | { readonly nexuses: string } {
  if (typeof nexuses === 'string') return nexuses;
  const lengthChars = nexuses.reduce((sum, { length }) => sum + length, 0);
  return lengthChars <= PLAIN_NEXUSES_LENGTH_MAX ? nexuses : { nexuses: encodeNexusList(nexuses) };
}

export function decodeEvent(content: unknown): UnitEvent {
  const { aborts, attentions, endsTarget } = fieldsOf(content, 'the event');
  if (!Array.isArray(attentions)) throw new Error('attentions is not a list');
  return {
    aborts: aborts === 'nothing' || aborts === 'everything' ? aborts : nexusesOf(aborts, 'aborts'),
    attentions: attentions.map(decodeAttention),
    ...(endsTarget === undefined ? {} : { endsTarget: textOf(endsTarget, 'endsTarget') }),
  };
}

function decodeAttention(content: unknown): EventAttention {
  const { condition, nexuses } = fieldsOf(content, 'an attention');
  const name = textOf(condition, 'condition');
  if (!Object.hasOwn(conditions, name)) throw new Error(`condition ${name} is not known`);
  const isGroup = nexuses === 'all' || nexuses === 'others' || nexuses === 'cleared';
  return {
    condition: name as ConditionName,
    nexuses: isGroup ? nexuses : nexusesOf(nexuses, 'nexuses'),
  };
}

function nexusesOf(value: unknown, name: string): readonly NexusName[] {
  if (Array.isArray(value)) return value.map((nexus) => textOf(nexus, name));
  const decoded = decodeNexusList(textOf(fieldsOf(value, name)['nexuses'], name));
  if ('malformed' in decoded) throw new Error(`${name}: ${decoded.malformed}`);
  return decoded;
}

/** Each mode parameter has the type that it has by default; those not known are left out. */
function decodeModes(content: unknown): Readonly<ModeParameters> {
  const modes = fieldsOf(content, 'mode parameters');
  const decoded: Record<string, unknown> = {};
  for (const [name, ordinary] of Object.entries(defaultModes(false))) {
    const value = modes[name];
    decoded[name] = typeof ordinary === 'number' ? countOf(value, name) : flagOf(value, name);
  }
  return Object.freeze(decoded as unknown as ModeParameters);
}

function fieldsOf(content: unknown, what: string): Record<string, unknown> {
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
    return content as Record<string, unknown>;
  }
  throw new Error(`${what} is not an object`);
}

function textOf(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  throw new Error(`${name} is not text`);
}

function countOf(value: unknown, name: string): number {
  if (isCount(value)) return value;
  throw new Error(`${name} is not a count`);
}

function flagOf(value: unknown, name: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new Error(`${name} is not true or false`);
}
