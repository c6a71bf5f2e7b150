import type { Clock } from '../base/clock.ts';
import type { Histogram } from '../metrics/histogram.ts';
import { labelValue } from '../metrics/label-value.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { type Counter, newCounter } from '../metrics/series.ts';
import type { CommandProbe } from '../scsi/command-probe.ts';
import type { CommandRow } from '../scsi/command-row.ts';
import type { LogicalUnit } from '../scsi/logical-unit.ts';
import type { NexusIdentity } from '../scsi/nexus-identity.ts';
import { Status } from '../scsi/status.ts';

/** Where the ends of one command at one disk are counted. */
interface CommandSeries {
  readonly command: CommandRow | undefined;
  readonly labels: readonly [disk: string, command: string];
  readonly ended: Counter;
  /** For all disks together, by access to the medium. */
  readonly commands: Counter;
  readonly bytes: Counter;
  readonly seconds: Histogram;
}

/** By operation code; the rows that share one are rare. */
type UnitSeries = (CommandSeries | undefined)[];

/** The label of what goes to a LUN without a disk. */
export const NO_DISK = '';

/** To read the clock for each would cost more than all that is counted. */
const COMMANDS_PER_SAMPLE = 16;

const OPERATION_CODES = 256;
const ACCESS = { readMedium: 'read', writeMedium: 'write', none: 'other', changeState: 'other' };
const STATUS = new Map(Object.entries(Status).map(([name, code]) => [code, labelValue(name)]));

/** Counts the ends of commands. */
export class CommandMetrics implements CommandProbe {
  readonly #metrics: Metrics;
  readonly #clock: Clock;
  readonly #aborted: Counter;
  readonly #series = new Map<LogicalUnit | undefined, UnitSeries>();
  /** The unit of the command before. */
  #unit: LogicalUnit | undefined = undefined;
  #ofUnit = newUnitSeries();
  #generation = -1;

  constructor(metrics: Metrics, clock: Clock) {
    this.#metrics = metrics;
    this.#clock = clock;
    this.#aborted = metrics.commandsAborted.of();
  }

  onCommandEnded(
    command: CommandRow | undefined,
    unit: LogicalUnit | undefined,
    _nexus: NexusIdentity,
    status: Status | undefined,
    receivedMs: number,
    transferredBytes: number,
  ): void {
    if (status === undefined) {
      this.#aborted.value++;
      return;
    }
    if (unit !== this.#unit || this.#generation !== this.#metrics.generation) this.#select(unit);
    let series = command === undefined ? undefined : this.#ofUnit[command.operationCode];
    if (series === undefined || series.command !== command) series = this.#add(command, unit);
    series.commands.value++;
    series.bytes.value += transferredBytes;
    const isSample = series.ended.value++ % COMMANDS_PER_SAMPLE === 0;
    if (isSample) series.seconds.observe(this.#clock.now() - receivedMs);
    if (status !== Status.good) this.#countError(series, status);
  }

  #select(unit: LogicalUnit | undefined): void {
    const { generation } = this.#metrics;
    if (this.#generation !== generation) this.#series.clear();
    this.#generation = generation;
    this.#unit = unit;
    const known = this.#series.get(unit);
    this.#ofUnit = known ?? newUnitSeries();
    if (known === undefined) this.#series.set(unit, this.#ofUnit);
  }

  #add(command: CommandRow | undefined, unit: LogicalUnit | undefined): CommandSeries {
    const { commands, commandBytes, diskCommands, diskSeconds } = this.#metrics;
    const access = ACCESS[command?.access ?? 'none'];
    const labels = [
      unit?.name ?? NO_DISK,
      command === undefined ? 'unknown' : labelValue(command.name),
    ] as const;
    const series: CommandSeries = {
      command,
      labels,
      ended: diskCommands.of(...labels),
      commands: commands.of(access),
      // Parameter data is not counted.
      bytes: access === 'other' ? newCounter() : commandBytes.of(access),
      seconds: diskSeconds.of(...labels),
    };
    if (command !== undefined) this.#ofUnit[command.operationCode] = series;
    return series;
  }

  #countError({ labels }: CommandSeries, status: Status): void {
    this.#metrics.diskErrors.of(...labels, STATUS.get(status)!).value++;
  }
}

function newUnitSeries(): UnitSeries {
  return new Array<CommandSeries | undefined>(OPERATION_CODES).fill(undefined);
}
