import { assert } from '../base/assert.ts';
import type { Slab, SlabOwner, SlabSource } from '../base/slab-pool.ts';
import type { InitiatorShare } from './data-shares.ts';
import {
  FREE_DATA_SHARE,
  OWN_COMMANDS_MAX,
  OWN_COMMANDS_MIN,
  SESSION_OWN_DATA_BYTES,
  SESSION_OWN_INVITED_BYTES,
  SLAB_SLACK_BYTES_MAX,
} from './limits.ts';

/** A command that needs room for data it solicits, or for data-in. */
export interface Claim {
  /** Bytes that it waits for; 0 while it does not wait. Written by its account. */
  claimedBytes: number;
  /** The room is there, and counted for it. */
  granted(): void;
}

/** The budget as an account sees it: it serves the accounts that wait. */
export interface AccountQueue {
  wait(account: DataAccount): void;
  /** Room may have come free. */
  freed(): void;
  /** Whether others wait for its exception, which has lasted for long. */
  isOverdue(account: DataAccount): boolean;
  close(account: DataAccount): void;
}

/**
 * The share of one session in the budget: slabs while any byte in them is in use, buffers of copied
 * data, room that was granted and is not used yet, and the unsolicited data that its command window
 * invites.
 */
export class DataAccount implements SlabSource, SlabOwner {
  /** Commands that it may always invite. */
  readonly ownCommands: number;
  readonly share: InitiatorShare;
  readonly #queue: AccountQueue;
  readonly #pool: SlabSource;
  readonly #commandBytes: number;
  /** Claims that wait, the oldest first. */
  readonly #claims = new Set<Claim>();
  /** Claims that may fit into the session's own share, and so may overtake longer ones. */
  readonly #small = new Set<Claim>();
  /** Its initiator has much to take, which was answered. */
  isSending: () => boolean = () => false;
  #heldBytes = 0;
  /** Claims that were granted to commands that have not ended. */
  #granted = 0;
  #invitedCommands = 0;
  #invitedBytes = 0;
  #closed = false;

  constructor(queue: AccountQueue, pool: SlabSource, commandBytes: number, share: InitiatorShare) {
    this.#queue = queue;
    this.share = share;
    this.#pool = pool;
    this.#commandBytes = commandBytes;
    const own = Math.floor(SESSION_OWN_INVITED_BYTES / commandBytes);
    this.ownCommands = Math.max(OWN_COMMANDS_MIN, Math.min(own, OWN_COMMANDS_MAX));
  }

  get slabBytes(): number {
    return this.#pool.slabBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get invitedCommands(): number {
    return this.#invitedCommands;
  }

  /** How much more it may hold; negative when it holds more than its share. */
  get roomBytes(): number {
    return SESSION_OWN_DATA_BYTES + this.share.sessionBytes - this.#heldBytes;
  }

  /** Whether so much more fits. Its own, which is enough for most commands, is looked at first. */
  hasRoomFor(bytes: number): boolean {
    return this.#heldBytes + bytes <= SESSION_OWN_DATA_BYTES || bytes <= this.roomBytes;
  }

