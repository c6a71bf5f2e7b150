import { assert } from '../base/assert.ts';
import { checkSharedState } from './check-state.ts';
import type { CommandResult } from './command-result.ts';
import { type IdentifyingInformationName, NOT_IDENTIFIED } from './identifying-information.ts';
import { defaultModes, isSameModes, type ModeParameters } from './mode-parameters.ts';
import {
  NO_RESERVATIONS,
  type Reservations,
  type ReservationTransition,
} from './reservations/reservations.ts';
import { reserveReset } from './reservations/reserve-release.ts';
import {
  COMMITTED,
  type EventAttention,
  type LogicalUnitIdentity,
  type SharedState,
  type UnitChange,
  type UnitEvent,
  type UnitTransition,
} from './unit-state.ts';

/** The description of a logical unit by the document and the medium. */
export interface UnitDescription {
  readonly identity: LogicalUnitIdentity;
  /** Of the medium, as its gateway knows it. */
  readonly blocks: number;
  /** By the document. */
  readonly documentBlocks: number;
  readonly blockLengthBytes: number;
  readonly readOnly: boolean;
  /** The version of the document. */
  readonly documentVersion: number;
  /** The medium has a volatile cache: WCE. */
  readonly volatileCache: boolean;
}

/** The first state of a logical unit. */
export function initialState(description: Omit<UnitDescription, 'documentBlocks'>): SharedState {
  const { identity, blocks, blockLengthBytes, documentVersion, readOnly } = description;
  const modes = defaultModes(description.volatileCache);
  const state = {
    ...{ identity, blocks, blockLengthBytes, documentVersion, readOnly },
    modes: { current: modes, saved: modes, life: 0 },
    reservations: NO_RESERVATIONS,
    identifying: NOT_IDENTIFIED,
  };
  checkSharedState(state);
  return state;
}

/** The document, or the medium that it names, describes the unit differently than before. */
export function described(description: UnitDescription): UnitChange {
  const { identity, blockLengthBytes, documentVersion, readOnly, volatileCache } = description;
  return (state) => {
    // Another gateway serves a later version already: this one will follow.
    if (documentVersion < state.documentVersion) return COMMITTED;
    assert(identity.uuid === state.identity.uuid, 'the state is that of the disk');
    assert(blockLengthBytes === state.blockLengthBytes, 'the block length of a disk never changes');
    const attentions: EventAttention[] = [];
    if (!isSameIdentity(identity, state.identity)) attentions.push(toAll('inquiryDataHasChanged'));
    if (readOnly !== state.readOnly || volatileCache !== state.modes.current.wce) {
      attentions.push(toAll('modeParametersChanged'));
    }
    const blocks = describedBlocks(description, state);
    if (blocks !== state.blocks) attentions.push(toAll('capacityDataHasChanged'));
    if (attentions.length === 0) return COMMITTED;
    const current = withCache(state.modes.current, volatileCache);
    const saved = withCache(state.modes.saved, volatileCache);
    const modes = { ...state.modes, current, saved };
    const next = { ...state, identity, blocks, documentVersion, readOnly, modes };
    return { next, event: { aborts: 'nothing', attentions } };
  };
}

/**
 * The medium has another size. `known`: the capacity that its gateway knew when it learned that,
 * and the version of the document that it serves.
 */
export function resized(
  blocks: number,
  known: { readonly blocks?: number; readonly documentVersion?: number } = {},
): UnitChange {
  return (state) => {
    // Others have learned of a later size meanwhile.
    const isLate = known.blocks !== undefined && known.blocks !== state.blocks;
    if (blocks === state.blocks || (blocks < state.blocks && isLate)) return COMMITTED;
    const documentVersion = Math.max(state.documentVersion, known.documentVersion ?? 0);
    const next = { ...state, blocks, documentVersion };
    return { next, event: telling(toAll('capacityDataHasChanged')) };
  };
}

