import { assert, InvariantBroken } from '../base/assert.ts';
import { type Clock, within } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { mappedDisks } from '../config/disk-names.ts';
import type { ClusterDocument, Disk } from '../config/document.ts';
import type { UnservedDisk } from '../control/channels.ts';
import type { Log } from '../log/log.ts';
import { LogicalUnit } from '../scsi/logical-unit.ts';
import { initialState } from '../scsi/unit-changes.ts';
import type { UnitStates } from '../scsi/unit-state.ts';
import type { Volume } from '../volume/volume.ts';
import {
  canShareVolume,
  isSameVolume,
  PendingVolumes,
  type VolumeOpener,
} from './pending-volumes.ts';
import { unitDescription } from './unit-description.ts';

/** A disk with what serves it, or is to serve it. */
interface OpenDisk {
  readonly disk: Disk;
  readonly volume: Volume;
  readonly unit: LogicalUnit;
  /** The volume holds other data than the one that the unit has now. */
  readonly isReplaced: boolean;
}

/** How many disks are opened at a time: each may take a thread and some round trips. */
const VOLUMES_OPENING_MAX = 16;

/** A disk that takes longer gives up its place: many silent disks delay a start like one. */
const OPEN_SLOW_MS = 250;

/** How long a start waits for units whose state the gateways do not agree on. */
export const BEGIN_WAIT_MAX_MS = 2_000;

/** How long a new size of the document is waited for to reach the open volume. */
export const SIZE_WAIT_MAX_MS = 2_000;

const NOT_AGREED = 'the gateways have not agreed yet that it is as the document says';

/** The logical units of a document, before it is served. */
export interface PreparedUnits {
  /** By disk name. */
  readonly units: ReadonlyMap<string, LogicalUnit>;
  /** Every disk that a LUN map names is among them. */
  readonly whole: boolean;
  /**
   * Has the units that were not served before serve the document, and resolves with the units, by
   * disk name, that initiators may reach: all but those whose first description is not committed
   * within a bound.
   */
  readonly begin: () => Promise<ReadonlyMap<string, LogicalUnit>>;
  /** Has the other units serve the document, in this turn. */
  readonly serve: () => void;
  /**
   * Resolves when the units that `begin` resolved with have committed the document, and what it no
   * longer needs is released; called after `serve`.
   */
  readonly release: () => Promise<void>;
}

interface LogicalUnitsOptions {
  readonly store: VolumeOpener;
  readonly states: UnitStates;
  readonly log: Log;
  readonly clock: Clock;
  /** Writes to that disk are stuck, and may land at any time. */
  readonly onUnfenced?: (disk: string) => void;
  /** See `LogicalUnit`. */
  readonly onTargetEnded?: (targetName: string) => void;
}

/**
 * The logical units of a gateway: one for each disk that a LUN map names, kept over documents. A
 * disk is its uuid here: its name may change, or go to another disk. As long as commands of a disk
 * are in flight it is one logical unit, whatever documents say of it meanwhile.
 */
export class LogicalUnits {
  readonly #options: LogicalUnitsOptions;
  readonly #pendingVolumes: PendingVolumes;
  #open = new Map<string, OpenDisk>();
  /** Prepared for a document that is not served yet, or never will be. */
  #prepared = new Map<string, OpenDisk>();
  /** No document names them, and nexuses still have commands of theirs in flight. */
  readonly #leaving = new Map<string, LogicalUnit>();
  /** The first description that this gateway had of them is committed. */
  readonly #begun = new WeakSet<LogicalUnit>();
  /** Of the others, the version of the document that is being committed. */
  readonly #beginning = new WeakMap<LogicalUnit, { version: number; done: Promise<void> }>();
  /** Logged as not served, because they had not begun in time. */
  readonly #late = new WeakSet<LogicalUnit>();
  /**
   * Disks that did not open at the last attempt, with the reason: logged once, not at each attempt.
   */
  readonly #failed = new Map<string, UnservedDisk>();

  constructor(options: LogicalUnitsOptions) {
    this.#options = options;
    this.#pendingVolumes = new PendingVolumes(options.store, options.clock);
  }

