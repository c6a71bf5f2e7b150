import { assert } from '../base/assert.ts';
import type { Chap, ClusterDocument, TargetEntry } from '../config/document.ts';
import { GATEWAYS_MAX, LUN_MAX, PORTALS_PER_GATEWAY_MAX } from '../config/limits.ts';
import type { LogicalUnit } from '../scsi/logical-unit.ts';
import type { LunMap } from '../scsi/nexus.ts';

/** One version of the document with the logical units of its disks. Never changes. */
export interface ServedDocument {
  readonly document: ClusterDocument;
  /** By name. */
  readonly targets: ReadonlyMap<string, ServedTarget>;
  /** Target port groups of all gateways, by tag. */
  readonly portGroups: ReadonlyMap<number, ServedPortGroup>;
}

export interface ServedTarget {
  readonly name: string;
  readonly alias: string | undefined;
  /** For initiators without an entry; undefined: the target admits none of them. */
  readonly anyone: Access | undefined;
  /** By name. */
  readonly initiators: ReadonlyMap<string, Access>;
}

/** The LUN map of an initiator at a target, and its CHAP. */
interface Access {
  readonly luns: LunMap;
  readonly chap: Chap | undefined;
}

/** A target port group with its one target port. */
export interface ServedPortGroup {
  readonly gateway: string;
  readonly tag: number;
  readonly relativePortIdentifier: number;
}

/** `units`: the logical unit of each disk, by the disk's name. */
export function servedDocument(
  document: ClusterDocument,
  units: ReadonlyMap<string, LogicalUnit>,
): ServedDocument {
  const portGroups = new Map<number, ServedPortGroup>();
  for (const { name: gateway, portals } of document.gateways) {
    for (const { portalGroupTag: tag, relativePortIdentifier } of portals) {
      portGroups.set(tag, { gateway, tag, relativePortIdentifier });
    }
  }
  assert(portGroups.size <= GATEWAYS_MAX * PORTALS_PER_GATEWAY_MAX, 'portals are bounded');
  const targets = document.targets.map((target) => servedTarget(target, units));
  return { document, portGroups, targets: new Map(targets.map((each) => [each.name, each])) };
}

/** Undefined: the target does not admit this initiator. */
export function accessOf(target: ServedTarget, initiatorName: string): Access | undefined {
  return target.initiators.get(initiatorName.toLowerCase()) ?? target.anyone;
}

function servedTarget(
  { iqn, alias, luns, access, chap }: TargetEntry,
  units: ReadonlyMap<string, LogicalUnit>,
): ServedTarget {
  const common: Access = { luns: lunMap(luns, units), chap };
  const entries = access === 'any' ? [] : access;
  const initiators = entries.map((entry): [string, Access] => [
    entry.initiator,
    {
      luns: entry.luns === undefined ? common.luns : lunMap(entry.luns, units),
      chap: entry.chap ?? chap,
    },
  ]);
  return {
    name: iqn,
    alias,
    anyone: access === 'any' ? common : undefined,
    initiators: new Map(initiators),
  };
}

/** Leaves out a disk whose volume did not open: initiators still reach the other LUNs. */
function lunMap(
  luns: Readonly<Record<string, string>>,
  units: ReadonlyMap<string, LogicalUnit>,
): LunMap {
  const map = new Map<number, LogicalUnit>();
  for (const [lun, disk] of Object.entries(luns)) {
    const unit = units.get(disk);
    assert(Number(lun) >= 0 && Number(lun) <= LUN_MAX, 'a LUN of the document is a flat one');
    if (unit !== undefined) map.set(Number(lun), unit);
  }
  return map;
}
