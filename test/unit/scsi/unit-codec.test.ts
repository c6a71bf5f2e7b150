// Proves that a state is read as it was written, whole and as what an event changes of the state
// before; that what is the same is not made again; and that a change which does not fit the state
// before is refused in words. What a record of an earlier release lacks reads as it was then.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOT_IDENTIFIED } from '../../../src/scsi/identifying-information.ts';
import { NO_RESERVATIONS } from '../../../src/scsi/reservations/reservations.ts';
import {
  decodeEvent,
  decodeState,
  decodeStateAfter,
  encodeEvent,
  encodeState,
  encodeStateAfter,
} from '../../../src/scsi/unit-codec.ts';
import type { SharedState, UnitEvent } from '../../../src/scsi/unit-state.ts';
import { nexusesOf, nexusOf } from '../../support/nexus-names.ts';
import { unitState } from '../../support/scsi-call.ts';

const KEY = '00000000000000aa';

function withRegistrations(...hosts: readonly string[]): SharedState {
  const registrations = new Map(hosts.map((host) => [nexusOf(host, 1), KEY]));
  return { ...unitState(), reservations: { ...NO_RESERVATIONS, registrations } };
}

const throughJson = (content: unknown): unknown => JSON.parse(JSON.stringify(content));

test('a state is decoded as it was encoded', () => {
  const state = withRegistrations('a', 'b');
  const content = throughJson(encodeState(state));
  assert.deepEqual(decodeState(content), state);
  const known = { ...withRegistrations('a', 'b'), blocks: 1 };
  assert.equal(decodeState(content, known).reservations, known.reservations);
});

test('a state is decoded from what it changes of the previous one', () => {
  const before = withRegistrations('a', 'b');
  const grown = { ...before, blocks: before.blocks + 1 };
  const same = decodeStateAfter(before, throughJson(encodeStateAfter(before, grown)));
  assert.deepEqual(same, grown);
  assert.equal(same.reservations, before.reservations);
  const after = withRegistrations('b', 'c');
  assert.deepEqual(decodeStateAfter(before, throughJson(encodeStateAfter(before, after))), after);
});

test('an event lists few nexuses in the format of the release before, many packed', () => {
  const named = (nexuses: readonly string[]) => ({
    aborts: nexuses,
    attentions: [{ condition: 'reservationsPreempted' as const, nexuses }],
  });
  const few = named(nexusesOf('iqn.1993-08.org.debian:01:a', 8));
  assert.deepEqual(encodeEvent(few), few);
  assert.deepEqual(decodeEvent(throughJson(encodeEvent(named([])))), named([]));
  const many = named(nexusesOf('iqn.1993-08.org.debian:01:a', 100));
  const content = throughJson(encodeEvent(many));
  assert.ok(JSON.stringify(content).length < JSON.stringify(many).length / 4);
  assert.deepEqual(decodeEvent(content), many);
});

test('a change that does not fit the state before is refused', () => {
  const change = throughJson(encodeStateAfter(withRegistrations('a', 'b'), withRegistrations('a')));
  const refused = /^Error: reservations: a nexus is not registered$/;
  assert.throws(() => decodeStateAfter(withRegistrations('a'), change), refused);
  const { reservations: _, ...without } = change as Record<string, unknown>;
  assert.throws(() => decodeStateAfter(withRegistrations('a'), without), /is not an object$/);
});

test('modes with their life, and identifying information, are decoded as encoded', () => {
  const state = unitState();
  const { saved } = state.modes;
  const changed = {
    ...state,
    modes: { current: { ...saved, qerr: 0b11, uaIntlckCtrl: 0b10 }, saved, life: 7 },
    identifying: { peripheral: Uint8Array.of(0, 0xff), text: Uint8Array.of(0x41, 0) },
  };
  assert.deepEqual(decodeState(throughJson(encodeState(changed))), changed);
});

test('a record of an earlier release has no life of modes and no identifying information', () => {
  const state = unitState();
  const content = throughJson(encodeState(state)) as Record<string, unknown>;
  delete content['identifying'];
  delete (content['modes'] as Record<string, unknown>)['life'];
  const decoded = decodeState(content);
  assert.deepEqual(decoded.identifying, NOT_IDENTIFIED);
  assert.deepEqual(decoded.modes, { ...state.modes, life: undefined });
});

test('an event names the target that it ends; unknown fields are ignored', () => {
  const plain: UnitEvent = { aborts: 'nothing', attentions: [] };
  assert.deepEqual(throughJson(encodeEvent(plain)), plain);
  const ending = { ...plain, endsTarget: 'iqn.2026-11.com.example:t' };
  assert.deepEqual(decodeEvent(throughJson(encodeEvent(ending))), ending);
  assert.deepEqual(decodeEvent({ ...plain, later: [1] }), plain);
  assert.throws(() => decodeEvent({ ...plain, endsTarget: 1 }), /endsTarget/);
});
