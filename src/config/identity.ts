import type { Random } from '../base/random.ts';
import { canonicalAddress } from './address.ts';
import type {
  ClusterDocument,
  Disk,
  DocumentDraft,
  GatewayEntry,
  PortalDraft,
  PortalEntry,
} from './document.ts';

/**
 * Fills in what is generated once: what the draft leaves out is taken from the document that the
 * cluster has (a disk by its name, a portal by its gateway, address and port), else made anew.
 */
export function completeIdentities(
  draft: DocumentDraft,
  current: ClusterDocument | undefined,
  random: Random,
): ClusterDocument {
  const oui = draft.settings.oui;
  const before = new Map(current?.disks.map((disk) => [disk.name, disk]));
  const disks = draft.disks.map((disk): Disk => {
    const known = before.get(disk.name);
    const uuid = disk.uuid ?? known?.uuid ?? generateUuid(random);
    const wwn = disk.wwn ?? known?.wwn ?? generateNaa(random, oui);
    const serial = disk.serial ?? known?.serial ?? hex(random.bytes(8)).toUpperCase();
    return { ...disk, uuid, wwn, serial };
  });
  return { ...draft, disks, gateways: completeGateways(draft, current) };
}

/** A random (version 4) UUID. */
export function generateUuid(random: Random): string {
  const bytes = Uint8Array.from(random.bytes(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const text = hex(bytes);
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts
    .slice(1)
    .map((end, i) => text.slice(cuts[i], end))
    .join('-');
}

/**
 * A name for VPD page 83h: NAA 3h (locally assigned, 60 random bits), or under an OUI of the
 * user's NAA 6h (IEEE registered extended, 100 random bits).
 */
export function generateNaa(random: Random, oui: string | undefined): string {
  if (oui === undefined) return `naa.3${hex(random.bytes(8)).slice(1)}`;
  return `naa.6${oui}${hex(random.bytes(13)).slice(1)}`;
}

function completeGateways(
  draft: DocumentDraft,
  current: ClusterDocument | undefined,
): GatewayEntry[] {
  const known = new Map<string, PortalEntry>();
  for (const gateway of current?.gateways ?? []) {
    for (const portal of gateway.portals) known.set(portalKey(gateway.name, portal), portal);
  }
  const listed = draft.gateways.flatMap(({ portals }) => portals);
  const all = [...listed, ...known.values()];
  const tags = new Set(all.map((portal) => portal.portalGroupTag));
  const identifiers = new Set(all.map((portal) => portal.relativePortIdentifier));
  // A target port is a portal group: portals that share a tag share the identifier.
  const identifierOfTag = new Map<number, number>();
  for (const { portalGroupTag: tag, relativePortIdentifier: port } of listed) {
    if (tag !== undefined && port !== undefined) identifierOfTag.set(tag, port);
  }
  const givenTags = new Set(listed.map((portal) => portal.portalGroupTag));
  const givenPorts = new Set(listed.map((portal) => portal.relativePortIdentifier));
  return draft.gateways.map((gateway) => ({
    ...gateway,
    portals: gateway.portals.map((portal): PortalEntry => {
      const old = known.get(portalKey(gateway.name, portal));
      const oldTag = givenTags.has(old?.portalGroupTag) ? undefined : old?.portalGroupTag;
      const oldPort = givenPorts.has(old?.relativePortIdentifier)
        ? undefined
        : old?.relativePortIdentifier;
      const tag = portal.portalGroupTag ?? oldTag ?? unused(tags);
      const port =
        portal.relativePortIdentifier ?? identifierOfTag.get(tag) ?? oldPort ?? unused(identifiers);
      identifierOfTag.set(tag, port);
      return { ...portal, portalGroupTag: tag, relativePortIdentifier: port };
    }),
  }));
}

function portalKey(gateway: string, portal: PortalDraft): string {
  // A document that an older release stored has the address as it was written.
  const address = canonicalAddress(portal.address) ?? portal.address;
  return `${gateway} ${address} ${portal.port}`;
}

/** The lowest number that is free, which is taken then. */
function unused(taken: Set<number | undefined>): number {
  let number = 1;
  while (taken.has(number)) number++;
  taken.add(number);
  return number;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
