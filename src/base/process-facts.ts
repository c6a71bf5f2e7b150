/** The facts that a gateway reports about its process; `host/process-facts.ts` has the real one. */
export interface ProcessFacts {
  readonly pid: number;
  /** The name of the host that it runs on. */
  readonly host: string;
  /** The date and time of now, as ISO 8601 has it. */
  utc(): string;
  /** The same in milliseconds since 1970; the hosts of a cluster agree on it within seconds. */
  utcMs(): number;
  residentBytes(): number;
}
