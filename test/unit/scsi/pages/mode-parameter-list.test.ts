// Each fault of a mode parameter list has its condition, and points at the byte and bit at fault.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandResult } from '../../../../src/scsi/command-result.ts';
import { applyModeParameterList } from '../../../../src/scsi/pages/mode-parameter-list.ts';
import { atParameter, conditions } from '../../../../src/scsi/sense-table.ts';
import { ModeHeader6, ModeHeader10 } from '../../../../src/scsi/standard/mode.ts';
import { type UnitOptions, unitState } from '../../../support/scsi-call.ts';

const HEADER = [0, 0, 0, 0];
const CONTROL = [0x0a, 0x0a, 0x22, 0, 0, 0, 0, 0, 0, 0, 0, 0];
/** 1 GiB in blocks of 512 bytes. */
const DESCRIPTOR = [0, 0x20, 0, 0, 0, 0, 2, 0];
const lengthError = conditions.parameterListLengthError;

function apply(list: readonly number[], options: UnitOptions = {}): CommandResult | undefined {
  const state = unitState(options);
  const header = ModeHeader6;
  return applyModeParameterList(Uint8Array.from(list), header, state, { ...state.modes.current });
}

function apply10(list: readonly number[], options: UnitOptions = {}): CommandResult | undefined {
  const state = unitState(options);
  const header = ModeHeader10;
  return applyModeParameterList(Uint8Array.from(list), header, state, { ...state.modes.current });
}

function fieldAt(byte: number, bit: number): CommandResult {
  return atParameter(conditions.invalidFieldInParameterList, byte, bit);
}

/** The list with this byte in place of its own. */
function having(list: readonly number[], at: number, byte: number): readonly number[] {
  return list.map((own, index) => (index === at ? byte : own));
}

test('good lists: nothing behind the header, a page, a descriptor and a page', () => {
  assert.equal(apply(HEADER), undefined);
  assert.equal(apply([...HEADER, ...CONTROL]), undefined);
  assert.equal(apply([0, 0, 0x90, 8, ...DESCRIPTOR, ...CONTROL]), undefined);
});

test('a list that ends inside header, descriptor or page: PARAMETER LIST LENGTH ERROR', () => {
  const whole = [0, 0, 0, 8, ...DESCRIPTOR, ...CONTROL];
  const ends = [4 + 8, whole.length];
  for (let length = 0; length <= whole.length; length++) {
    const result = apply(whole.slice(0, length));
    assert.equal(result, ends.includes(length) ? undefined : lengthError, `${length} bytes`);
  }
});

test('MEDIUM TYPE is 0', () => {
  assert.deepEqual(apply(having(HEADER, 1, 5)), fieldAt(1, 7));
});

test('a block descriptor of another length is refused', () => {
  assert.deepEqual(apply([0, 0, 0, 16, ...DESCRIPTOR, ...DESCRIPTOR]), fieldAt(3, 7));
  assert.deepEqual(apply10([0, 0, 0, 0, 1, 0, 0, 8, ...DESCRIPTOR]), fieldAt(6, 7));
  assert.deepEqual(apply10([0, 0, 0, 0, 0, 0, 0, 16, ...DESCRIPTOR]), fieldAt(6, 7));
});

test('a block descriptor keeps capacity (0, the same, all ones) and block length', () => {
  const list = (descriptor: readonly number[]) => [0, 0, 0, 8, ...descriptor];
  assert.equal(apply(list([0, 0, 0, 0, 0, 0, 2, 0])), undefined);
  assert.equal(apply(list([0xff, 0xff, 0xff, 0xff, 0, 0, 2, 0])), undefined);
  assert.deepEqual(apply(list(having(DESCRIPTOR, 3, 1))), fieldAt(4, 7));
  assert.deepEqual(apply(list(having(DESCRIPTOR, 6, 0x10))), fieldAt(9, 7));
});

test('a long block descriptor too', () => {
  const list = (blocks: readonly number[]) => [
    0,
    0,
    0,
    0,
    1,
    0,
    0,
    16,
    ...blocks,
    0,
    0,
    0,
    0,
    0,
    0,
    2,
    0,
  ];
  const options = { blocks: 2 ** 33 };
  assert.equal(apply10(list([0, 0, 0, 2, 0, 0, 0, 0]), options), undefined);
  assert.equal(apply10(list(new Array<number>(8).fill(0xff)), options), undefined);
  assert.equal(apply10(list(new Array<number>(8).fill(0)), options), undefined);
  assert.deepEqual(apply10(list([0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]), options), fieldAt(8, 7));
});

test('PS, which MODE SENSE returns, says nothing here', () => {
  assert.equal(apply([...HEADER, ...having(CONTROL, 0, 0x8a)]), undefined);
});

test('QERR and UA_INTLCK_CTRL: reserved values are refused, and QERR with a shared task set', () => {
  for (const [byte, value, bit] of [
    [3, 0b10 << 1, 2],
    [4, 0b01 << 4, 5],
  ] as const) {
    assert.deepEqual(apply([...HEADER, ...having(CONTROL, byte, value)]), fieldAt(4 + byte, bit));
  }
  const shared = having(CONTROL, 2, 0x02);
  for (const qerr of [0b00, 0b01, 0b11]) {
    assert.equal(apply([...HEADER, ...having(CONTROL, 3, qerr << 1)]), undefined);
    const refusal = qerr === 0 ? undefined : fieldAt(4 + 3, 2);
    assert.deepEqual(apply([...HEADER, ...having(shared, 3, qerr << 1)]), refusal);
  }
});

test('unknown pages and subpages, and wrong page lengths are pointed at', () => {
  const page = (bytes: readonly number[]) => apply([...HEADER, ...bytes]);
  assert.deepEqual(page(having(CONTROL, 0, 0x02)), fieldAt(4, 5));
  assert.deepEqual(page(having(CONTROL, 1, 0x0b)), fieldAt(5, 7));
  assert.deepEqual(page([0x4a, 0x02, 0, 0x1c]), fieldAt(5, 7));
  assert.deepEqual(page([0x42, 0x01, 0, 0x1c]), fieldAt(4, 5));
  assert.deepEqual(page([0x4a, 0x00, 0, 0x0a]), fieldAt(5, 7));
  assert.deepEqual(page([0x4a, 0x01, 0, 0x1d]), fieldAt(6, 7));
});

test('a change of what is not changeable points at its highest bit', () => {
  for (const [byte, value, bit] of [
    [2, 0x20, 1],
    [2, 0xff, 4],
    [3, 0x10, 4],
    [5, 0x80, 7],
    [11, 0x01, 0],
  ] as const) {
    const result = apply([...HEADER, ...having(CONTROL, byte, value)]);
    assert.deepEqual(result, fieldAt(4 + byte, bit));
  }
});

test('a reserved task set type is refused, and both that SPC knows are taken', () => {
  for (const tst of [0, 1]) {
    assert.equal(apply([...HEADER, ...having(CONTROL, 2, (tst << 5) | 0x02)]), undefined);
  }
  const reserved = apply([...HEADER, ...having(CONTROL, 2, (2 << 5) | 0x02)]);
  assert.deepEqual(reserved, fieldAt(4 + 2, 7));
});
