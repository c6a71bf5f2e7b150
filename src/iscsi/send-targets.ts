import { prepareName } from '../base/iscsi-name.ts';
import type { Directory, Portal, TargetListing } from './contracts.ts';
import type { TextPair } from './wire/text.ts';

/** The scope of a SendTargets request. */
export interface SendTargetsScope {
  readonly directory: Directory;
  /** In prepared form. */
  readonly initiatorName: string;
  /** The target of a normal session; undefined in a discovery session, which may ask for all. */
  readonly ownTarget: string | undefined;
}

/**
 * The answer to `SendTargets=<request>` (RFC 7143): each target's name, then its portals with their
 * portal group tags. Undefined: not allowed in this session. Lazy, because thousands of targets are
 * sent in pieces as the initiator asks for them.
 */
export function sendTargets(
  request: string,
  scope: SendTargetsScope,
): Iterable<TextPair> | undefined {
  const { directory, initiatorName, ownTarget } = scope;
  if (request === 'All') {
    return ownTarget === undefined ? pairsOf(directory.listTargets(initiatorName)) : undefined;
  }
  const name = request === '' ? ownTarget : (prepareName(request) ?? request);
  if (name === undefined || (ownTarget !== undefined && name !== ownTarget)) return undefined;
  return pairsOf(directory.listTargets(initiatorName, name));
}

function* pairsOf(targets: Iterable<TargetListing>): Iterable<TextPair> {
  for (const { targetName, portals } of targets) {
    yield { key: 'TargetName', value: targetName };
    for (const portal of portals) yield { key: 'TargetAddress', value: formatAddress(portal) };
  }
}

/** `address:port,tag`, an IPv6 address in brackets (RFC 7143, TargetAddress). */
export function formatAddress({ address, port, portalGroupTag }: Portal): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return `${host}:${port},${portalGroupTag}`;
}