  /**
   * Opens what the document needs and is not open, and resolves with its units by disk name. A disk
   * that does not open is left out and logged: the others are served. The next call releases units
   * that were prepared for a document that was never served.
   */
  async prepare(document: ClusterDocument, version = 0): Promise<PreparedUnits> {
    const unserved = this.#prepared;
    this.#prepared = new Map();
    await this.#release(unserved, this.#open);
    const mapped = mappedDisks(document);
    const wanted = document.disks.filter(({ name }) => mapped.has(name));
    const uuids = new Set(wanted.map(({ uuid }) => uuid));
    assert(uuids.size === wanted.length, 'no two disks of a document have one uuid');
    for (const uuid of this.#failed.keys()) if (!uuids.has(uuid)) this.#failed.delete(uuid);
    const opens = wanted.filter((disk) => this.#volumeKept(disk) === undefined);
    this.#pendingVolumes.keep(new Set(opens.map(({ uuid }) => uuid)));
    const next = new Map<string, OpenDisk>();
    this.#prepared = next;
    for (const open of await this.#openDisks(wanted, version)) {
      if (open !== undefined) next.set(open.disk.uuid, open);
    }
    await Promise.all([...next.values()].map((open) => this.#sized(open)));
    assert(next.size <= wanted.length, 'only disks that are wanted are served');
    const units = new Map([...next.values()].map(({ disk, unit }) => [disk.name, unit]));
    return { units, whole: next.size === wanted.length, ...this.#switchTo(next, version) };
  }

  /** Disks that a LUN map names and that did not open, or that cannot be used as they are now. */
  get unserved(): readonly UnservedDisk[] {
    const unusable = [...this.#open.values()].flatMap(({ disk, volume, unit }) => {
      const reason = volume.unservable ?? (this.#begun.has(unit) ? undefined : NOT_AGREED);
      return reason === undefined ? [] : [{ disk: disk.name, reason }];
    });
    return [...this.#failed.values(), ...unusable].sort((a, b) => (a.disk < b.disk ? -1 : 1));
  }

  get servedCount(): number {
    return [...this.#open.values()].filter(({ volume, unit }) => {
      return volume.unservable === undefined && this.#begun.has(unit);
    }).length;
  }

  /** The cluster has another life, or a gateway is over: see `UnitEventTarget.readAgain`. */
  readAgain(): void {
    for (const { unit } of this.#open.values()) unit.readAgain();
    for (const unit of this.#leaving.values()) unit.readAgain();
  }

  async close(): Promise<void> {
    const [open, prepared] = [this.#open, this.#prepared];
    this.#open = new Map();
    this.#prepared = new Map();
    this.#pendingVolumes.keep(new Set());
    await this.#release(prepared, open);
    await this.#release(open, new Map());
  }

  #switchTo(
    next: Map<string, OpenDisk>,
    version: number,
  ): Pick<PreparedUnits, 'begin' | 'serve' | 'release'> {
    let before: ReadonlyMap<string, OpenDisk> | undefined;
    const served = new Map<LogicalUnit, Promise<void>>();
    const late = new Set<LogicalUnit>();
    const serveUnit = ({ disk, volume, unit, isReplaced }: OpenDisk): Promise<void> => {
      const description = unitDescription(disk, volume, version);
      return unit.serve({ name: disk.name, volume, description, isReplaced });
    };
    return {
      begin: async () => {
        const opens = [...next.values()].filter(({ unit }) => !this.#begun.has(unit));
        for (const open of opens) {
          const serve = () => serveUnit(open);
          served.set(open.unit, this.#begin(open.unit, version, serve));
        }
        await within(this.#options.clock, BEGIN_WAIT_MAX_MS, Promise.all(served.values()));
        for (const { unit } of opens) if (!this.#begun.has(unit)) late.add(unit);
        for (const { disk, unit } of next.values()) this.#logLate(disk.name, unit);
        const begun = [...next.values()].filter(({ unit }) => !late.has(unit));
        return new Map(begun.map(({ disk, unit }) => [disk.name, unit]));
      },
      serve: () => {
        assert(this.#prepared === next, 'a document is served as it was prepared last');
        before = this.#open;
        this.#open = next;
        this.#prepared = new Map();
        for (const uuid of next.keys()) this.#leaving.delete(uuid);
        for (const open of next.values()) {
          if (!served.has(open.unit)) served.set(open.unit, serveUnit(open));
        }
      },
      release: async () => {
        assert(before !== undefined, 'what a document no longer needs is known when it is served');
        const awaited = [...served].filter(([unit]) => !late.has(unit));
        await Promise.all(awaited.map(([, done]) => done));
        await this.#release(before, next);
      },
    };
  }

  #logLate(disk: string, unit: LogicalUnit): void {
    const { log } = this.#options;
    if (this.#begun.has(unit)) {
      if (this.#late.delete(unit)) log.write('disk_served_again', { disk });
    } else if (!this.#late.has(unit)) {
      this.#late.add(unit);
      log.write('disk_not_served', { disk, reason: NOT_AGREED });
    }
  }

  /** The commit of a version is attempted until it succeeds, so it is asked for once. */
  #begin(unit: LogicalUnit, version: number, serve: () => Promise<void>): Promise<void> {
    const known = this.#beginning.get(unit);
    if (known?.version === version) return known.done;
    const done = serve().then(() => void this.#begun.add(unit));
    this.#beginning.set(unit, { version, done });
    return done;
  }

  async #openDisks(
    wanted: readonly Disk[],
    version: number,
  ): Promise<readonly (OpenDisk | undefined)[]> {
    const opening: Promise<OpenDisk | undefined>[] = [];
    const places = new Set<Promise<unknown>>();
    for (const disk of wanted) {
      const open = this.#openDisk(disk, version);
      opening.push(open);
      const slow = within(this.#options.clock, OPEN_SLOW_MS, open);
      const leave = () => places.delete(place);
      const place: Promise<unknown> = slow.then(leave, leave);
      places.add(place);
      if (places.size >= VOLUMES_OPENING_MAX) await Promise.race(places);
    }
    return await Promise.all(opening);
  }

  async #openDisk(disk: Disk, version: number): Promise<OpenDisk | undefined> {
    const { log } = this.#options;
    const { name, uuid } = disk;
    const known = this.#open.get(uuid);
    const unit = known?.unit ?? this.#returning(uuid);
    try {
      if (unit !== undefined && unit.blockLengthBytes !== disk.blockLength) {
        throw new Failure('diskRefused', 'the block length of a disk cannot change');
      }
      const volume = this.#volumeKept(disk) ?? (await this.#pendingVolumes.open(disk));
      const isReplaced = known !== undefined && !isSameVolume(known.disk, disk);
      const open = {
        disk,
        volume,
        unit: unit ?? (await this.#makeUnit(disk, volume, version)),
        isReplaced,
      };
      if (this.#failed.delete(uuid)) log.write('disk_served_again', { disk: name });
      return open;
    } catch (error) {
      if (error instanceof InvariantBroken) throw error;
      const reason = error instanceof Failure ? error.message : String(error);
      if (this.#failed.get(uuid)?.reason !== reason) {
        log.write('disk_not_served', { disk: name, reason });
      }
      this.#failed.set(uuid, { disk: name, reason });
      return undefined;
    }
  }

  /** The unit of a disk that comes back: it stays until the next document is served at least. */
  #returning(uuid: string): LogicalUnit | undefined {
    const unit = this.#leaving.get(uuid);
    if (unit !== undefined) unit.onUnreached = undefined;
    return unit;
  }

  /** The open volume of a disk, if it serves the disk as the document describes it. */
  #volumeKept(disk: Disk): Volume | undefined {
    const known = this.#open.get(disk.uuid);
    return known !== undefined && canShareVolume(known.disk, disk) ? known.volume : undefined;
  }

  async #makeUnit(disk: Disk, volume: Volume, version: number): Promise<LogicalUnit> {
    const { states, clock, onUnfenced = () => {}, onTargetEnded = () => {} } = this.#options;
    try {
      const state = await states.open(initialState(unitDescription(disk, volume, version)));
      const unit: LogicalUnit = new LogicalUnit({
        ...{ name: disk.name, state, volume, clock },
        onUnfenced: () => onUnfenced(unit.name),
        onTargetEnded,
      });
      return unit;
    } catch (error) {
      await volume.close();
      throw error;
    }
  }

  /** `apply` must not report a new size as served before initiators can see it. */
  async #sized({ disk, volume }: OpenDisk): Promise<void> {
    if (volume.sizeBytes === disk.size) return;
    let stop = (): void => {};
    const seen = new Promise<void>((resolve) => {
      stop = volume.onResize((sizeBytes) => {
        if (sizeBytes === disk.size) resolve();
      });
    });
    await within(this.#options.clock, SIZE_WAIT_MAX_MS, seen);
    stop();
    if (volume.sizeBytes === disk.size) return;
    const { name, size } = disk;
    this.#options.log.write('disk_size_differs', {
      disk: name,
      sizeBytes: volume.sizeBytes,
      documentBytes: size,
    });
  }

  /** Closes the volumes that are not kept, and the units that nothing serves. */
  async #release(
    before: ReadonlyMap<string, OpenDisk>,
    kept: ReadonlyMap<string, OpenDisk>,
  ): Promise<void> {
    const units = new Set([...kept.values()].map(({ unit }) => unit));
    const volumes = new Set([...kept.values()].map(({ volume }) => volume));
    for (const [uuid, { unit }] of before) if (!units.has(unit)) this.#leaving.set(uuid, unit);
    for (const uuid of this.#leaving.keys()) {
      assert(!this.#open.has(uuid), 'a unit is served or leaves');
    }
    const closing = [...before.values()].filter(({ volume }) => !volumes.has(volume));
    await Promise.all(
      closing.map(async ({ unit, volume }) => {
        await volume.close();
        unit.volumeClosed(volume);
      }),
    );
    for (const [uuid, unit] of this.#leaving) {
      const close = () => {
        this.#leaving.delete(uuid);
        unit.close();
      };
      if (unit.nexuses.size === 0) close();
      else unit.onUnreached = close;
    }
  }
}
