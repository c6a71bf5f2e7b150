import { assert } from '../base/assert.ts';
import { bits, layout, u8, u16, u32, u64 } from '../base/bytes/layout.ts';
import type { FieldPointer, SenseCondition } from './command-result.ts';
import { contiguous, totalLength } from './data-buffers.ts';

/** Fixed format sense data (SPC), current errors. */
const FixedSense = layout('fixed format sense data', 18, {
  valid: bits(0, 7),
  responseCode: bits(0, 6, 0),
  filemark: bits(2, 7),
  eom: bits(2, 6),
  ili: bits(2, 5),
  senseKey: bits(2, 3, 0),
  information: u32(3),
  additionalSenseLength: u8(7),
  commandSpecificInformation: u32(8),
  additionalSenseCodeAndQualifier: u16(12),
  fieldReplaceableUnitCode: u8(14),
  sksv: bits(15, 7),
  cd: bits(15, 6),
  bpv: bits(15, 3),
  bitPointer: bits(15, 2, 0),
  fieldPointer: u16(16),
});

/** Descriptor format sense data (SPC): the head. */
const DescriptorSense = layout('descriptor format sense data', 8, {
  responseCode: bits(0, 6, 0),
  senseKey: bits(1, 3, 0),
  additionalSenseCodeAndQualifier: u16(2),
  additionalSenseLength: u8(7),
});

/** Information sense data descriptor. */
const InformationDescriptor = layout('information sense data descriptor', 12, {
  descriptorType: u8(0),
  additionalLength: u8(1),
  valid: bits(2, 7),
  information: u64(4),
});

/** Command specific sense data descriptor. */
const CommandSpecificDescriptor = layout('command specific sense data descriptor', 12, {
  descriptorType: u8(0),
  additionalLength: u8(1),
  commandSpecificInformation: u64(4),
});

/** Sense key specific sense data descriptor, with field pointer. */
const FieldPointerDescriptor = layout('sense key specific sense data descriptor', 8, {
  descriptorType: u8(0),
  additionalLength: u8(1),
  sksv: bits(4, 7),
  cd: bits(4, 6),
  bpv: bits(4, 3),
  bitPointer: bits(4, 2, 0),
  fieldPointer: u16(5),
});

const ResponseCode = { fixedCurrent: 0x70, descriptorCurrent: 0x72 } as const;
const DescriptorType = {
  information: 0x00,
  commandSpecific: 0x01,
  senseKeySpecific: 0x02,
} as const;
const SENSE_KEY_ILLEGAL_REQUEST = 0x5;
const SENSE_KEY_COPY_ABORTED = 0xa;
const FIXED_INFORMATION_MAX = 0xffff_ffff;

/** The sense data of a condition, in the format that D_SENSE of the control mode page asks for. */
export function buildSense(condition: SenseCondition, descriptorFormat: boolean): Uint8Array {
  checkCondition(condition);
  return descriptorFormat ? descriptorSense(condition) : fixedSense(condition);
}

/** The sense key and code of sense data that `buildSense` made. */
export function conditionOf(sense: Uint8Array): Pick<SenseCondition, 'key' | 'code'> {
  const isFixed = FixedSense.responseCode.get(sense) === ResponseCode.fixedCurrent;
  const { senseKey, additionalSenseCodeAndQualifier } = isFixed ? FixedSense : DescriptorSense;
  return { key: senseKey.get(sense), code: additionalSenseCodeAndQualifier.get(sense) };
}

function checkCondition({ key, code, information, fieldPointer }: SenseCondition): void {
  assert(key >= 0 && key <= 0xf, 'a sense key has four bits');
  assert(code >= 0 && code <= 0xffff, 'an additional sense code and its qualifier are two bytes');
  assert(information === undefined || information >= 0, 'INFORMATION is not negative');
  if (fieldPointer === undefined) return;
  // With COPY ABORTED the bit that says "in the CDB" is reserved.
  const isOfCopy = key === SENSE_KEY_COPY_ABORTED && !fieldPointer.inCdb;
  const hasPointer = key === SENSE_KEY_ILLEGAL_REQUEST || isOfCopy;
  assert(hasPointer, 'a field pointer goes with ILLEGAL REQUEST or COPY ABORTED');
  assert(fieldPointer.byte >= 0 && fieldPointer.byte <= 0xffff, 'a field pointer has two bytes');
  const { bit = 0 } = fieldPointer;
  assert(bit >= 0 && bit <= 7, 'a bit pointer has three bits');
}

