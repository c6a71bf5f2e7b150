import { type Load, putLoad } from './client/load.ts';
import { cpuUs } from './process-figures.ts';

const kiB = 1024;

/** A subject: a target, or the library of the client without a target. */
export interface Subject {
  readonly name: string;
  /** The address of the disk for the tools of the client. */
  readonly url: string;
  /** The process whose CPU is reported; none if the client does everything. */
  readonly pid: number | undefined;
  /** Processes that work for it, such as the daemons of a cluster. */
  readonly behind?: () => readonly number[];
}

/** Medians of one subject under one load. */
export interface Figures {
  readonly iops: number;
  /** Microseconds per command; 0 without a server. */
  readonly serverCpuUs: number;
  readonly clientCpuUs: number;
  /** The CPU of the processes that work for it, together. */
  readonly behindCpuUs: number;
}

export interface TurnsOptions {
  /** How often each load is measured on each subject, in turns. */
  readonly rounds: number;
  /** About how long each measurement takes. */
  readonly seconds: number;
  /** Called before each measurement. */
  progress(text: string): void;
}

/** Measures one load on all subjects turn by turn; returns medians in the order of the subjects. */
export async function measureTurns(
  load: Load,
  subjects: readonly Subject[],
  { rounds, seconds, progress }: TurnsOptions,
): Promise<readonly Figures[]> {
  const measured = new Map<Subject, Figures[]>(subjects.map((subject) => [subject, []]));
  const rates = new Map<Subject, number>();
  for (const subject of subjects) rates.set(subject, await findRate(subject, load, seconds));
  for (let round = 0; round < rounds; round += 1) {
    // The order changes, because a later subject may find the machine warmer or busier.
    const turns = round % 2 === 0 ? subjects : [...subjects].reverse();
    for (const subject of turns) {
      progress(`${labelOf(load)}, round ${round + 1} of ${rounds}, ${subject.name}`);
      const rate = rates.get(subject) ?? 1;
      measured.get(subject)?.push(await measure(subject, load, seconds, rate));
    }
  }
  return subjects.map((subject) => medians(measured.get(subject)));
}

/** Loads for warming up just-in-time compilers, with the expected commands per second. */
const warmUpLoads = [
  { blockBytes: 4 * kiB, depth: 32, perSecond: 60_000 },
  { blockBytes: 4 * kiB, depth: 1, perSecond: 10_000 },
  { blockBytes: 256 * kiB, depth: 16, perSecond: 10_000 },
];

/** Runs each direction, deep and alone, short and long, until everything is compiled. */
export async function warmUp(subject: Subject, seconds: number): Promise<void> {
  for (const direction of ['read', 'write'] as const) {
    for (const { perSecond, ...load } of warmUpLoads) {
      const commands = Math.ceil(seconds * perSecond);
      await putLoad(subject.url, { tool: 'qemu-img', direction, ...load }, commands, 1);
    }
  }
}

/** A short run that finds the rate, which decides the count of a measurement. */
async function findRate(subject: Subject, load: Load, seconds: number): Promise<number> {
  const commands = Math.max(8, Math.round((200_000 * Math.min(1, seconds)) / load.blockBytes) * 8);
  const result = await putLoad(subject.url, load, commands, commands);
  return result.commands / result.seconds;
}

async function measure(subject: Subject, load: Load, seconds: number, rate: number) {
  const commands = Math.max(load.depth, Math.round(rate * seconds));
  const usedUs = () => (subject.pid === undefined ? 0 : cpuUs(subject.pid));
  const behindUs = () => sum((subject.behind?.() ?? []).map(cpuUs));
  const beforeUs = usedUs();
  const beforeBehindUs = behindUs();
  const result = await putLoad(subject.url, load, commands, rate);
  return {
    iops: result.commands / result.seconds,
    serverCpuUs: (usedUs() - beforeUs) / result.commands,
    clientCpuUs: result.clientCpuUs / result.commands,
    behindCpuUs: (behindUs() - beforeBehindUs) / result.commands,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0);
}

function medians(all: readonly Figures[] = []): Figures {
  const median = (pick: (figures: Figures) => number) => {
    const sorted = all.map(pick).sort((a, b) => a - b);
    const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
    const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
    return (lower + upper) / 2;
  };
  return {
    iops: median(({ iops }) => iops),
    serverCpuUs: median(({ serverCpuUs }) => serverCpuUs),
    clientCpuUs: median(({ clientCpuUs }) => clientCpuUs),
    behindCpuUs: median(({ behindCpuUs }) => behindCpuUs),
  };
}

export function labelOf({ tool, direction, blockBytes, depth }: Load): string {
  const size = blockBytes < 1024 ** 2 ? `${blockBytes / kiB} KiB` : `${blockBytes / kiB ** 2} MiB`;
  return `${size} depth ${depth} ${direction}${tool === 'iscsi-perf' ? ' (iscsi-perf)' : ''}`;
}
