// Proves what each change of the shared state of a logical unit does, that it leaves all else as it
// is, and that what is already so is no change: every gateway may ask for the same one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  described,
  initialState,
  modesSelected,
  reset,
  resized,
  taskSetCleared,
  type UnitDescription,
} from '../../../src/scsi/unit-changes.ts';
import {
  COMMITTED,
  type SharedState,
  type UnitChange,
  type UnitTransition,
} from '../../../src/scsi/unit-state.ts';
import { identity } from '../../support/scsi-call.ts';

const description: UnitDescription = {
  ...{ identity, blockLengthBytes: 512, readOnly: false, volatileCache: true },
  ...{ blocks: 100, documentBlocks: 100, documentVersion: 1 },
};

function transition(change: UnitChange, state: SharedState): UnitTransition {
  const outcome = change(state);
  assert.ok('next' in outcome);
  return outcome;
}

/** By name and by whom they reach. */
function told({ event }: UnitTransition): readonly string[] {
  return event.attentions.map(({ condition, nexuses }) => `${condition} ${nexuses}`);
}

test('each difference of a document has its unit attention, for every nexus', () => {
  const cases: readonly [Partial<UnitDescription>, string[]][] = [
    [{ identity: { ...identity, serial: 'ANOTHER' } }, ['inquiryDataHasChanged all']],
    [{ identity: { ...identity, naa: new Uint8Array(8) } }, ['inquiryDataHasChanged all']],
    [{ readOnly: true }, ['modeParametersChanged all']],
    [{ volatileCache: false }, ['modeParametersChanged all']],
    [{ readOnly: true, volatileCache: false }, ['modeParametersChanged all']],
    [{ blocks: 101 }, ['capacityDataHasChanged all']],
    [{ blocks: 99, documentBlocks: 99, documentVersion: 2 }, ['capacityDataHasChanged all']],
  ];
  for (const [change, attentions] of cases) {
    const state = initialState(description);
    const outcome = transition(described({ ...description, ...change }), state);
    assert.deepEqual(told(outcome), attentions);
    assert.equal(outcome.event.aborts, 'nothing');
    assert.deepEqual(outcome.next, initialState({ ...description, ...change }));
  }
});

test('changes by MODE SELECT survive a new document; WCE follows the medium', () => {
  const selected = transition(
    (state) => modesSelected(state, { ...state.modes.current, swp: true }),
    initialState(description),
  ).next;
  const { next } = transition(described({ ...description, volatileCache: false }), selected);
  assert.deepEqual([next.modes.current.swp, next.modes.current.wce], [true, false]);
  assert.deepEqual([next.modes.saved.swp, next.modes.saved.wce], [false, false]);
});

test('a description or size that equals the current one changes nothing', () => {
  const plain = { noNullPrototype: true };
  const descriptions = fc.record(
    {
      identity: fc.record(
        {
          uuid: fc.constant(identity.uuid),
          serial: fc.constantFrom('1', '2'),
          naa: fc.constantFrom(new Uint8Array(8), new Uint8Array(16), new Uint8Array(8).fill(3)),
          ...{ vendor: fc.constantFrom('A', 'B'), product: fc.constantFrom('A', 'B') },
          revision: fc.constantFrom('1', '2'),
        },
        plain,
      ),
      blocks: fc.nat(3),
      documentBlocks: fc.nat(3),
      blockLengthBytes: fc.constant(512),
      ...{ readOnly: fc.boolean(), volatileCache: fc.boolean() },
      documentVersion: fc.constant(1),
    },
    plain,
  );
  fc.assert(
    fc.property(descriptions, descriptions, (before, grown) => {
      const after = { ...grown, blocks: Math.max(before.blocks, grown.blocks) };
      const outcome = described(after)(initialState(before));
      const next = 'next' in outcome ? outcome.next : initialState(before);
      assert.deepEqual(next, initialState(after));
      assert.equal('next' in outcome && outcome.event.attentions.length === 0, false);
      assert.equal(described(after)(next), COMMITTED);
      assert.equal(resized(after.blocks)(next), COMMITTED);
    }),
  );
});

