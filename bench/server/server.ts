/** A target under measurement: one process that serves one disk. */
export interface Server extends AsyncDisposable {
  readonly name: string;
  /** The address of the disk for libiscsi's tools. */
  readonly url: string;
  readonly pid: number;
}
