import { isCount } from '../base/count.ts';
import { checkSharedState } from './check-state.ts';
import { defaultModes, type ModeParameters } from './mode-parameters.ts';
import type { NexusName } from './reservations/nexus-name.ts';
import { decodeReservations, encodeReservations } from './reservations/record.ts';
import type { Reservations } from './reservations/reservations.ts';
import { type ConditionName, conditions } from './sense-table.ts';
import type { EventAttention, SharedState, UnitEvent } from './unit-state.ts';

/**
 * The shared state of a logical unit and its events, as JSON can say them: what the gateways keep
 * in their records and tell each other. Decoding throws an `Error` with a reason in words.
 */

export type StateContent = ReturnType<typeof encodeState>;
export type EventContent = ReturnType<typeof encodeEvent>;

export function encodeState({ identity, modes, reservations, ...rest }: SharedState) {
  const { blocks, blockLengthBytes, documentVersion, readOnly } = rest;
  return {
    identity: { ...identity, naa: Buffer.from(identity.naa).toString('hex') },
    ...{ blocks, blockLengthBytes, documentVersion, readOnly },
    modes: { current: { ...modes.current }, saved: { ...modes.saved } },
    reservations: Buffer.from(encodeReservations(reservations)).toString('base64'),
  };
}

export function decodeState(content: unknown): SharedState {
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
    modes: { current: decodeModes(modes['current']), saved: decodeModes(modes['saved']) },
    reservations: reservationsOf(textOf(state['reservations'], 'reservations')),
  };
  // What no gateway would have made is refused as what cannot be read is.
  checkSharedState(decoded);
  return decoded;
}

function reservationsOf(text: string): Reservations {
  const decoded = decodeReservations(Uint8Array.from(Buffer.from(text, 'base64')));
  if ('malformed' in decoded) throw new Error(`reservations: ${decoded.malformed}`);
  return decoded;
}

export function encodeEvent({ aborts, attentions }: UnitEvent) {
  return { aborts, attentions };
}

export function decodeEvent(content: unknown): UnitEvent {
  const { aborts, attentions } = fieldsOf(content, 'the event');
  if (!Array.isArray(attentions)) throw new Error('attentions is not a list');
  return {
    aborts: aborts === 'nothing' || aborts === 'everything' ? aborts : nexusesOf(aborts, 'aborts'),
    attentions: attentions.map(decodeAttention),
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
  if (!Array.isArray(value)) throw new Error(`${name} is neither a list nor a group that is known`);
  return value.map((nexus) => textOf(nexus, name) as NexusName);
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
