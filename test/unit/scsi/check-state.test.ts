// Proves that a shared state that no standard allows is a defect, found before it takes effect.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSharedState } from '../../../src/scsi/check-state.ts';
import type { SharedState } from '../../../src/scsi/unit-state.ts';
import { identity, unitState } from '../../support/scsi-call.ts';

test('a state as it begins is none, whatever its block length', () => {
  checkSharedState(unitState());
  checkSharedState(unitState({ blockLengthBytes: 4096, blocks: 0 }));
});

test('each field that no initiator may be told is found', () => {
  const state = unitState();
  const { current, saved, life } = state.modes;
  const { identifying } = state;
  const bad: readonly Partial<SharedState>[] = [
    { blocks: -1 },
    { blocks: 1.5 },
    { blocks: Number.MAX_SAFE_INTEGER },
    { blockLengthBytes: 520 },
    { identity: { ...identity, uuid: '' } },
    { identity: { ...identity, naa: new Uint8Array(9) } },
    { identity: { ...identity, serial: '' } },
    { identity: { ...identity, vendor: 'NINECHARS' } },
    { identity: { ...identity, product: 'ü' } },
    { identity: { ...identity, revision: '00001' } },
    { modes: { current: { ...current, tst: 2 }, saved, life } },
    { modes: { current: { ...current, tst: 0, qerr: 1 }, saved, life } },
    { modes: { current, saved: { ...saved, qerr: 2 }, life } },
    { modes: { current, saved: { ...saved, uaIntlckCtrl: 1 }, life } },
    { identifying: { ...identifying, peripheral: new Uint8Array(65) } },
    { identifying: { ...identifying, text: new Uint8Array(257) } },
  ];
  for (const fields of bad) {
    assert.throws(() => checkSharedState({ ...state, ...fields }), /^InvariantBroken/);
  }
});
