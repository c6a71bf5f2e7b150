import { assert } from '../base/assert.ts';
import {
  IDENTIFYING_LENGTH_MAX_BYTES,
  type IdentifyingInformation,
} from './identifying-information.ts';
import type { ModeParameters } from './mode-parameters.ts';
import { QueueErrorManagement, TaskSetType, UnitAttentionInterlock } from './standard/mode.ts';
import type { LogicalUnitIdentity, SharedState } from './unit-state.ts';

const QERR_VALUES: ReadonlySet<number> = new Set(Object.values(QueueErrorManagement));
const UA_INTLCK_VALUES: ReadonlySet<number> = new Set(Object.values(UnitAttentionInterlock));

/** Invariants of every state; documents and records were validated before they became one. */
export function checkSharedState(state: SharedState): void {
  const { identity, blocks, blockLengthBytes, modes } = state;
  checkIdentity(identity);
  assert(Number.isSafeInteger(blocks), 'a capacity is a number of whole blocks');
  assert(blocks >= 0, 'a capacity is not negative');
  assert(blockLengthBytes === 512 || blockLengthBytes === 4096, 'blocks have 512 or 4096 bytes');
  assert(Number.isSafeInteger(blocks * blockLengthBytes), 'every byte of a medium has a number');
  checkModes(modes.current);
  checkModes(modes.saved);
  checkIdentifying(state.identifying);
}

function checkIdentifying({ peripheral, text }: IdentifyingInformation): void {
  const { peripheral: peripheralMaxBytes, text: textMaxBytes } = IDENTIFYING_LENGTH_MAX_BYTES;
  assert(peripheral.length <= peripheralMaxBytes, 'identifying information is bounded');
  assert(text.length <= textMaxBytes, 'text identifying information is bounded');
}

function checkModes({ tst, qerr, queueAlgorithmModifier, uaIntlckCtrl }: ModeParameters): void {
  const isShared = tst === TaskSetType.shared;
  assert(isShared || tst === TaskSetType.perNexus, 'TST is for each I_T nexus, or for all');
  assert(QERR_VALUES.has(qerr), 'QERR is not reserved');
  assert(
    !isShared || qerr === QueueErrorManagement.continue,
    'QERR aborts in a task set of a nexus',
  );
  assert(queueAlgorithmModifier === 0, 'reordering is restricted');
  assert(UA_INTLCK_VALUES.has(uaIntlckCtrl), 'UA_INTLCK_CTRL is not reserved');
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
