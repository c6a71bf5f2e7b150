import { assert } from '../base/assert.ts';
import {
  FREE_DATA_SHARE,
  FREE_INITIATOR_SHARE,
  FREE_INVITED_SHARE,
  FREE_PEER_SHARE,
  GATEWAY_DATA_BYTES_MAX,
  GATEWAY_INVITED_BYTES_MAX,
  SESSION_DATA_BYTES_MAX,
} from './limits.ts';

/** How often exceptions were granted, and to whom; see `DataBudget`. */
class Turns {
  /** Sessions that are the exception now. */
  exceptions = 0;
  /**
   * When one of its sessions became the exception last, by the count of exceptions. A new peer or
   * initiator counts as having been one just now and so stands behind those that wait: names are
   * free to invent, and a network with many addresses could always send a new one.
   */
  lastException: number;

  constructor(lastException: number) {
    this.lastException = lastException;
  }
}

/** The bytes that all sessions hold and are invited to send, beyond the guaranteed part of each. */
export class GatewayShare {
  readonly peers = new Map<string, PeerShare>();
  heldBytes = 0;
  invitedBytes = 0;

  get freeBytes(): number {
    return GATEWAY_DATA_BYTES_MAX - this.heldBytes - this.invitedBytes;
  }

  get freeInvitedBytes(): number {
    return GATEWAY_INVITED_BYTES_MAX - this.invitedBytes;
  }

  /** The share of an initiator that opens a session. `exceptions`: how many there have been. */
  open(peerName: string, initiatorName: string, exceptions: number): InitiatorShare {
    let peer = this.peers.get(peerName);
    if (peer === undefined) {
      peer = new PeerShare(this, peerName, exceptions);
      this.peers.set(peerName, peer);
    }
    const initiator = peer.initiator(initiatorName, exceptions);
    initiator.accounts++;
    return initiator;
  }
}

/** The bytes that the sessions of a peer hold together: see `DataBudget`. */
class PeerShare extends Turns {
  readonly gateway: GatewayShare;
  readonly name: string;
  readonly initiators = new Map<string, InitiatorShare>();
  heldBytes = 0;
  invitedBytes = 0;

  constructor(gateway: GatewayShare, name: string, exceptions: number) {
    super(exceptions);
    this.gateway = gateway;
    this.name = name;
  }

  initiator(name: string, exceptions: number): InitiatorShare {
    let share = this.initiators.get(name);
    if (share === undefined) {
      share = new InitiatorShare(this, name, exceptions);
      this.initiators.set(name, share);
    }
    return share;
  }

  get freeBytes(): number {
    const takenBytes = this.heldBytes + this.invitedBytes;
    return roomOf(this.gateway.freeBytes, takenBytes, FREE_PEER_SHARE);
  }

  get freeInvitedBytes(): number {
    return roomOf(this.gateway.freeInvitedBytes, this.invitedBytes, FREE_PEER_SHARE);
  }
}

/** The bytes that the sessions of an initiator hold together. */
export class InitiatorShare extends Turns {
  readonly peer: PeerShare;
  readonly name: string;
  accounts = 0;
  heldBytes = 0;
  invitedBytes = 0;

  constructor(peer: PeerShare, name: string, exceptions: number) {
    super(exceptions);
    this.peer = peer;
    this.name = name;
  }

  get #freeBytes(): number {
    const takenBytes = this.heldBytes + this.invitedBytes;
    return roomOf(this.peer.freeBytes, takenBytes, FREE_INITIATOR_SHARE);
  }

  /** The most that one session may hold beyond its guaranteed part. */
  get sessionBytes(): number {
    return Math.min(SESSION_DATA_BYTES_MAX, this.#freeBytes / FREE_DATA_SHARE);
  }

  /** The most that one command window may invite beyond the guaranteed part of its session. */
  get windowBytes(): number {
    const { peer, invitedBytes } = this;
    const free = roomOf(peer.freeInvitedBytes, invitedBytes, FREE_INITIATOR_SHARE);
    return Math.min(free, this.#freeBytes) / FREE_INVITED_SHARE;
  }

  countHeld(bytes: number): void {
    const { peer } = this;
    this.heldBytes += bytes;
    peer.heldBytes += bytes;
    peer.gateway.heldBytes += bytes;
    assert(this.heldBytes >= 0, 'an initiator never holds less than nothing');
    assert(peer.heldBytes >= this.heldBytes, 'a peer holds what its initiators hold');
    assert(peer.gateway.heldBytes >= peer.heldBytes, 'a gateway holds what its peers hold');
    if (this.accounts === 0) this.#dropIfUnused();
  }

  countInvited(bytes: number): void {
    const { peer } = this;
    this.invitedBytes += bytes;
    peer.invitedBytes += bytes;
    peer.gateway.invitedBytes += bytes;
    assert(this.invitedBytes >= 0, 'an initiator is never invited to less than nothing');
    assert(peer.invitedBytes >= this.invitedBytes, 'a peer is invited as its initiators are');
    assert(peer.gateway.invitedBytes >= peer.invitedBytes, 'a gateway invites all its peers');
  }

  /** A session of it is over. */
  close(): void {
    assert(this.accounts > 0, 'a session that ends has an account');
    this.accounts--;
    if (this.accounts === 0) this.#dropIfUnused();
  }

  #dropIfUnused(): void {
    const { peer, name } = this;
    // A command of a session that is over may count again after this, beside a new share.
    if (this.heldBytes > 0 || peer.initiators.get(name) !== this) return;
    peer.initiators.delete(name);
    if (peer.initiators.size === 0) peer.gateway.peers.delete(peer.name);
  }
}

/**
 * How much more a holder of `takenBytes` may take of `freeBytes`: it may hold `share` times as much
 * as it leaves free.
 */
function roomOf(freeBytes: number, takenBytes: number, share: number): number {
  const room = share * freeBytes - takenBytes;
  return room > 0 ? room / (share + 1) : 0;
}
