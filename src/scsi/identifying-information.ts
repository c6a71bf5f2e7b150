/**
 * The identifying information that initiators set of a logical unit (SPC-4), as they sent it. It
 * outlasts resets and power cycles.
 */
export interface IdentifyingInformation {
  readonly peripheral: Uint8Array;
  readonly text: Uint8Array;
}

export type IdentifyingInformationName = keyof IdentifyingInformation;

/** Bounds that REPORT IDENTIFYING INFORMATION tells, in bytes. */
export const IDENTIFYING_LENGTH_MAX_BYTES: Readonly<Record<IdentifyingInformationName, number>> = {
  peripheral: 64,
  text: 256,
};

export const NOT_IDENTIFIED: IdentifyingInformation = {
  peripheral: new Uint8Array(0),
  text: new Uint8Array(0),
};
