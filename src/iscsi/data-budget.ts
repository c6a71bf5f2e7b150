import type { Clock } from '../base/clock.ts';
import type { Slab, SlabOwner, SlabSource } from '../base/slab-pool.ts';
import {
  COMMAND_BYTES,
  FREE_DATA_SHARE,
  FREE_INVITED_SHARE,
  FREE_PEER_SHARE,
  GATEWAY_DATA_BYTES_MAX,
  GATEWAY_INVITED_BYTES_MAX,
  OWN_COMMANDS_MAX,
  OWN_COMMANDS_MIN,
  SESSION_DATA_BYTES_MAX,
  SESSION_OWN_DATA_BYTES,
  SESSION_OWN_INVITED_BYTES,
  SLAB_SLACK_BYTES_MAX,
} from './limits.ts';

/** A command that needs room for data it solicits, or for data-in. */
export interface Claim {
  /** What it waits for; 0 while it does not wait. Written by its account. */
  claimedBytes: number;
  /** The room is there, and counted for it. */
  granted(): void;
}

/** What the sessions of one peer hold together, beyond what each has of its own. */
interface PeerShare {
  readonly peer: string;
  accounts: number;
  heldBytes: number;
  invitedBytes: number;
  /** When one of its sessions was the exception, by the count of exceptions. */
  lastException: number;
}

/**
 * The memory that the commands of a gateway pin or are invited to bring.
 *
 * Every session has an account with something of its own, which nobody can take. Beyond that, all
 * share one budget. The sessions of a peer together may take a fixed part of what is still free,
 * and each of them a fixed part of what its peer may still take (the dynamic thresholds of switch
 * buffers: Choudhury and Hahne, 1998). However many take what they can, something is left for the
 * next one, and nobody needs to know how many there are. Peers are told apart as `networkOf` does,
 * or by name where the name was proved: sessions are free to open, and would else leave nothing.
 *
 * A command gets all of its room at once, so that one that has it needs nothing more to end. Where
 * nothing of a session is under way and its share is too small, its oldest command gets the room as
 * the exception: one session at a time, of the peer that has not had one for longest.
 */
export class DataBudget {
  readonly #pool: SlabSource;
  readonly #clock: Clock;
  readonly #accounts = new Set<DataAccount>();
  readonly #peers = new Map<string, PeerShare>();
  /** Accounts with claims that wait; the one that has waited for longest is the first. */
  readonly #waiting = new Set<DataAccount>();
  #exception: DataAccount | undefined;
  #exceptions = 0;
  #heldBytes = 0;
  #invitedBytes = 0;
  #scheduled = false;

