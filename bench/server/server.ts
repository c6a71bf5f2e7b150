/** A target under measurement: one process that serves one disk. */
export interface Server extends AsyncDisposable {
  readonly name: string;
  /** Where libiscsi's tools reach the disk. */
  readonly url: string;
  readonly pid: number;
}
