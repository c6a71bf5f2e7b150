import type { Volume } from '../volume/volume.ts';

/** What a logical unit is called, the same through every path and for ever (I6). */
export interface LogicalUnitIdentity {
  /** Name of the disk in the document; for logs and messages. */
  readonly name: string;
  /** The document's uuid of the disk. */
  readonly uuid: string;
  /** UNIT SERIAL NUMBER (VPD 80h), printable ASCII. */
  readonly serial: string;
  /** The NAA designator of VPD 83h: 8 or 16 bytes. */
  readonly naa: Uint8Array;
  /** T10 VENDOR IDENTIFICATION, at most 8 characters. */
  readonly vendor: string;
  /** PRODUCT IDENTIFICATION, at most 16 characters. */
  readonly product: string;
  /** PRODUCT REVISION LEVEL, at most 4 characters. */
  readonly revision: string;
}

export interface LogicalUnitOptions {
  readonly identity: LogicalUnitIdentity;
  readonly volume: Volume;
  /** Bytes of a logical block: 512 or 4096. */
  readonly blockLengthBytes: number;
  readonly readOnly: boolean;
}

/**
 * One logical unit as this gateway serves it: identity, medium and the state that a standard keeps
 * per logical unit. Nexuses come and go; it stays.
 */
export class LogicalUnit {
  readonly identity: LogicalUnitIdentity;
  readonly volume: Volume;
  readonly blockLengthBytes: number;
  readonly readOnly: boolean;

  constructor(options: LogicalUnitOptions) {
    this.identity = options.identity;
    this.volume = options.volume;
    this.blockLengthBytes = options.blockLengthBytes;
    this.readOnly = options.readOnly;
  }
}
