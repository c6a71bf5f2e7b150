import { assert } from '../base/assert.ts';
import { canonicalAddress } from './address.ts';
import type {
  ClusterDocument,
  DocumentDraft,
  GatewayDraft,
  GatewayEntry,
  PortalDraft,
  PortalEntry,
} from './document.ts';
import { PORT_IDENTIFIER_MAX } from './limits.ts';

/** The gateways of a document with the identities of their target ports. */
type PortIdentities = Pick<ClusterDocument, 'gateways' | 'nextRelativePortIdentifier'>;

/** An iSCSI target port is a portal group of a target: portals share its identity by their tag. */
type TaggedPortal = PortalDraft & { portalGroupTag: number };
type TaggedGateway = Omit<GatewayDraft, 'portals'> & { portals: TaggedPortal[] };

/**
 * Gives each portal a tag, and each target port an identifier: those that the draft names, else
 * those that the port has in the current document, else new ones. A new identifier is one that no
 * port of an earlier document had.
 */
export function completePorts(
  draft: DocumentDraft,
  current: ClusterDocument | undefined,
): PortIdentities {
  const known = knownPortals(current?.gateways ?? []);
  const tagged = withTags(draft, known);
  const identifiers = givenIdentifiers(tagged, current?.gateways ?? []);
  const taken = new Set(identifiers.values());
  let next = Math.max(
    draft.nextRelativePortIdentifier ?? 1,
    current?.nextRelativePortIdentifier ?? 1,
    identifierAfter(taken),
  );
  const identifierOf = (gateway: string, portal: TaggedPortal): number => {
    const given = identifiers.get(portal.portalGroupTag);
    if (given !== undefined) return given;
    const before = known.get(portalKey(gateway, portal))?.relativePortIdentifier;
    const identifier = before === undefined || taken.has(before) ? next++ : before;
    assert(!taken.has(identifier), 'two target ports share no identifier');
    identifiers.set(portal.portalGroupTag, identifier);
    taken.add(identifier);
    return identifier;
  };
  const gateways = tagged.map((gateway) => ({
    ...gateway,
    portals: gateway.portals.map((portal) => ({
      ...portal,
      relativePortIdentifier: identifierOf(gateway.name, portal),
    })),
  }));
  assert(next >= (current?.nextRelativePortIdentifier ?? 1), 'the next identifier never falls');
  assert(next >= identifierAfter(taken), 'the next identifier is above all that are given');
  return { gateways, nextRelativePortIdentifier: next };
}

/** The next identifier of a document that an older release stored, which does not say it. */
export function nextPortIdentifier(gateways: readonly GatewayEntry[]): number {
  return identifierAfter(portalsOf(gateways).map((portal) => portal.relativePortIdentifier));
}

/**
 * Why `next` may not follow `current`: it gives a target port an identifier that another one may
 * have had. Initiators and reservations would take the one port for the other.
 */
export function portRefusals(
  current: ClusterDocument | undefined,
  next: ClusterDocument,
): readonly string[] {
  if (next.nextRelativePortIdentifier > PORT_IDENTIFIER_MAX + 1) {
    return [
      `all ${PORT_IDENTIFIER_MAX} relative port identifiers have been used: ` +
        'new portals need another store',
    ];
  }
  const first = current?.nextRelativePortIdentifier ?? 1;
  const known = knownPortals(current?.gateways ?? []);
  const held = new Map([...known.values()].map((p) => [p.portalGroupTag, p]));
  return next.gateways.flatMap(({ name, portals }) =>
    portals.flatMap((portal) => {
      const { address, port, portalGroupTag: tag, relativePortIdentifier: identifier } = portal;
      const before = [held.get(tag), known.get(portalKey(name, portal))];
      const isOwn = before.some((each) => each?.relativePortIdentifier === identifier);
      if (isOwn || identifier >= first) return [];
      return [
        `portal ${address} port ${port} of gateway ${name} would get the relative port ` +
          `identifier ${identifier}, which another target port has or had: leave it out, or ` +
          `take ${first} or higher`,
      ];
    }),
  );
}

/** Tags of the draft and of the current document, else the lowest that neither has. */
function withTags(draft: DocumentDraft, known: ReadonlyMap<string, PortalEntry>): TaggedGateway[] {
  const listed = draft.gateways.flatMap(({ portals }) => portals);
  const given = new Set(listed.map(({ portalGroupTag }) => portalGroupTag));
  const taken = new Set([...listed, ...known.values()].map(({ portalGroupTag }) => portalGroupTag));
  const unused = (): number => {
    let tag = 1;
    while (taken.has(tag)) tag++;
    taken.add(tag);
    return tag;
  };
  return draft.gateways.map((gateway) => ({
    ...gateway,
    portals: gateway.portals.map((portal) => {
      const before = known.get(portalKey(gateway.name, portal))?.portalGroupTag;
      const kept = given.has(before) ? undefined : before;
      return { ...portal, portalGroupTag: portal.portalGroupTag ?? kept ?? unused() };
    }),
  }));
}

/** By tag: what the draft gives a portal group, else what the group has and the draft leaves it. */
function givenIdentifiers(
  tagged: readonly TaggedGateway[],
  current: readonly GatewayEntry[],
): Map<number, number> {
  const portals = tagged.flatMap((gateway) => gateway.portals);
  const given = new Map<number, number>();
  for (const { portalGroupTag: tag, relativePortIdentifier } of portals) {
    if (relativePortIdentifier !== undefined) given.set(tag, relativePortIdentifier);
  }
  const taken = new Set(given.values());
  const tags = new Set(portals.map(({ portalGroupTag }) => portalGroupTag));
  for (const { portalGroupTag: tag, relativePortIdentifier } of portalsOf(current)) {
    if (!tags.has(tag) || given.has(tag) || taken.has(relativePortIdentifier)) continue;
    given.set(tag, relativePortIdentifier);
  }
  return given;
}

function knownPortals(gateways: readonly GatewayEntry[]): ReadonlyMap<string, PortalEntry> {
  return new Map(
    gateways.flatMap(({ name, portals }) =>
      portals.map((portal): [string, PortalEntry] => [portalKey(name, portal), portal]),
    ),
  );
}

function portalsOf(gateways: readonly GatewayEntry[]): readonly PortalEntry[] {
  return gateways.flatMap(({ portals }) => portals);
}

function portalKey(gateway: string, { address, port }: PortalDraft): string {
  // A document that an older release stored has the address as it was written.
  return `${gateway} ${canonicalAddress(address) ?? address} ${port}`;
}

function identifierAfter(identifiers: Iterable<number>): number {
  return Math.max(0, ...identifiers) + 1;
}
