// A device of dm-multipath as libmpathpersist of multipath-tools 0.14.3 reserves it:
// libmpathpersist/mpath_persist_int.c and mpath_pr_ioctl.c of github.com/opensvc/multipath-tools at
// c2fcdaf1. Release 0.13 (NEWS.md) rewrote it for reservations that an unavailable path holds.

import assert from 'node:assert/strict';
import { Action, type ReserveOutOptions } from '../../support/reserve-out.ts';
import { RESERVATION_CONFLICT, readReservation, reservationOf, reserveOut } from '../commands.ts';
import type { Nexus } from '../nexus.ts';

type RegisterKeys = Pick<ReserveOutOptions, 'key' | 'actionKey'>;

/** The paths of one host, with the key that they have. Those without a session are down. */
export class MultipathDevice {
  readonly paths: readonly Nexus[];
  #key: number;

  constructor(paths: readonly Nexus[], key = 0) {
    this.paths = paths;
    this.#key = key;
  }

  get pathsUp(): readonly Nexus[] {
    return this.paths.filter(({ isCut }) => !isCut);
  }

  /** Registers a key at all paths at once: a first one, or one that replaces the previous one. */
  async register(key: number): Promise<void> {
    const previous = this.#key;
    const action = previous === 0 ? Action.registerAndIgnore : Action.register;
    await this.#registerPaths(action, { key: previous, actionKey: key });
    this.#key = key;
    await this.#preemptMissingPath(previous);
  }

  /** What multipathd does when a path comes up. */
  async registerPath(path: Nexus): Promise<void> {
    const request = reserveOut(Action.registerAndIgnore, { actionKey: this.#key });
    assert.equal(await path.statusPastAttentions(request), 0, path.name);
  }

  /** Path by path, until one accepts it. A conflict may mean that another path is the holder. */
  async reserve(type: number): Promise<Nexus> {
    const request = reserveOut(Action.reserve, { key: this.#key, type });
    for (const path of this.pathsUp) {
      const status = await path.statusPastAttentions(request);
      if (status === 0) return path;
      assert.equal(status, RESERVATION_CONFLICT, path.name);
    }
    assert.fail('no path takes RESERVE');
  }

  /** At all paths at once. If that does not end it, the path that holds it is not available. */
  async release(type: number): Promise<void> {
    const request = reserveOut(Action.release, { key: this.#key, type });
    for (const status of await sendAll(this.pathsUp, request)) assert.equal(status, 0);
    if ((await this.#reservedKey()) !== this.#key) return;
    const path = await this.#preemptSelf(this.#key, type);
    assert.equal(await path.statusPastAttentions(request), 0, path.name);
    await this.#restoreKeys();
  }

  /** PREEMPT with key 0: the registrations of all others. */
  async preemptAllRegistrants(type: number): Promise<void> {
    await this.#preemptSelf(0, type);
    await this.#restoreKeys();
  }

  /** Through one path. */
  async preemptAndAbort(victim: number, type: number): Promise<void> {
    const request = reserveOut(Action.preemptAndAbort, {
      ...{ key: this.#key, actionKey: victim, type },
    });
    assert.equal(await this.pathsUp[0]!.statusPastAttentions(request), 0);
  }

  /** If some paths take a REGISTER, the others get it once more, as REGISTER AND IGNORE. */
  async #registerPaths(action: number, keys: RegisterKeys): Promise<void> {
    const { pathsUp } = this;
    const statuses = await sendAll(pathsUp, reserveOut(action, keys));
    const refused = pathsUp.filter((_, at) => statuses[at] === RESERVATION_CONFLICT);
    assert.ok(refused.length < pathsUp.length, 'a path takes it');
    const again = reserveOut(Action.registerAndIgnore, keys);
    for (const status of await sendAll(refused, again)) assert.equal(status, 0);
  }

  /** The reservation that a path without the new key holds goes to one that has it. */
  async #preemptMissingPath(previous: number): Promise<void> {
    if (previous === 0 || (await this.#reservedKey()) !== previous) return;
    const [path] = this.pathsUp;
    const { type } = reservationOf(await path!.must(readReservation()))!;
    const keys = { key: this.#key, actionKey: previous };
    assert.equal(
      await path!.statusPastAttentions(reserveOut(Action.preempt, { ...keys, type })),
      0,
    );
  }

  /** It takes the keys of all other paths away, while the device is suspended. */
  async #preemptSelf(actionKey: number, type: number): Promise<Nexus> {
    const [path] = this.pathsUp;
    const request = reserveOut(Action.preempt, { key: this.#key, actionKey, type });
    assert.equal(await path!.statusPastAttentions(request), 0);
    return path!;
  }

  async #restoreKeys(): Promise<void> {
    await this.#registerPaths(Action.registerAndIgnore, { actionKey: this.#key });
  }

  async #reservedKey(): Promise<number | undefined> {
    return reservationOf(await this.pathsUp[0]!.must(readReservation()))?.key;
  }
}

async function sendAll(
  paths: readonly Nexus[],
  request: ReturnType<typeof reserveOut>,
): Promise<readonly number[]> {
  return await Promise.all(paths.map((path) => path.statusPastAttentions(request)));
}
