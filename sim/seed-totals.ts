import type { SeedResult } from './run-seed.ts';

/** The sums over many seeds, and the least that any of them came to. */
export class SeedTotals {
  readonly #sums = {
    seeds: 0,
    operations: 0,
    events: 0,
    attentions: 0,
    fences: 0,
    selfFences: 0,
    lateLandings: 0,
  };
  readonly #least = {
    operations: Number.POSITIVE_INFINITY,
    faults: Number.POSITIVE_INFINITY,
  };
  readonly #faults = new Map<string, number>();
  readonly #unitEvents = new Map<string, number>();

  add({ faults, unitEvents, ...result }: SeedResult): void {
    const sums = this.#sums;
    const least = this.#least;
    sums.seeds++;
    sums.operations += result.operations;
    sums.events += result.events;
    sums.attentions += result.attentions;
    sums.fences += result.fences;
    sums.selfFences += result.selfFences;
    sums.lateLandings += result.lateLandings;
    least.operations = Math.min(least.operations, result.operations);
    least.faults = Math.min(least.faults, sumOf(faults));
    addAll(this.#faults, faults);
    addAll(this.#unitEvents, unitEvents);
  }

  lines(cpuS: number): readonly string[] {
    const { seeds, operations, attentions, events, fences, selfFences, lateLandings } = this.#sums;
    const { operations: leastOperations, faults: leastFaults } = this.#least;
    return [
      `${seeds} seeds, ${(cpuS / seeds).toFixed(2)} s of CPU each`,
      `${operations} commands, ${attentions} unit attentions, ${events} happenings`,
      `in each seed at least ${leastOperations} commands and ${leastFaults} faults`,
      `${fences} fences of gateways, ${selfFences} of client instances`,
      `${lateLandings} writes of fenced clients landed where nobody had looked yet`,
      textOf('faults', this.#faults),
      textOf('events', this.#unitEvents),
    ];
  }
}

function addAll(sums: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [kind, times] of counts) sums.set(kind, (sums.get(kind) ?? 0) + times);
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

function textOf(what: string, counts: ReadonlyMap<string, number>): string {
  return `${what}: ${[...counts].map(([kind, times]) => `${kind} ${times}`).join(', ')}`;
}
