import { type Clock, sleep, within } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { errorText } from '../../base/system-reason.ts';
import type { RadosClient } from '../../ceph/rados-client.ts';
import type { Log } from '../../log/log.ts';
import { ClientInstance } from './client-instance.ts';

/**
 * Client instances that the volumes of a store share by default. Each more costs CPU at every
 * operation and 13 threads (bench/micro/rbd-instances.ts); fewer are fenced together.
 */
export const INSTANCES_DEFAULT = 1;
/** A member lists 64 at a time, including that of its records and successors of fenced ones. */
export const INSTANCES_MAX = 32;

/** How long after a failed attempt the next successor of a fenced instance is tried. */
export const SUCCESSOR_RETRY_MS = 1_000;

/** How long a replaced instance waits for its operations in flight; after that it is fenced. */
export const RETIRE_WAIT_MS = 2_000;

/** How long a client may take to say goodbye to a cluster that does not answer. */
export const CLIENT_CLOSE_MAX_MS = 5_000;

interface InstancePoolOptions {
  /** A new client instance, connected. Rejects when the cluster does not answer. */
  readonly connect: () => Promise<RadosClient>;
  /** How many instances the volumes share. */
  readonly instances: number;
  readonly guard: InstanceGuard;
  readonly clock: Clock;
  readonly log: Log;
}

/** The services of the membership for an instance, by its addresses. */
export interface InstanceGuard {
  /** Lists it, so that others can fence it; resolves before its first operation. */
  register(addresses: string): Promise<void>;
  /**
   * Blocklists it and has every open member pass the barrier: when it resolves, nothing that the
   * instance submitted is seen done later by any of them. Rejects when that could not be reached.
   */
  fenceInstance(addresses: string): Promise<void>;
  /** It is closed, with nothing in flight: it needs no fence any longer. */
  unregister(addresses: string): Promise<void>;
}

/**
 * The instances of a store. A volume goes to the instance with the fewest volumes, the first of
 * equals; connected on demand. A fenced one is replaced, and its volumes go to its successor.
 */
export class InstancePool {
  readonly #options: InstancePoolOptions;
  readonly #places: Place[] = [];
  /** The number of places, from the first on, that take volumes. */
  #width = 0;
  #isHeld = false;
  #isClosed = false;

  constructor(options: InstancePoolOptions) {
    this.#options = options;
    this.spread(options.instances);
  }

  /**
   * Volumes that are opened from now on share this many instances, 1 to `INSTANCES_MAX`; open
   * volumes stay where they are. Throws `Failure('instancesInvalid')`.
   */
  spread(instances: number): void {
    if (!(Number.isInteger(instances) && instances >= 1 && instances <= INSTANCES_MAX)) {
      throw new Failure('instancesInvalid', `instances is a number from 1 to ${INSTANCES_MAX}`);
    }
    this.#width = instances;
    while (this.#places.length < instances) this.#places.push({ coming: 0 });
  }

  /** Those that are connected. */
  get instances(): readonly ClientInstance[] {
    return this.#places.flatMap(({ instance, retiring }) =>
      [instance ?? [], retiring ?? []].flat(),
    );
  }