/**
 * MODE SELECT: these parameters become current, and the saved ones if it says so; its own nexus
 * gets no unit attention.
 */
export function modesSelected(
  state: SharedState,
  current: Readonly<ModeParameters>,
  isSaved = false,
): UnitTransition | typeof COMMITTED {
  const { modes } = state;
  const saved = isSaved ? current : modes.saved;
  if (isSameModes(modes.current, current) && isSameModes(modes.saved, saved)) return COMMITTED;
  const next = { ...state, modes: { ...modes, current: Object.freeze(current), saved } };
  return { next, event: telling({ condition: 'modeParametersChanged', nexuses: 'others' }) };
}

/** SET IDENTIFYING INFORMATION; its own nexus gets no unit attention. */
export function identified(
  state: SharedState,
  name: IdentifyingInformationName,
  information: Uint8Array,
): UnitTransition | typeof COMMITTED {
  if (isSameBytes(state.identifying[name], information)) return COMMITTED;
  const identifying = { ...state.identifying, [name]: information };
  const event = telling({ condition: 'deviceIdentifierChanged', nexuses: 'others' });
  return { next: { ...state, identifying }, event };
}

/** What becomes of the reservations, by a pure function of them alone. */
export function reservationsChanged(
  decide: (reservations: Reservations) => ReservationTransition | CommandResult,
): UnitChange {
  return (state) => {
    const outcome = decide(state.reservations);
    if ('status' in outcome) return outcome;
    return { next: { ...state, reservations: outcome.next }, event: outcome.event };
  };
}

/**
 * The logical unit reset condition (SAM): commands of all nexuses, RESERVE, mode parameters,
 * attention. Persistent reservations stay.
 */
export const reset = (state: SharedState): UnitTransition => {
  const { saved } = state.modes;
  const { next: reservations } = reserveReset(state.reservations);
  const attentions = [toAll('busDeviceResetFunctionOccurred')];
  return {
    next: { ...state, modes: { ...state.modes, current: saved }, reservations },
    event: { aborts: 'everything', attentions },
  };
};

/**
 * CLEAR TASK SET of a task set that all nexuses share. Others learn of it by TASK ABORTED or, if
 * TAS is 0, by a unit attention (SAM).
 */
export const taskSetCleared: UnitChange = (next) => {
  const condition = 'commandsClearedByAnotherInitiator';
  return { next, event: { aborts: 'everything', attentions: [{ condition, nexuses: 'cleared' }] } };
};

/**
 * A gateway whose store did not answer may know the medium as it was before it grew: a description
 * makes the unit smaller only as a later document has it.
 */
function describedBlocks(
  { blocks, documentBlocks, documentVersion }: UnitDescription,
  state: SharedState,
): number {
  const isAsked = blocks === documentBlocks && documentVersion > state.documentVersion;
  return blocks < state.blocks && !isAsked ? state.blocks : blocks;
}

/** The reset of a unit by a TARGET COLD RESET: it ends the sessions of that target as well. */
export function coldReset(targetName: string): UnitChange {
  return (state) => {
    const { next, event } = reset(state);
    return { next, event: { ...event, endsTarget: targetName } };
  };
}

function toAll(condition: EventAttention['condition']): EventAttention {
  return { condition, nexuses: 'all' };
}

function telling(attention: EventAttention): UnitEvent {
  return { aborts: 'nothing', attentions: [attention] };
}

function withCache(modes: Readonly<ModeParameters>, wce: boolean): Readonly<ModeParameters> {
  return Object.freeze({ ...modes, wce });
}

function isSameIdentity(a: LogicalUnitIdentity, b: LogicalUnitIdentity): boolean {
  return (
    isSameBytes(a.naa, b.naa) &&
    a.serial === b.serial &&
    a.vendor === b.vendor &&
    a.product === b.product &&
    a.revision === b.revision
  );
}

function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
