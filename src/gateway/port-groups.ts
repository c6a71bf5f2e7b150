import { assert } from '../base/assert.ts';
import type { MembershipView } from '../membership/membership.ts';
import type { AccessState, PortGroup } from '../scsi/nexus.ts';
import type { ServedPortGroup } from './served-document.ts';

/**
 * The target port groups of all gateways with their access states, as this gateway reports them.
 * Both follow from the document and the members alone, so every gateway reports the same.
 */
export class PortGroups {
  /** This gateway asks its initiators to leave. */
  isDraining = false;
  readonly #gateway: string;
  #groups: ReadonlyMap<number, ServedPortGroup> = new Map();
  /** Incarnations that admit initiators, by gateway; undefined: no membership view is known. */
  #admitting: ReadonlyMap<string, string> | undefined;

  constructor(gateway: string) {
    this.#gateway = gateway;
  }

  serve(groups: ReadonlyMap<number, ServedPortGroup>): void {
    this.#groups = groups;
  }

  /**
   * Takes the access states from this view of the members and returns whether any of them changed.
   * A gateway that has a new incarnation was away in between.
   */
  follow(view: MembershipView): boolean {
    const before = this.#admitting;
    const admitting = view.members.filter((m) => m.state === 'serving' && !m.isDraining);
    const now = new Map(admitting.map(({ name, incarnation }) => [name, incarnation]));
    assert(now.size === admitting.length, 'one incarnation of a gateway admits initiators');
    this.#admitting = now;
    const gateways = [...this.#groups.values()].map(({ gateway }) => gateway);
    return before !== undefined && gateways.some((name) => before.get(name) !== now.get(name));
  }

  get all(): readonly PortGroup[] {
    return [...this.#groups.values()].map(({ gateway, tag, relativePortIdentifier }) => ({
      portGroup: tag,
      state: this.#stateOf(gateway),
      relativePortIdentifiers: [relativePortIdentifier],
    }));
  }

  /** Without a view of the members, every other gateway counts as admitting initiators. */
  #stateOf(gateway: string): AccessState {
    const isOwn = gateway === this.#gateway;
    const admits = isOwn ? !this.isDraining : (this.#admitting?.has(gateway) ?? true);
    return admits ? 'activeOptimized' : 'unavailable';
  }
}
