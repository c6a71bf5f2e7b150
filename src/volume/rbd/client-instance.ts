import { cephFailure } from '../../ceph/ceph-failure.ts';
import type { RadosClient } from '../../ceph/rados-client.ts';

/** A volume that is open on an instance, as the instance moves it about. */
export interface InstanceUser {
  /** Resolves when it has nothing in flight; while it is suspended it submits nothing new. */
  idle(): Promise<void>;
  /** Submits nothing from now on, until `resume` or `moveTo`. */
  suspend(): void;
  /** Submits held operations, in order. */
  resume(): void;
  /**
   * Operations of this instance that are not done will never land: its fence is finished
   * everywhere, or nothing was in flight.
   */
  fenced(): void;
  /** Continues on an instance that has replaced the old one. */
  moveTo(instance: ClientInstance): void;
  /** There will be no other instance: held and new operations end `fenced`. */
  abandon(): void;
}

/** `open`; `fencing`: submits nothing more, its fence is not finished; `fenced`; `closed`. */
type InstanceState = 'open' | 'fencing' | 'fenced' | 'closed';

/** One client instance of the cluster and the volumes on it, which are fenced together. */
export class ClientInstance {
  readonly client: RadosClient;
  /** The addresses by which a blocklist names it. */
  readonly addresses: string;
  readonly #users = new Set<InstanceUser>();
  readonly #onLost: (instance: ClientInstance) => Promise<boolean>;
  #state: InstanceState = 'open';
  #isHeld = false;
  #isRetiring = false;
  #images = 0;
  #onIdle: (() => void) | undefined;
  #closed: Promise<void> | undefined;
  #fence: Promise<boolean> | undefined;

  /** `onLost` fences it everywhere and finds a successor; called once, at most. */
  constructor(client: RadosClient, onLost: (instance: ClientInstance) => Promise<boolean>) {
    this.client = client;
    this.addresses = client.addresses;
    this.#onLost = onLost;
  }

  get state(): InstanceState {
    return this.#state;
  }

  /** Whether a user may submit now. */
  get submits(): boolean {
    return this.takesUsers && !this.#isHeld;
  }

  /** Whether it is neither lost nor about to be replaced. */
  get takesUsers(): boolean {
    return this.#state === 'open' && !this.#isRetiring;
  }

  get users(): ReadonlySet<InstanceUser> {
    return this.#users;
  }

  add(user: InstanceUser): void {
    this.#users.add(user);
  }

  delete(user: InstanceUser): void {
    this.#users.delete(user);
  }

  /** New submissions wait until `release`; operations in flight continue. */
  hold(): void {
    this.#isHeld = true;
    for (const user of this.#users) user.suspend();
  }

  release(): void {
    this.#isHeld = false;
    if (this.submits) for (const user of this.#users) user.resume();
  }

  /** Submits nothing more; resolves when its users have nothing in flight. */
  async retire(): Promise<void> {
    this.#isRetiring = true;
    for (const user of this.#users) user.suspend();
    await Promise.all([...this.#users].map((user) => user.idle()));
  }

  /**
   * When it resolves, this instance knows of every fence that was finished at the cluster before
   * this call: no operation of a fenced client can change data after this instance has read it.
   * Rejects with `Failure('cephFailed')`; hangs while no monitor answers.
   */
  async passBarrier(): Promise<void> {
    if (this.#state !== 'open') return;
    const errno = await this.client.waitForLatestOsdmap();
    if (errno >= 0 || this.#hasEnded()) return;
    throw cephFailure('rados_wait_for_latest_osdmap', errno, 'a barrier');
  }

  /**
   * Ends this instance: after this resolves true, no operation in flight on it lands for a client
   * that passed the barrier. False: it could not be proved.
   */
  fence(): Promise<boolean> {
    this.#fence ??= this.#fenceNow();
    return this.#fence;
  }

  /** Retains the client, of which librbd has an image open, until the result is called. */
  retain(): () => void {
    this.#images++;
    return () => {
      if (--this.#images === 0) this.#onIdle?.();
    };
  }

  /** Waits for all images, which do not close while an OSD is silent, then ends the client. */
  close(): Promise<void> {
    this.#state = 'closed';
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    if (this.#images > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    await this.client.close();
  }

  async #fenceNow(): Promise<boolean> {
    if (this.#state !== 'open') return false;
    this.#state = 'fencing';
    for (const user of this.#users) user.suspend();
    const isFenced = await this.#onLost(this);
    if (this.#closed === undefined) this.#state = 'fenced';
    return isFenced;
  }

  /** Apart, for its state may have changed while something was awaited. */
  #hasEnded(): boolean {
    return this.#state !== 'open';
  }
}
