import { assert } from '../base/assert.ts';
import { TaskSetType } from './standard/mode.ts';
import type { LogicalUnitIdentity, SharedState } from './unit-state.ts';

/** Invariants of every state; documents and records were validated before they became one. */
export function checkSharedState(state: SharedState): void {
  const { identity, blocks, blockLengthBytes, modes } = state;
  checkIdentity(identity);
  assert(Number.isSafeInteger(blocks), 'a capacity is a number of whole blocks');
  assert(blocks >= 0, 'a capacity is not negative');
  assert(blockLengthBytes === 512 || blockLengthBytes === 4096, 'blocks have 512 or 4096 bytes');
  assert(Number.isSafeInteger(blocks * blockLengthBytes), 'every byte of a medium has a number');
  for (const { tst, qerr, queueAlgorithmModifier, uaIntlckCtrl } of [modes.current, modes.saved]) {
    const isTaskSetType = tst === TaskSetType.perNexus || tst === TaskSetType.shared;
    assert(isTaskSetType, 'there is a task set for each I_T nexus, or one for all');
    assert(qerr === 0, 'other commands go on after an error');
    assert(queueAlgorithmModifier === 0, 'reordering is restricted');
    assert(uaIntlckCtrl === 0, 'unit attentions are cleared by their report');
  }
}

function checkIdentity({
  uuid,
  serial,
  naa,
  vendor,
  product,
  revision,
}: LogicalUnitIdentity): void {
  assert(uuid.length > 0, 'a disk has a uuid');
  assert(naa.length === 8 || naa.length === 16, 'an NAA designator has 8 or 16 bytes');
  assert(isPrintable(serial, 252), 'a serial number is printable ASCII');
  assert(serial.length > 0, 'a logical unit has a serial number');
  assert(isPrintable(vendor, 8), 'T10 VENDOR IDENTIFICATION has at most 8 characters');
  assert(isPrintable(product, 16), 'PRODUCT IDENTIFICATION has at most 16 characters');
  assert(isPrintable(revision, 4), 'PRODUCT REVISION LEVEL has at most 4 characters');
}

function isPrintable(text: string, lengthMax: number): boolean {
  return text.length <= lengthMax && /^[\x20-\x7e]*$/.test(text);
}
