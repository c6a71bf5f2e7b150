import type { Status } from './status.ts';

/** How a command ended: a status, and with CHECK CONDITION what goes into the sense data. */
export interface CommandResult {
  readonly status: Status;
  readonly sense?: SenseCondition;
  /** Bytes of the allocated data-in that are valid; all of them when left out. */
  readonly dataInLength?: number;
}

/** A named row of the sense table, with the values of this occurrence. */
export interface SenseCondition {
  readonly key: number;
  /** ADDITIONAL SENSE CODE << 8 | QUALIFIER. */
  readonly code: number;
  /** INFORMATION field: an LBA, or the offset of a miscompare. */
  readonly information?: number;
  /** COMMAND-SPECIFIC INFORMATION field: the segment that a copy was at. */
  readonly commandSpecific?: number;
  /** For ILLEGAL REQUEST and COPY ABORTED: where the offending field is. */
  readonly fieldPointer?: FieldPointer;
}

export interface FieldPointer {
  /** True: in the CDB; false: in the parameter list. */
  readonly inCdb: boolean;
  readonly byte: number;
  readonly bit?: number;
}