  constructor(pool: SlabSource, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  /** Held by all sessions beyond what they have of their own. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Invited by all command windows beyond what sessions have of their own. */
  get invitedBytes(): number {
    return this.#invitedBytes;
  }

  /** Accounts that are open. */
  get sessions(): number {
    return this.#accounts.size;
  }

  /** Peers that hold something or have a session. */
  get peers(): number {
    return this.#peers.size;
  }

  /** An account for a session whose commands bring up to `unsolicitedBytes` without being asked. */
  open(unsolicitedBytes: number, peer: string): DataAccount {
    let share = this.#peers.get(peer);
    if (share === undefined) {
      share = { peer, accounts: 0, heldBytes: 0, invitedBytes: 0, lastException: 0 };
      this.#peers.set(peer, share);
    }
    share.accounts++;
    const account = new DataAccount(this, this.#pool, unsolicitedBytes + COMMAND_BYTES, share);
    this.#accounts.add(account);
    return account;
  }

  // What accounts call.

  /** What the sessions of a peer may take beyond what they have. */
  #freeBytes({ heldBytes, invitedBytes }: PeerShare): number {
    const free = GATEWAY_DATA_BYTES_MAX - this.#heldBytes - this.#invitedBytes;
    return roomOf(free, heldBytes + invitedBytes);
  }

  /** What a session may hold beyond its own. */
  shareBytes(peer: PeerShare): number {
    return Math.min(SESSION_DATA_BYTES_MAX, this.#freeBytes(peer) / FREE_DATA_SHARE);
  }

  /** What a command window may invite beyond its session's own. */
  invitedShareBytes(peer: PeerShare): number {
    const free = roomOf(GATEWAY_INVITED_BYTES_MAX - this.#invitedBytes, peer.invitedBytes);
    return Math.min(free, this.#freeBytes(peer)) / FREE_INVITED_SHARE;
  }

  countHeld(peer: PeerShare, bytes: number): void {
    this.#heldBytes += bytes;
    peer.heldBytes += bytes;
    this.#forgetIfGone(peer);
  }

  countInvited(peer: PeerShare, bytes: number): void {
    this.#invitedBytes += bytes;
    peer.invitedBytes += bytes;
  }

  wait(account: DataAccount): void {
    this.#waiting.add(account);
    this.freed();
  }

  /** Room may have come free. */
  freed(): void {
    if (this.#scheduled || this.#waiting.size === 0) return;
    this.#scheduled = true;
    // Not now: many commands may be on their way out, and none of them is to start.
    this.#clock.endOfTurn(this.#serve);
  }

  close(account: DataAccount): void {
    this.#accounts.delete(account);
    this.#waiting.delete(account);
    account.peer.accounts--;
    this.#forgetIfGone(account.peer);
    this.freed();
  }

  #forgetIfGone({ peer, accounts, heldBytes }: PeerShare): void {
    if (accounts === 0 && heldBytes === 0) this.#peers.delete(peer);
  }

  /** Grants what fits, a claim of each session in turn; then the exception, if there is none. */
  readonly #serve = (): void => {
    this.#scheduled = false;
    const waiting = this.#waiting;
    for (const account of waiting) {
      if (!account.grantNext(false)) continue;
      waiting.delete(account);
      // Behind the others: this loop comes to it again.
      if (account.hasClaims) waiting.add(account);
    }
    if (this.#exception?.isExcessive === true) return;
    this.#exception = this.#chooseException();
    if (this.#exception === undefined) return;
    const { peer } = this.#exception;
    peer.lastException = ++this.#exceptions;
    this.#exception.grantNext(true);
    waiting.delete(this.#exception);
    if (this.#exception.hasClaims) waiting.add(this.#exception);
  };

  #chooseException(): DataAccount | undefined {
    let chosen: DataAccount | undefined;
    for (const account of this.#waiting) {
      // What is under way gives room back when it ends.
      if (!account.isIdle) continue;
      const { lastException } = account.peer;
      if (chosen === undefined || lastException < chosen.peer.lastException) chosen = account;
    }
    return chosen;
  }
}

/** Of what is free, the part that a peer may take who has `takenBytes`. */
function roomOf(freeBytes: number, takenBytes: number): number {
  const room = FREE_PEER_SHARE * freeBytes - takenBytes;
  return room > 0 ? room / (FREE_PEER_SHARE + 1) : 0;
}

/**
 * What one session holds of the budget: slabs while anything in them is in use, buffers of copied
 * data, room that was granted and is not used yet; and what its command window invites.
 */
export class DataAccount implements SlabSource, SlabOwner {
  /** Commands that it may always invite. */
  readonly ownCommands: number;
  readonly peer: PeerShare;
  readonly #budget: DataBudget;
  readonly #pool: SlabSource;
  readonly #commandBytes: number;
  readonly #claims = new Set<Claim>();
  /** Answers of its session have not left. */
  isSending: () => boolean = () => false;
  #heldBytes = 0;
  /** Claims that were granted to commands that have not ended. */
  #granted = 0;
  #invitedCommands = 0;
  #invitedBytes = 0;
  #closed = false;

  constructor(budget: DataBudget, pool: SlabSource, commandBytes: number, peer: PeerShare) {
    this.#budget = budget;
    this.peer = peer;
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

  /** How much more it may hold; negative when others need what it holds. */
  get roomBytes(): number {
    return SESSION_OWN_DATA_BYTES + this.#budget.shareBytes(this.peer) - this.#heldBytes;
  }

  /** Whether so much more fits. Its own, which is enough for most commands, is looked at first. */
  hasRoomFor(bytes: number): boolean {
    return this.#heldBytes + bytes <= SESSION_OWN_DATA_BYTES || bytes <= this.roomBytes;
  }

  #mayClaim(bytes: number): boolean {
    const own = SESSION_OWN_DATA_BYTES - this.#heldBytes;
    if (bytes <= own) return true;
    const shareBytes = this.#budget.shareBytes(this.peer);
    const slack = Math.min(SLAB_SLACK_BYTES_MAX, shareBytes / FREE_DATA_SHARE);
    return bytes <= own + shareBytes - slack;
  }

  /**
   * Nothing that was granted is under way, to the medium or to the initiator. It may hold more than
   * its own all the same: commands that wait keep slabs of which others used the rest.
   */
  get isIdle(): boolean {
    return this.#granted === 0 && !this.isSending();
  }

  /** What was granted to it as the exception is under way, and more than it may hold. */
  get isExcessive(): boolean {
    return !this.isIdle && this.#heldBytes > SESSION_OWN_DATA_BYTES && this.roomBytes < 0;
  }

  get hasClaims(): boolean {
    return this.#claims.size > 0;
  }

  /** A slab, counted until it is back in its pool. Whoever may wait asks before (`roomBytes`). */
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
    this.#budget.freed();
  }

  /** The budget counts what is beyond its own, whichever way and however far it changes. */
  #change(bytes: number): void {
    const before = this.#heldBytes - SESSION_OWN_DATA_BYTES;
    const now = before + bytes;
    this.#heldBytes += bytes;
    if (before <= 0 && now <= 0) return;
    this.#budget.countHeld(this.peer, Math.max(0, now) - Math.max(0, before));
  }

  /** True: the room is counted for the command. False: it waits its turn. */
  claim(claim: Claim, bytes: number): boolean {
    const isNext = this.#claims.size === 0 && this.#mayClaim(bytes);
    // What goes on after the end of its session waits for nobody.
    if (isNext || this.#closed) {
      this.#granted++;
      this.hold(bytes);
      return true;
    }
    claim.claimedBytes = bytes;
    this.#claims.add(claim);
    if (this.#claims.size === 1) this.#budget.wait(this);
    return false;
  }

  /** A command that had been granted its claim has ended. */
  settle(): void {
    this.#granted--;
    this.#budget.freed();
  }

  /** Answers have left: what waited for that may be served. */
  sent(): void {
    if (this.#claims.size > 0) this.#budget.freed();
  }

  /** The command ended while it waited. */
  withdraw(claim: Claim): void {
    claim.claimedBytes = 0;
    // What stood behind it may fit.
    if (this.#claims.delete(claim)) this.#budget.freed();
  }

  /** Grants the oldest claim if it fits, or as the exception. */
  grantNext(isException: boolean): boolean {
    for (const claim of this.#claims) {
      const bytes = claim.claimedBytes;
      if (!isException && !this.#mayClaim(bytes)) return false;
      this.withdraw(claim);
      this.#granted++;
      this.hold(bytes);
      claim.granted();
      return true;
    }
    // All of them were withdrawn: there is no reason to wait.
    return true;
  }

  // The credit of the command window.

  /** One more command may be sent: false, there is no room for what it may bring unsolicited. */
  invite(): boolean {
    if (this.#closed) return false;
    if (this.#invitedCommands >= this.ownCommands) {
      // What would come could only wait, here instead of with the initiator.
      if (this.#claims.size > 0) return false;
      const bytes = this.#invitedBytes + this.#commandBytes;
      if (bytes > this.#budget.invitedShareBytes(this.peer)) return false;
      this.#invitedBytes = bytes;
      this.#budget.countInvited(this.peer, this.#commandBytes);
    }
    this.#invitedCommands++;
    return true;
  }

  /** A command has ended, and none may be sent for it. */
  retract(): void {
    if (this.#closed) return;
    this.#invitedCommands--;
    if (this.#invitedCommands < this.ownCommands) return;
    this.#invitedBytes -= this.#commandBytes;
    this.#budget.countInvited(this.peer, -this.#commandBytes);
    this.#budget.freed();
  }

  /** Others need what the window takes, or most of its commands wait for room. */
  get mustRetract(): boolean {
    const share = this.#budget.invitedShareBytes(this.peer);
    const others = this.#invitedBytes > share + this.#commandBytes;
    return others || 2 * this.#claims.size > this.#invitedCommands;
  }

  /** The session is over: it invites and waits for nothing. What is held counts until it is back. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#budget.countInvited(this.peer, -this.#invitedBytes);
    this.#invitedBytes = 0;
    this.#invitedCommands = 0;
    this.#claims.clear();
    this.#budget.close(this);
  }
}
