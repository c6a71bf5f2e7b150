import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import type { SlabSource } from '../base/slab-pool.ts';
import { type AccountQueue, DataAccount } from './data-account.ts';
import { GatewayShare } from './data-shares.ts';
import { COMMAND_BYTES, EXCEPTION_MAX_MS, EXCEPTIONS_MAX, PEER_EXCEPTIONS_MAX } from './limits.ts';

/**
 * The memory that the commands of a gateway pin or are invited to bring.
 *
 * Every session has an account with a guaranteed part. Beyond that, all sessions share one budget
 * (`GatewayShare`). The sessions of a peer together may take a fixed part of what is still free,
 * those of one initiator a fixed part of what its peer may still take, and each session a fixed
 * part of that (the dynamic thresholds of switch buffers: Choudhury and Hahne, 1998). However many
 * sessions take their maximum, something is left for the next one, and no session needs to know how
 * many others exist. A peer is a network (`networkOf`), or a name where the name was proved: an
 * attacker can invent sessions and names for free, and could take everything with them.
 *
 * A command gets all of its room at once, so that one that has it needs nothing more to end. Where
 * nothing larger of a session is under way and its share is too small, its oldest command gets the
 * room as an exception: a few sessions at a time, one of an initiator, of the peer and then of the
 * initiator that have not had one for longest.
 */
export class DataBudget implements AccountQueue {
  readonly #pool: SlabSource;
  readonly #clock: Clock;
  readonly #share = new GatewayShare();
  readonly #accounts = new Set<DataAccount>();
  /** Accounts with claims that wait; the one that has waited for longest is the first. */
  readonly #waiting = new Set<DataAccount>();
  /** With the time at which each began. */
  readonly #exceptions = new Map<DataAccount, number>();
  /** Exceptions so far. */
  #turns = 0;
  #scheduled = false;

  constructor(pool: SlabSource, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /** Held by all sessions beyond what they have of their own. */
  get heldBytes(): number {
    return this.#share.heldBytes;
  }

  /** Invited by all command windows beyond what sessions have of their own. */
  get invitedBytes(): number {
    return this.#share.invitedBytes;
  }

  /** Accounts that are open. */
  get sessions(): number {
    return this.#accounts.size;
  }

  /** Peers that hold something or have a session. */
  get peers(): number {
    return this.#share.peers.size;
  }

  /** An account for a session whose commands bring up to `unsolicitedBytes` without being asked. */
  open(unsolicitedBytes: number, peer: string, initiatorName: string): DataAccount {
    const share = this.#share.open(peer, initiatorName, this.#turns);
    const account = new DataAccount(this, this.#pool, unsolicitedBytes + COMMAND_BYTES, share);
    this.#accounts.add(account);
    return account;
  }

  // Called by accounts.

  wait(account: DataAccount): void {
    this.#waiting.add(account);
    this.freed();
  }

  freed(): void {
    const isOfInterest = this.#waiting.size > 0 || this.#exceptions.size > 0;
    if (this.#scheduled || !isOfInterest) return;
    this.#scheduled = true;
    // Not now: many commands may be on their way out, and none of them is to start.
    this.#clock.endOfTurn(this.#serve);
  }

  isOverdue(account: DataAccount): boolean {
    const sinceMs = this.#exceptions.get(account);
    if (sinceMs === undefined || this.#clock.now() - sinceMs <= EXCEPTION_MAX_MS) return false;
    const { peer } = account.share;
    // One after the other: the end of the oldest may be enough.
    const oldest = [...this.#exceptions.keys()].find(({ share }) => share.peer === peer);
    if (account !== oldest || !account.isExcessive) return false;
    const isFull = this.#exceptions.size >= EXCEPTIONS_MAX;
    const isPeerFull = isFull || peer.exceptions >= PEER_EXCEPTIONS_MAX;
    for (const { share, isIdle } of this.#waiting) {
      // An initiator that takes its answers slowly holds up its own other sessions.
      if (!isIdle || share.exceptions > 0) continue;
      if (share.peer === peer ? isPeerFull : isFull) return true;
    }
    return false;
  }

  close(account: DataAccount): void {
    this.#accounts.delete(account);
    this.#waiting.delete(account);
    account.share.close();
    this.freed();
  }

  /** Grants what fits, a claim of each session in turn; then exceptions, up to their bound. */
  readonly #serve = (): void => {
    this.#scheduled = false;
    for (const account of this.#waiting) {
      if (account.grantNext(false)) this.#requeue(account);
    }
    this.#endExceptions();
    while (this.#exceptions.size < EXCEPTIONS_MAX) {
      const account = this.#chooseException();
      if (account === undefined) return;
      this.#beginException(account);
    }
  };

  /** It waits behind the others now, if it has more to wait for. */
  #requeue(account: DataAccount): void {
    this.#waiting.delete(account);
    if (account.hasClaims) this.#waiting.add(account);
  }

  #beginException(account: DataAccount): void {
    const { share } = account;
    assert(share.exceptions === 0, 'an initiator has one exception at a time');
    this.#exceptions.set(account, this.#clock.now());
    this.#turns++;
    for (const each of [share, share.peer]) {
      each.exceptions++;
      each.lastException = this.#turns;
    }
    account.grantNext(true);
    this.#requeue(account);
  }

  #endExceptions(): void {
    for (const account of this.#exceptions.keys()) {
      if (account.isExcessive) continue;
      this.#exceptions.delete(account);
      account.share.exceptions--;
      account.share.peer.exceptions--;
      assert(account.share.exceptions >= 0, 'an exception that ends was begun by its initiator');
      assert(account.share.peer.exceptions >= 0, 'an exception that ends was begun by its peer');
    }
  }

  #chooseException(): DataAccount | undefined {
    let chosen: DataAccount | undefined;
    for (const account of this.#waiting) {
      // Commands in flight return their room when they end.
      if (!account.isIdle || !mayBeException(account)) continue;
      if (chosen === undefined || precedes(account, chosen)) chosen = account;
    }
    return chosen;
  }
}

/** An initiator holds up itself alone, and a peer leaves a turn for others. */
function mayBeException({ share }: DataAccount): boolean {
  return share.exceptions === 0 && share.peer.exceptions < PEER_EXCEPTIONS_MAX;
}

function precedes({ share: a }: DataAccount, { share: b }: DataAccount): boolean {
  if (a.peer !== b.peer) return a.peer.lastException < b.peer.lastException;
  return a.lastException < b.lastException;
}