function fixedSense(condition: SenseCondition): Uint8Array {
  const { key, code, information, commandSpecific, fieldPointer } = condition;
  const sense = new Uint8Array(FixedSense.$.length);
  FixedSense.responseCode.set(sense, ResponseCode.fixedCurrent);
  FixedSense.senseKey.set(sense, key);
  FixedSense.additionalSenseLength.set(sense, sense.length - 8);
  FixedSense.additionalSenseCodeAndQualifier.set(sense, code);
  // A value that does not fit in four bytes is left out: VALID stays 0.
  if (information !== undefined && information <= FIXED_INFORMATION_MAX) {
    FixedSense.valid.set(sense, 1);
    FixedSense.information.set(sense, information);
  }
  if (commandSpecific !== undefined) {
    FixedSense.commandSpecificInformation.set(sense, commandSpecific);
  }
  if (fieldPointer !== undefined) setFieldPointer(FixedSense, sense, 0, fieldPointer);
  return sense;
}

function descriptorSense({ key, code, ...values }: SenseCondition): Uint8Array {
  const descriptors = descriptorsOf(values);
  const head = new Uint8Array(DescriptorSense.$.length);
  DescriptorSense.responseCode.set(head, ResponseCode.descriptorCurrent);
  DescriptorSense.senseKey.set(head, key);
  DescriptorSense.additionalSenseCodeAndQualifier.set(head, code);
  DescriptorSense.additionalSenseLength.set(head, totalLength(descriptors));
  return contiguous([head, ...descriptors]);
}

function descriptorsOf(values: Omit<SenseCondition, 'key' | 'code'>): readonly Uint8Array[] {
  const { information, commandSpecific, fieldPointer } = values;
  const descriptors: Uint8Array[] = [];
  if (information !== undefined) {
    const descriptor = descriptorOf(InformationDescriptor, DescriptorType.information);
    InformationDescriptor.valid.set(descriptor, 1);
    InformationDescriptor.information.set(descriptor, information);
    descriptors.push(descriptor);
  }
  if (commandSpecific !== undefined) {
    const descriptor = descriptorOf(CommandSpecificDescriptor, DescriptorType.commandSpecific);
    CommandSpecificDescriptor.commandSpecificInformation.set(descriptor, commandSpecific);
    descriptors.push(descriptor);
  }
  if (fieldPointer !== undefined) {
    const descriptor = descriptorOf(FieldPointerDescriptor, DescriptorType.senseKeySpecific);
    setFieldPointer(FieldPointerDescriptor, descriptor, 0, fieldPointer);
    descriptors.push(descriptor);
  }
  return descriptors;
}

function descriptorOf(
  fields:
    | typeof InformationDescriptor
    | typeof CommandSpecificDescriptor
    | typeof FieldPointerDescriptor,
  type: number,
): Uint8Array {
  const descriptor = new Uint8Array(fields.$.length);
  fields.descriptorType.set(descriptor, type);
  fields.additionalLength.set(descriptor, descriptor.length - 2);
  return descriptor;
}

function setFieldPointer(
  fields: typeof FixedSense | typeof FieldPointerDescriptor,
  sense: Uint8Array,
  base: number,
  pointer: FieldPointer,
): void {
  fields.sksv.set(sense, 1, base);
  fields.cd.set(sense, pointer.inCdb ? 1 : 0, base);
  fields.fieldPointer.set(sense, pointer.byte, base);
  if (pointer.bit !== undefined) {
    fields.bpv.set(sense, 1, base);
    fields.bitPointer.set(sense, pointer.bit, base);
  }
}