  /** Runs `use`, which adds an instance user, on the instance that the rule names. */
  async place<T>(use: (instance: ClientInstance) => Promise<T>): Promise<T> {
    const place = this.#emptiest();
    place.coming++;
    try {
      return await use(await this.#at(place));
    } finally {
      place.coming--;
    }
  }

  /**
   * Any instance, for work without an open volume: creating, listing, deleting. None is made for
   * it.
   */
  async any(): Promise<ClientInstance> {
    const known = this.#places.find(({ connecting }) => connecting !== undefined);
    return await this.#at(known ?? this.#emptiest());
  }

  /**
   * Moves the volumes of an instance to a new one, which has the current capabilities of its user.
   * Operations in flight are awaited, or fenced if they do not end. Resolves when the volumes are
   * moving. Rejects, with nothing changed, when no new instance can be made.
   */
  async renew(instance: ClientInstance): Promise<void> {
    const place = this.#places.find((each) => each.instance === instance);
    // Another volume had it renewed, or it is being fenced.
    if (place === undefined || !instance.takesUsers) return;
    this.#options.log.write('client_instance_renewed', { addresses: instance.addresses });
    delete place.connecting;
    delete place.instance;
    place.retiring = instance;
    try {
      await this.#succeed(instance, await this.#at(place));
    } catch (error) {
      if (place.instance === undefined && instance.takesUsers) {
        place.instance = instance;
        place.connecting = Promise.resolve(instance);
      }
      throw error;
    } finally {
      delete place.retiring;
    }
  }

  /**
   * Every instance has passed a barrier begun after this call, those too that are connected and not
   * yet registered. Rejects with `Failure('cephFailed')`; hangs while no monitor answers.
   */
  async passBarrier(): Promise<void> {
    const joining = this.#places.flatMap(({ joining }) => joining ?? []);
    const all = [...this.instances, ...joining];
    await Promise.all(all.map((instance) => instance.passBarrier()));
  }

  /** New submissions of every instance, of later ones too, wait until `release`. */
  hold(): void {
    this.#isHeld = true;
    for (const instance of this.instances) instance.hold();
  }

  release(): void {
    this.#isHeld = false;
    for (const instance of this.instances) instance.release();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(
      this.instances.map(async (instance) => {
        const closed = instance.close().then(() => this.#unregister(instance));
        // One that does not close has something in flight, and stays on the list.
        await within(this.#options.clock, CLIENT_CLOSE_MAX_MS, closed);
      }),
    );
  }

  async #unregister({ addresses }: ClientInstance): Promise<void> {
    const { guard, log } = this.#options;
    try {
      await guard.unregister(addresses);
    } catch (error) {
      // A member that was fenced or has left has no list to remove it from.
      log.write('client_instance_still_listed', { addresses, reason: errorText(error) });
    }
  }

  #emptiest(): Place {
    const load = ({ instance, coming }: Place) => coming + (instance?.users.size ?? 0);
    const open = this.#places.slice(0, this.#width);
    return open.reduce((best, place) => (load(place) < load(best) ? place : best));
  }

  #at(place: Place): Promise<ClientInstance> {
    if (this.#isClosed) return Promise.reject(closedStore());
    if (place.connecting !== undefined) return place.connecting;
    const connecting = this.#connect(place);
    place.connecting = connecting;
    connecting.catch(() => {
      if (place.connecting === connecting) delete place.connecting;
    });
    return connecting;
  }

  async #connect(place: Place): Promise<ClientInstance> {
    const { connect, guard } = this.#options;
    const client = await connect();
    const instance = new ClientInstance(client, (lost) => this.#replace(lost, place));
    place.joining = instance;
    try {
      await guard.register(instance.addresses);
      // Its first operation sees nothing of clients that were fenced before it was announced.
      await instance.passBarrier();
      if (this.#isClosed) throw closedStore();
    } catch (error) {
      // The instance never submitted an operation, so it can be unlisted without a fence.
      void instance.close().then(() => this.#unregister(instance));
      throw error;
    } finally {
      delete place.joining;
    }
    if (this.#isHeld) instance.hold();
    place.instance = instance;
    return instance;
  }

  /** Fences the instance and moves its users; resolves when the fence is finished, or not to be. */
  async #replace(lost: ClientInstance, place: Place): Promise<boolean> {
    const { guard, log } = this.#options;
    const { addresses } = lost;
    log.write('client_instance_fence_started', { addresses });
    // A volume that opens now gets its successor; an instance that is being renewed has one
    // already.
    if (place.instance === lost) {
      delete place.connecting;
      delete place.instance;
    }
    const isFenced = await guard.fenceInstance(addresses).then(
      () => true,
      (error: unknown) => {
        log.write('client_instance_not_fenced', { addresses, reason: errorText(error) });
        return false;
      },
    );
    if (isFenced) {
      for (const user of lost.users) user.fenced();
      void this.#moveUsers(lost, place);
    } else {
      for (const user of lost.users) user.abandon();
      void lost.close();
    }
    return isFenced;
  }

  async #succeed(old: ClientInstance, successor: ClientInstance): Promise<void> {
    const { clock } = this.#options;
    const retired = old.retire().then(() => true);
    const isIdle = await within(clock, RETIRE_WAIT_MS, retired);
    if (isIdle !== true) {
      await old.fence();
      return;
    }
    if (old.state !== 'open') return;
    for (const user of old.users) user.fenced();
    hand(old, successor);
    void old.close().then(() => this.#unregister(old));
  }

  async #moveUsers(lost: ClientInstance, place: Place): Promise<void> {
    const { clock, log } = this.#options;
    while (!this.#isClosed && lost.users.size > 0) {
      try {
        hand(lost, await this.#at(place));
      } catch (error) {
        log.write('client_instance_missing', { reason: errorText(error) });
        await sleep(clock, SUCCESSOR_RETRY_MS);
      }
    }
    // Images that librbd cannot close, while an OSD is silent, keep their client.
    await lost.close();
  }
}

function hand(from: ClientInstance, to: ClientInstance): void {
  for (const user of [...from.users]) {
    from.delete(user);
    to.add(user);
    user.moveTo(to);
  }
}

function closedStore(): Failure<'storeClosed'> {
  return new Failure('storeClosed', 'the store is closed');
}

/** One of the instances that there may be. */
interface Place {
  connecting?: Promise<ClientInstance>;
  /** Once it is connected, until it is registered. */
  joining?: ClientInstance;
  /** Once it is registered. */
  instance?: ClientInstance;
  /** The previous instance, until its volumes have been told to move. */
  retiring?: ClientInstance;
  /** Volumes that have asked for this place and are not its users yet. */
  coming: number;
}
