/** What a gateway says of the process that it is; `host/process-facts.ts` has the real one. */
export interface ProcessFacts {
  readonly pid: number;
  /** The name of the host that it runs on. */
  readonly host: string;
  /** The date and time of now, as ISO 8601 has it. */
  utc(): string;
  residentBytes(): number;
}
