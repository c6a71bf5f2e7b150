import { assert } from '../base/assert.ts';
import { CopyResults } from './copy/copy-results.ts';
import type { LogicalUnit, LogicalUnitListener } from './logical-unit.ts';
import { LogicalUnitNexus } from './logical-unit-nexus.ts';
import { decodeLun } from './lun.ts';
import type { LunMap } from './nexus.ts';
import { conditions } from './sense-table.ts';
import type { Execution } from './tasks/execution.ts';
import type { TaskSet } from './tasks/task-set.ts';

/** The LUNs of one I_T nexus: those in its map, and those that left it with commands in flight. */
export class LunInventory {
  readonly #nexus: LogicalUnitListener;
  #units = new Map<number, LogicalUnitNexus>();
  /** LUNs that left the map while the medium had commands of theirs. */
  readonly #left = new Set<LogicalUnitNexus>();
  #luns: readonly number[] = [];

  constructor(nexus: LogicalUnitListener, luns: LunMap) {
    this.#nexus = nexus;
    for (const [lun, logicalUnit] of luns) this.#units.set(lun, this.#join(logicalUnit));
    this.#luns = ascending(luns);
  }

  /** The LUNs in the map, ascending. */
  get luns(): readonly number[] {
    return this.#luns;
  }

  /** The logical units in the map. */
  get logicalUnits(): LogicalUnit[] {
    return [...this.#units.values()].flatMap(({ logicalUnit }) => logicalUnit ?? []);
  }

  /** One for each LUN in the map. */
  get units(): Iterable<LogicalUnitNexus> {
    return this.#units.values();
  }

  /** Those in the map, and those that left it. */
  get unitsInUse(): LogicalUnitNexus[] {
    return [...this.#units.values(), ...this.#left];
  }

  get taskSets(): TaskSet<Execution>[] {
    return this.unitsInUse.map(({ tasks }) => tasks);
  }

  /** Those in the map, and those that left it, that are of a logical unit. */
  inUseOf(logicalUnit: LogicalUnit): LogicalUnitNexus[] {
    return this.unitsInUse.filter((unit) => unit.logicalUnit === logicalUnit);
  }

  /** What a LUN field names, if it names a logical unit. */
  at(lun: Uint8Array): LogicalUnitNexus | undefined {
    return this.#units.get(decodeLun(lun));
  }

  of(logicalUnit: LogicalUnit): LogicalUnitNexus | undefined {
    for (const unit of this.#units.values()) {
      if (unit.logicalUnit === logicalUnit) return unit;
    }
    return undefined;
  }

  /**
   * The LUN map changed; true if LUNs came or left. `leave` ends those commands of a LUN that left
   * which have not begun. A logical unit that comes back, or has another LUN, while commands are in
   * flight has one task set with them: what aborts the task set aborts them.
   */
  update(luns: LunMap, leave: (unit: LogicalUnitNexus) => void): boolean {
    const before = this.#units;
    const known = new Map(this.unitsInUse.map((unit) => [unit.logicalUnit, unit]));
    const after = new Map<number, LogicalUnitNexus>();
    for (const [lun, logicalUnit] of luns) {
      const unit = known.get(logicalUnit);
      const stays = unit !== undefined && before.get(lun) === unit;
      after.set(lun, stays ? unit : this.#join(logicalUnit, unit));
    }
    this.#units = after;
    this.#luns = ascending(luns);
    const units = new Set(after.values());
    assert(units.size === luns.size, 'a nexus has one task set at each logical unit');
    let changed = after.size !== before.size;
    for (const [lun, unit] of before) {
      if (after.get(lun) === unit) continue;
      changed = true;
      leave(unit);
      if (!units.has(unit)) this.#retire(unit);
    }
    return changed;
  }

  /** The copies that the nexus sent to a logical unit of the map. */
  copiesAt(logicalUnit: LogicalUnit): CopyResults {
    const unit = this.of(logicalUnit);
    assert(unit !== undefined, 'a copy was sent to a logical unit of the map');
    unit.copies ??= new CopyResults();
    return unit.copies;
  }

  /** What the session holds by RESERVE is released; undefined: it holds nothing. */
  releaseReserves(): Promise<void> | undefined {
    const { session } = this.#nexus;
    const releases = this.unitsInUse.flatMap(({ logicalUnit }) =>
      logicalUnit?.isReservedBy(session) === true ? [logicalUnit.releaseReserve(session)] : [],
    );
    return releases.length === 0 ? undefined : Promise.all(releases).then(() => {});
  }

  /** The nexus is lost, and its commands can no longer change a medium. */
  async close(): Promise<void> {
    await Promise.all(this.unitsInUse.map(({ logicalUnit }) => logicalUnit?.part(this.#nexus)));
  }

  /** `known`: it has commands in flight, or another LUN. */
  #join(logicalUnit: LogicalUnit, known?: LogicalUnitNexus): LogicalUnitNexus {
    const unit = known ?? new LogicalUnitNexus(logicalUnit);
    unit.restrictions = logicalUnit.restrictionsOf(this.#nexus.session);
    this.#left.delete(unit);
    unit.tasks.onEmpty = undefined;
    unit.attentions.establish(conditions.powerOnResetOrBusDeviceResetOccurred);
    logicalUnit.join(this.#nexus);
    return unit;
  }

  #retire(unit: LogicalUnitNexus): void {
    assert(!this.#left.has(unit), 'a LUN leaves the map once');
    if (unit.tasks.length === 0) {
      this.#part(unit);
      return;
    }
    this.#left.add(unit);
    unit.tasks.onEmpty = () => {
      this.#left.delete(unit);
      this.#part(unit);
    };
  }

  #part({ logicalUnit }: LogicalUnitNexus): void {
    if (logicalUnit === undefined) return;
    void logicalUnit.part(this.#nexus, () => this.of(logicalUnit) !== undefined);
  }
}

function ascending(luns: LunMap): readonly number[] {
  return [...luns.keys()].sort((a, b) => a - b);
}