  #fitsOwn(bytes: number): boolean {
    return this.#heldBytes + bytes <= SESSION_OWN_DATA_BYTES;
  }

  #mayClaim(bytes: number): boolean {
    const own = SESSION_OWN_DATA_BYTES - this.#heldBytes;
    if (bytes <= own) return true;
    const shareBytes = this.share.sessionBytes;
    const slack = Math.min(SLAB_SLACK_BYTES_MAX, shareBytes / FREE_DATA_SHARE);
    return bytes <= own + shareBytes - slack;
  }

  /**
   * Nothing larger than what it has of its own is under way, to the medium or to the initiator. It
   * may hold more all the same, with nothing under way: commands that wait keep slabs of which
   * others used the rest.
   */
  get isIdle(): boolean {
    if (this.#granted > 0 && this.#heldBytes > SESSION_OWN_DATA_BYTES) return false;
    return !this.isSending();
  }

  /** An exception was granted to it, and it still holds more than its share. */
  get isExcessive(): boolean {
    return !this.isIdle && this.#heldBytes > SESSION_OWN_DATA_BYTES && this.roomBytes < 0;
  }

  get hasClaims(): boolean {
    return this.#claims.size > 0;
  }

  /**
   * A slab, counted until it is back in its pool. Callers that can wait check `roomBytes` first.
   */
  take(): Slab {
    const slab = this.#pool.take();
    slab.owner = this;
    this.hold(this.#pool.slabBytes);
    return slab;
  }

  returned(slabBytes: number): void {
    this.release(slabBytes);
  }

  hold(bytes: number): void {
    this.#change(bytes);
  }

  /** Less than nothing where a command ends whose data stayed in its slabs. */
  release(bytes: number): void {
    this.#change(-bytes);
    this.#queue.freed();
  }

  /** The budget counts only the bytes beyond the session's own share. */
  #change(bytes: number): void {
    const before = this.#heldBytes - SESSION_OWN_DATA_BYTES;
    const now = before + bytes;
    this.#heldBytes += bytes;
    if (before <= 0 && now <= 0) return;
    this.share.countHeld(Math.max(0, now) - Math.max(0, before));
  }

  /** True: the room is counted for the command. False: it waits its turn. */
  claim(claim: Claim, bytes: number): boolean {
    const isNext =
      this.#claims.size === 0
        ? this.#mayClaim(bytes)
        : this.#small.size === 0 && this.#fitsOwn(bytes);
    // Work that continues after the end of its session does not wait.
    if (isNext || this.#closed) {
      this.#granted++;
      this.hold(bytes);
      return true;
    }
    claim.claimedBytes = bytes;
    this.#claims.add(claim);
    if (bytes <= SESSION_OWN_DATA_BYTES) this.#small.add(claim);
    if (this.#claims.size === 1) this.#queue.wait(this);
    return false;
  }

  /** A command that had been granted its claim has ended. */
  settle(): void {
    assert(this.#granted > 0, 'a command that ends was granted its claim before');
    this.#granted--;
    this.#queue.freed();
  }

  /** Answers have left: claims that waited for their room may be served. */
  sent(): void {
    if (this.#claims.size > 0) this.#queue.freed();
  }

  /** The command ended while it waited. */
  withdraw(claim: Claim): void {
    claim.claimedBytes = 0;
    this.#small.delete(claim);
    // Claims behind it may fit now.
    if (this.#claims.delete(claim)) this.#queue.freed();
  }

  /**
   * Grants the oldest claim if it fits, or as an exception; else the oldest of those that fit into
   * the session's own share: no other claim may use that, so the oldest loses nothing.
   * False: there are claims, and none fits.
   */
  grantNext(isException: boolean): boolean {
    const [oldest] = this.#claims;
    // All claims were withdrawn: there is nothing to wait for.
    if (oldest === undefined) return true;
    const [small] = this.#small;
    if (isException || this.#mayClaim(oldest.claimedBytes)) this.#grant(oldest);
    else if (small !== undefined && this.#fitsOwn(small.claimedBytes)) this.#grant(small);
    else return false;
    return true;
  }

  #grant(claim: Claim): void {
    const bytes = claim.claimedBytes;
    this.withdraw(claim);
    this.#granted++;
    this.hold(bytes);
    claim.granted();
  }

  /** Other sessions have waited for long enough for the room that it holds as an exception. */
  get isOverdue(): boolean {
    return this.#queue.isOverdue(this);
  }

  // The credit of the command window.

  /** Invites one more command. False: there is no room for its unsolicited data. */
  invite(): boolean {
    if (this.#closed) return false;
    if (this.#invitedCommands >= this.ownCommands) {
      // The command could only wait here instead of at the initiator.
      if (this.#claims.size > 0) return false;
      const bytes = this.#invitedBytes + this.#commandBytes;
      if (bytes > this.share.windowBytes) return false;
      this.#invitedBytes = bytes;
      this.share.countInvited(this.#commandBytes);
    }
    this.#invitedCommands++;
    return true;
  }

  /** A command has ended, and none may be sent for it. */
  retract(): void {
    if (this.#closed) return;
    assert(this.#invitedCommands > 0, 'a command that is retracted was invited');
    this.#invitedCommands--;
    if (this.#invitedCommands < this.ownCommands) return;
    this.#invitedBytes -= this.#commandBytes;
    assert(this.#invitedBytes >= 0, 'a window pays back no more than it took');
    this.share.countInvited(-this.#commandBytes);
    this.#queue.freed();
  }

  /** Other sessions need the window's room, or most of its commands wait for room. */
  get mustRetract(): boolean {
    const share = this.share.windowBytes;
    const others = this.#invitedBytes > share + this.#commandBytes;
    return others || 2 * this.#claims.size > this.#invitedCommands;
  }

  /** The session is over: it invites and awaits nothing. Held buffers count until returned. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.share.countInvited(-this.#invitedBytes);
    this.#invitedBytes = 0;
    this.#invitedCommands = 0;
    this.#claims.clear();
    this.#small.clear();
    this.#queue.close(this);
  }
}
