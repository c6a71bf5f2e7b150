import type { ClusterDocument, TargetEntry as DocumentTarget } from '../config/document.ts';
import type {
  Admission,
  Authentication,
  Directory,
  Portal,
  TargetEntry,
  TargetListing,
} from '../iscsi/contracts.ts';
import { targetPortName } from '../iscsi/names.ts';
import type { MembersView } from '../members/members.ts';
import type { DeviceServer } from '../scsi/device-server.ts';
import type { LogicalUnit } from '../scsi/logical-unit.ts';
import type { AccessState, LunMap, PortGroup, TargetPort } from '../scsi/nexus.ts';
import { authenticationOf } from './authentication.ts';

/** One version of the document, made ready for logins. Never changes. */
interface Served {
  readonly targets: ReadonlyMap<string, ServedTarget>;
  readonly portals: readonly Portal[];
  /** What this gateway listens on, as `keyOf` has it. */
  readonly own: ReadonlySet<string>;
  /** By target portal group tag. */
  readonly groups: ReadonlyMap<number, ServedGroup>;
  readonly discovery: Authentication | undefined;
}

interface ServedGroup {
  readonly gateway: string;
  readonly relativePortIdentifier: number;
}

interface ServedTarget {
  readonly name: string;
  readonly alias: string | undefined;
  /** For initiators without an entry; undefined: they may not log in. */
  readonly anyone: Access | undefined;
  readonly initiators: ReadonlyMap<string, Access>;
}

interface Access {
  readonly luns: LunMap;
  readonly authentication: Authentication | undefined;
}

const NOTHING: Served = {
  targets: new Map(),
  portals: [],
  own: new Set(),
  groups: new Map(),
  discovery: undefined,
};

/** What logins, discovery and REPORT TARGET PORT GROUPS see of the document, switched whole. */
export class GatewayDirectory implements Directory {
  draining = false;
  readonly #gateway: string;
  readonly #deviceServer: () => DeviceServer;
  #served: Served = NOTHING;
  /** Incarnations that admit initiators, by the name of the gateway; undefined: none is known of. */
  #admitting: ReadonlyMap<string, string> | undefined;

  constructor(gateway: string, deviceServer: () => DeviceServer) {
    this.#gateway = gateway;
    this.#deviceServer = deviceServer;
  }

  /** Serves this document from now on. `units`: the logical unit of each disk, by its name. */
  serve(document: ClusterDocument, units: ReadonlyMap<string, LogicalUnit>): void {
    this.#served = prepare(document, this.#gateway, units);
  }

