import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { Log } from '../log/log.ts';
import type { FencingDriver } from '../membership/fencing-driver.ts';
import type { Instance, Membership } from '../membership/membership.ts';
import type { MembershipAccess } from '../membership/membership-store.ts';
import type { Member, Records } from '../records/records.ts';
import type { KnownVolume, Volume, VolumeStore } from '../volume/volume.ts';
import type { StoreLocation } from './store-location.ts';

/** A store as a gateway or a tool has it open. */
export interface Store {
  readonly location: StoreLocation;
  /** There was no store in the folder: it was made, or is only seen as an empty one. */
  readonly isNew: boolean;
  readonly records: Records;
  readonly volumes: VolumeStore;
  readonly membership: MembershipAccess;
  /** The fencing driver of this store; a store without it has no members. */
  readonly fencing?: StoreFencing;
  /** The names of those that have the store open now, including this process. */
  living(): Promise<readonly Member[]>;
  openVolume(name: string, options: OpenVolumeOptions): Promise<Volume>;
  /**
   * Volumes that are opened from now on share this many client instances of the cluster; absent
   * without a cluster.
   */
  spreadVolumes?(instances: number): void;
  close(): Promise<void>;
}

export interface OpenVolumeOptions extends KnownVolume {
  /** Every write to volumes of this store is durable before its result. */
  readonly writethrough: boolean;
}

interface StoreFencing {
  readonly driver: FencingDriver;
  /** The client instances that were opened with the store: the records' own first. */
  readonly instances: readonly Instance[];
  /**
   * Resolves when what this gateway submitted to the volumes could not be fenced: it has to be
   * fenced as a whole.
   */
  readonly unfenced?: Promise<void>;
  /** This gateway has joined: instances that are opened from now on are registered with it. */
  joined?(membership: Membership): void;
}

export interface OpenStoreOptions {
  readonly location: StoreLocation;
  /**
   * If the folder holds no store: only a command that is to make one may `make` it, because a
   * folder may be mistyped, or its file system not mounted. A pool is always taken as it is.
   */
  readonly ifAbsent: 'make' | 'refuse' | 'empty';
  /** Unique among the living members of the store. */
  readonly memberName: string;
  /** It only reads: it makes nothing, claims nothing, and needs no room. */
  readonly isReader?: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}
