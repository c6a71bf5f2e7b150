import type { ScsiResult } from '../../test/initiator/scsi-exchange.ts';

export const Status = {
  good: 0x00,
  checkCondition: 0x02,
  busy: 0x08,
  reservationConflict: 0x18,
  taskSetFull: 0x28,
  taskAborted: 0x40,
} as const;

export const SenseKey = {
  notReady: 0x02,
  illegalRequest: 0x05,
  unitAttention: 0x06,
  miscompare: 0x0e,
} as const;

export const LOGICAL_UNIT_NOT_SUPPORTED = 0x2500;

/** A command that ends with one of these has had no effect. */
const UNDONE_STATUSES: readonly number[] = [
  Status.busy,
  Status.reservationConflict,
  Status.taskSetFull,
];
const UNDONE_KEYS: readonly number[] = [
  SenseKey.notReady,
  SenseKey.illegalRequest,
  SenseKey.unitAttention,
];

export interface Sense {
  readonly key: number;
  /** ADDITIONAL SENSE CODE << 8 | QUALIFIER. */
  readonly code: number;
}

/** In fixed or descriptor format; undefined unless the status is CHECK CONDITION. */
export function senseOf({ status, sense }: ScsiResult): Sense | undefined {
  if (status !== Status.checkCondition) return undefined;
  const isDescriptor = (sense[0]! & 0x7f) >= 0x72;
  return isDescriptor
    ? { key: sense[1]! & 0x0f, code: sense.readUInt16BE(2) }
    : { key: sense[2]! & 0x0f, code: sense.readUInt16BE(12) };
}

export function changedNothing(result: ScsiResult): boolean {
  const key = senseOf(result)?.key;
  return (
    UNDONE_STATUSES.includes(result.status) || (key !== undefined && UNDONE_KEYS.includes(key))
  );
}
