import { assert } from '../../base/assert.ts';
import type {
  Admission,
  Authentication,
  Directory,
  Portal,
  TargetEntry,
  TargetListing,
} from '../../iscsi/contracts.ts';
import type { DeviceServer } from '../../scsi/device-server.ts';
import type { LunMap } from '../../scsi/nexus.ts';
import type { PortGroups } from '../port-groups.ts';
import {
  accessOf,
  type ServedDocument,
  type ServedPortGroup,
  type ServedTarget,
} from '../served-document.ts';
import { authenticationOf } from './authentication.ts';

interface IscsiDirectoryOptions {
  /** The name of this gateway. */
  readonly gateway: string;
  readonly deviceServer: DeviceServer;
  readonly portGroups: Pick<PortGroups, 'isDraining'>;
}

/** The document as iSCSI logins and discovery see it; switched as a whole. */
export class IscsiDirectory implements Directory {
  readonly #options: IscsiDirectoryOptions;
  #served: ServedDocument | undefined;
  /** The portals of all gateways. */
  #portals: readonly Portal[] = [];
  /** The portals of this gateway, by `keyOf`. */
  #own: ReadonlySet<string> = new Set();

  constructor(options: IscsiDirectoryOptions) {
    this.#options = options;
  }

  serve(served: ServedDocument): void {
    const { gateways } = served.document;
    const own = gateways.find(({ name }) => name === this.#options.gateway)?.portals ?? [];
    this.#served = served;
    this.#portals = gateways.flatMap(({ portals }) => portals.map(portalOf));
    this.#own = new Set(own.map(keyOf));
    assert(this.#own.size <= this.#portals.length, 'own portals are among all portals');
  }

  get draining(): boolean {
    return this.#options.portGroups.isDraining;
  }

  get discoveryAuthentication(): Authentication | undefined {
    return authenticationOf(this.#served?.document.discovery.chap);
  }

  *listTargets(initiatorName: string, only?: string): Iterable<TargetListing> {
    const targets = this.#served?.targets ?? new Map<string, ServedTarget>();
    // The session may have outlived a switch: each listing is of one version.
    const portals = this.#portals;
    const one = only === undefined ? undefined : targets.get(only);
    const asked = only === undefined ? targets.values() : one === undefined ? [] : [one];
    for (const target of asked) {
      if (accessOf(target, initiatorName) === undefined) continue;
      yield { targetName: target.name, portals };
    }
  }

  hasPortal(portal: Portal): boolean {
    return this.#own.has(keyOf(portal));
  }

  findTarget(targetName: string, { portalGroupTag }: Portal): TargetEntry | undefined {
    const target = this.#served?.targets.get(targetName.toLowerCase());
    const group = this.#groupOf(portalGroupTag);
    if (target === undefined || group === undefined) return undefined;
    return {
      targetName: target.name,
      alias: target.alias,
      relativePortIdentifier: group.relativePortIdentifier,
      admit: (initiatorName) => this.#admit(target, initiatorName),
    };
  }

  /** Undefined when the initiator may not be logged in there. */
  lunsOf(targetName: string, portalGroupTag: number, initiatorName: string): LunMap | undefined {
    const target = this.#served?.targets.get(targetName);
    if (target === undefined || this.#groupOf(portalGroupTag) === undefined) return undefined;
    return accessOf(target, initiatorName)?.luns;
  }

  /** Undefined when it is not a portal group of this gateway. */
  #groupOf(tag: number): ServedPortGroup | undefined {
    const group = this.#served?.portGroups.get(tag);
    return group?.gateway === this.#options.gateway ? group : undefined;
  }

  #admit(target: ServedTarget, initiatorName: string): Admission | undefined {
    const access = accessOf(target, initiatorName);
    if (access === undefined) return undefined;
    const authentication = authenticationOf(access.chap);
    return {
      authentication,
      isNamed: access !== target.anyone || authentication !== undefined,
      openNexus: (identity) => this.#options.deviceServer.openNexus(identity, access.luns),
    };
  }
}

function portalOf({ address, port, portalGroupTag }: Portal): Portal {
  return { address, port, portalGroupTag };
}

function keyOf({ address, port, portalGroupTag }: Portal): string {
  return `${address} ${port} ${portalGroupTag}`;
}
