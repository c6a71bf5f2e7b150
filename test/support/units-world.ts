// Gateways that agree on logical units, in memory and on virtual time, each with faults of its own.

import { initialState, resized } from '../../src/scsi/unit-changes.ts';
import type {
  ChangeOrigin,
  CommittedEvent,
  SharedState,
  UnitChange,
  UnitEventTarget,
  UnitState,
} from '../../src/scsi/unit-state.ts';
import { SharedUnitStates } from '../../src/units/shared-unit-states.ts';
import { decodeUnitRecord, type UnitRecord } from '../../src/units/unit-record.ts';
import { MembershipWorld, type SimGateway } from './membership-world.ts';

export const UUID = '0b9d5c0e-6f4f-4ef5-9d5c-0e6f4f4ef59d';

export function stateOf(uuid = UUID): SharedState {
  return initialState({
    identity: {
      ...{ uuid, serial: 'serial', naa: Uint8Array.of(0x60, 1, 2, 3, 4, 5, 6, 7) },
      ...{ vendor: 'ALLPATH', product: 'DISK', revision: '1' },
    },
    blocks: 1000,
    blockLengthBytes: 512,
    readOnly: false,
    volatileCache: false,
    documentVersion: 1,
  });
}

/** One block more, so that no change is lost or made twice unseen. */
export const grown: UnitChange = (state) => resized(state.blocks + 1)(state);

/** A command that asks for a change. */
export function command(): { readonly nexus: object; isAborted: boolean } & ChangeOrigin {
  return { nexus: {}, isAborted: false };
}

/** A logical unit as a gateway serves it: what takes effect, and what takes long. */
export class UnitDouble implements UnitEventTarget {
  readonly events: CommittedEvent[] = [];
  readsAgain = 0;
  readonly state: UnitState;
  /** What it drains does not end while it is set. */
  isStuck = false;
  /** What it drains cannot be fenced. */
  isUnfenced = false;
  onApply: (event: CommittedEvent) => void = () => {};
  #release: (() => void)[] = [];

  constructor(state: UnitState) {
    this.state = state;
    state.attach(this);
  }

  get blocks(): number {
    return this.state.current.blocks;
  }

  async apply(event: CommittedEvent): Promise<boolean> {
    this.events.push(event);
    this.onApply(event);
    if (this.isStuck) await new Promise<void>((go) => this.#release.push(go));
    return !this.isUnfenced;
  }

  readAgain(): void {
    this.readsAgain++;
  }

  release(): void {
    this.isStuck = false;
    for (const go of this.#release.splice(0)) go();
  }
}

/** A gateway with its logical units. */
export class UnitsGateway {
  readonly sim: SimGateway;
  readonly states: SharedUnitStates;
  isBehind = false;

  constructor(sim: SimGateway) {
    const { clock, records, log } = sim;
    this.sim = sim;
    this.states = new SharedUnitStates({ records, clock, log });
    void this.states.behind.then(() => {
      this.isBehind = true;
    });
  }

  /** Joins and serves. */
  async serve(): Promise<this> {
    await this.states.listen();
    await this.sim.serve();
    this.states.join(this.sim.members!);
    return this;
  }

  async open(uuid = UUID): Promise<UnitDouble> {
    return new UnitDouble(await this.states.open(stateOf(uuid)));
  }
}

export class UnitsWorld extends MembershipWorld {
  async unitsGateway(name: string): Promise<UnitsGateway> {
    const gateway = new UnitsGateway(await this.gateway(name));
    return await this.within(60_000, gateway.serve());
  }

  /** So many gateways, each with the logical unit. */
  async pair(count = 2) {
    const gateways: UnitsGateway[] = [];
    const units: UnitDouble[] = [];
    for (let at = 0; at < count; at++) {
      const gateway = await this.unitsGateway(`g${at}`);
      gateways.push(gateway);
      units.push(await this.within(5_000, gateway.open()));
    }
    return { gateways, units };
  }

  /** The record as it stands in the store. */
  record(uuid = UUID): UnitRecord {
    const entry = this.store.store.get(`units/${uuid}`);
    if (entry === undefined) throw new Error('there is no record');
    return decodeUnitRecord(entry.value);
  }
}