  /**
   * Takes the states of the port groups from this view of the members; whether one is another than
   * before. A gateway that another incarnation serves as has been away in between.
   */
  follow(view: MembersView): boolean {
    const before = this.#admitting;
    const admitting = view.members.filter((m) => m.state === 'serving' && !m.isDraining);
    const now = new Map(admitting.map(({ name, incarnation }) => [name, incarnation]));
    this.#admitting = now;
    const gateways = [...this.#served.groups.values()].map(({ gateway }) => gateway);
    return before !== undefined && gateways.some((name) => before.get(name) !== now.get(name));
  }

  get discoveryAuthentication(): Authentication | undefined {
    return this.#served.discovery;
  }

  *listTargets(initiatorName: string, only?: string): Iterable<TargetListing> {
    const { targets, portals } = this.#served;
    const one = only === undefined ? undefined : targets.get(only);
    const asked = only === undefined ? targets.values() : one === undefined ? [] : [one];
    for (const target of asked) {
      if (accessOf(target, initiatorName) === undefined) continue;
      yield { targetName: target.name, portals };
    }
  }

  hasPortal(portal: Portal): boolean {
    return this.#served.own.has(keyOf(portal));
  }

  findTarget(targetName: string, portal: Portal): TargetEntry | undefined {
    const target = this.#served.targets.get(targetName.toLowerCase());
    const group = this.#served.groups.get(portal.portalGroupTag);
    if (target === undefined || group?.gateway !== this.#gateway) return undefined;
    const port = targetPort(target.name, portal.portalGroupTag, group);
    return {
      targetName: target.name,
      alias: target.alias,
      port,
      admit: (initiatorName) => this.#admit(target, port, initiatorName),
    };
  }

  /** The LUN map of an initiator at a target port; undefined when it may not be logged in there. */
  lunsOf(targetName: string, portalGroup: number, initiatorName: string): LunMap | undefined {
    const target = this.#served.targets.get(targetName);
    const group = this.#served.groups.get(portalGroup);
    if (target === undefined || group?.gateway !== this.#gateway) return undefined;
    return accessOf(target, initiatorName)?.luns;
  }

  portGroups(deviceName: string): readonly PortGroup[] {
    return [...this.#served.groups].map(
      ([tag, group]): PortGroup => ({
        portGroup: tag,
        state: this.#stateOf(group.gateway),
        ports: [targetPort(deviceName, tag, group)],
      }),
    );
  }

  /** Where members are not known every gateway counts; one that answers is there in any case. */
  #stateOf(gateway: string): AccessState {
    const isOwn = gateway === this.#gateway;
    const admits = isOwn ? !this.draining : (this.#admitting?.has(gateway) ?? true);
    return admits ? 'activeOptimized' : 'unavailable';
  }

  #admit(target: ServedTarget, port: TargetPort, initiatorName: string): Admission | undefined {
    const access = accessOf(target, initiatorName);
    if (access === undefined) return undefined;
    return {
      authentication: access.authentication,
      isNamed: access !== target.anyone || access.authentication !== undefined,
      openNexus: (initiatorPort) =>
        this.#deviceServer().openNexus({ initiatorPort, targetPort: port }, access.luns),
    };
  }
}

function accessOf(target: ServedTarget, initiatorName: string): Access | undefined {
  return target.initiators.get(initiatorName.toLowerCase()) ?? target.anyone;
}

/** An iSCSI target port is a portal group of a target (RFC 7143, SCSI port names). */
function targetPort(deviceName: string, tag: number, group: ServedGroup): TargetPort {
  return {
    name: targetPortName(deviceName, tag),
    deviceName,
    relativePortIdentifier: group.relativePortIdentifier,
    portGroup: tag,
  };
}

function keyOf({ address, port, portalGroupTag }: Portal): string {
  return `${address} ${port} ${portalGroupTag}`;
}

function prepare(
  document: ClusterDocument,
  self: string,
  units: ReadonlyMap<string, LogicalUnit>,
): Served {
  const portals: Portal[] = [];
  const own = new Set<string>();
  const groups = new Map<number, ServedGroup>();
  for (const gateway of document.gateways) {
    for (const { address, port, portalGroupTag, relativePortIdentifier } of gateway.portals) {
      const portal = { address, port, portalGroupTag };
      portals.push(portal);
      if (gateway.name === self) own.add(keyOf(portal));
      groups.set(portalGroupTag, { gateway: gateway.name, relativePortIdentifier });
    }
  }
  const targets = new Map(document.targets.map((t) => [t.iqn, prepareTarget(t, units)]));
  return { targets, portals, own, groups, discovery: authenticationOf(document.discovery.chap) };
}

function prepareTarget(
  target: DocumentTarget,
  units: ReadonlyMap<string, LogicalUnit>,
): ServedTarget {
  const luns = lunMap(target.luns, units);
  const authentication = authenticationOf(target.chap);
  const entries = target.access === 'any' ? [] : target.access;
  const initiators = entries.map((entry): [string, Access] => [
    entry.initiator,
    {
      luns: entry.luns === undefined ? luns : lunMap(entry.luns, units),
      authentication: authenticationOf(entry.chap) ?? authentication,
    },
  ]);
  return {
    name: target.iqn,
    alias: target.alias,
    anyone: target.access === 'any' ? { luns, authentication } : undefined,
    initiators: new Map(initiators),
  };
}

/** A disk whose volume could not be opened is left out: its LUN is not there, others are. */
function lunMap(
  luns: Readonly<Record<string, string>>,
  units: ReadonlyMap<string, LogicalUnit>,
): LunMap {
  const map = new Map<number, LogicalUnit>();
  for (const [lun, disk] of Object.entries(luns)) {
    const unit = units.get(disk);
    if (unit !== undefined) map.set(Number(lun), unit);
  }
  return map;
}
