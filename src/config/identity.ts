import type { Random } from '../base/random.ts';
import { canonicalAddress } from './address.ts';
import { completeDisks, type FoundVolume } from './disk-identity.ts';
import type {
  ClusterDocument,
  DocumentDraft,
  GatewayEntry,
  PortalDraft,
  PortalEntry,
} from './document.ts';

/**
 * Fills in what is generated once: what the draft leaves out is taken from the document that the
 * cluster has (a disk by its uuid or name, a portal by its gateway, address and port) or from the
 * volumes that the store has, else generated.
 */
export function completeIdentities(
  draft: DocumentDraft,
  current: ClusterDocument | undefined,
  random: Random,
  found: readonly FoundVolume[] = [],
): ClusterDocument {
  const disks = completeDisks(draft, current, random, found);
  const { basedOn: _basedOn, ...rest } = draft;
  return { ...rest, disks, gateways: completeGateways(draft, current) };
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
