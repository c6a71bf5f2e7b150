import type { Nexuses } from './nexuses.ts';

/** What of a logical unit is the same through every gateway: a test with a disk of its own. */
export interface Row {
  readonly name: string;
  /** The release before does not do this. */
  readonly isNew?: true;
  run(place: RowPlace): Promise<void>;
}

export interface RowPlace {
  readonly nexuses: Nexuses;
  readonly lun: number;
  /** Applies the document with this of the row's disk changed. */
  changeDisk(change: object): Promise<void>;
  /** Another LUN of the target, with nothing done to it. */
  readonly otherLun: number;
  /** Ends the process of a gateway with SIGKILL, and resolves when it serves again. */
  killAndStart(gateway: number, whileGone: () => Promise<void>): Promise<void>;
}