test('a description by an earlier document changes nothing', () => {
  const state = initialState({ ...description, documentVersion: 2 });
  const earlier = { ...description, blocks: 700, documentVersion: 1 };
  assert.equal(described(earlier)(state), COMMITTED);
  const { next } = transition(described({ ...earlier, documentVersion: 2 }), state);
  assert.equal(next.blocks, 700);
});

test('a gateway that has not seen the medium grow does not shrink the unit', () => {
  const known = { blocks: 100, documentVersion: 5 };
  const { next: grown } = transition(resized(200, known), initialState(description));
  // It still serves the document of before, or waits for its store to show the size of the next.
  for (const stale of [
    { blocks: 100, documentBlocks: 100, documentVersion: 5 },
    { blocks: 100, documentBlocks: 200, documentVersion: 6 },
  ]) {
    assert.equal(described({ ...description, ...stale })(grown), COMMITTED);
  }
  assert.equal(resized(150, known)(grown), COMMITTED);
  const asked = { blocks: 100, documentBlocks: 100, documentVersion: 6 };
  assert.equal(transition(described({ ...description, ...asked }), grown).next.blocks, 100);
  assert.equal(transition(resized(150, { ...known, blocks: 200 }), grown).next.blocks, 150);
});

test('a description of another disk, or of another block length, is a defect', () => {
  const state = initialState(description);
  const other = { ...description, identity: { ...identity, uuid: 'another' } };
  assert.throws(() => described(other)(state), /that of the disk/);
  assert.throws(
    () => described({ ...description, blockLengthBytes: 4096 })(state),
    /never changes/,
  );
});

test('MODE SELECT notifies the other nexuses; a list that changes nothing notifies none', () => {
  const state = initialState(description);
  const { current } = state.modes;
  const outcome = transition((from) => modesSelected(from, { ...current, dSense: true }), state);
  assert.deepEqual(told(outcome), ['modeParametersChanged others']);
  assert.deepEqual(outcome.next, {
    ...state,
    modes: { ...state.modes, current: { ...current, dSense: true }, saved: current },
  });
  assert.equal(modesSelected(state, { ...current }), COMMITTED);
});

test('MODE SELECT with SP saves, and notifies others also of saved values alone', () => {
  const state = initialState(description);
  const selected = { ...state.modes.current, dSense: true };
  const save = (from: SharedState) => modesSelected(from, { ...selected }, true);
  const both = transition(save, state).next.modes;
  assert.deepEqual([both.current, both.saved], [selected, selected]);
  const unsaved = transition((from) => modesSelected(from, { ...selected }), state).next;
  const saved = transition(save, unsaved);
  assert.deepEqual(told(saved), ['modeParametersChanged others']);
  assert.deepEqual(saved.next.modes.saved, selected);
  assert.equal(save(saved.next), COMMITTED);
});

test('a reset aborts everything, makes the saved modes current, notifies every nexus', () => {
  const state = initialState(description);
  const saved = { ...state.modes.saved, tas: true };
  const current = { ...saved, swp: true, tas: false };
  const changed = { ...state, modes: { ...state.modes, current, saved } };
  const outcome = transition(reset, changed);
  assert.deepEqual(told(outcome), ['busDeviceResetFunctionOccurred all']);
  assert.equal(outcome.event.aborts, 'everything');
  assert.deepEqual(outcome.next.modes, { ...state.modes, current: saved, saved });
});

test('clearing a task set changes nothing, and notifies nexuses whose commands it aborts', () => {
  const state = initialState(description);
  const outcome = transition(taskSetCleared, state);
  assert.deepEqual(told(outcome), ['commandsClearedByAnotherInitiator cleared']);
  assert.deepEqual([outcome.event.aborts, outcome.next], ['everything', state]);
});

test('a new size notifies every nexus', () => {
  const outcome = transition(resized(1), initialState(description));
  assert.deepEqual(told(outcome), ['capacityDataHasChanged all']);
  assert.equal(outcome.next.blocks, 1);
});
