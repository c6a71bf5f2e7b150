import type { Member } from '../records/records.ts';
import type { MemoryLease } from './memory-lease.ts';

/**
 * The gateways that count, and how one that does not answer is kept from changing anything.
 * `test/contract/membership.ts` proves a driver. Methods reject with a `Failure` whose code
 * begins with `members` or `records` (docs/reference/errors.md).
 *
 * The order of a start: open the records' client instance; `joinMembership`; open further
 * instances, each registered before its first operation; read the document and the records of the
 * logical units; `admit`; and only then admit initiators.
 */
export interface Membership {
  readonly self: Member;
  /** As last read: at most a heartbeat old while the store answers. */
  readonly view: MembershipView;

  /**
   * Whether this gateway may take a PDU or submit to a volume now; to be asked in each turn before
   * it does. False when it is closed, and after a gap in its event loop until `confirm` resolved.
   */
  mayAct(): boolean;

  /** Resolves whether this incarnation is open, by a heartbeat begun after the call. */
  confirm(): Promise<boolean>;

  /**
   * Lists a client instance and has it pass the barrier. To be awaited before its first operation;
   * the driver counts it among its instances from before this call.
   */
  register(instance: Instance): Promise<void>;

  /** Takes an instance that is closed, with nothing in flight, from the list. */
  unregister(address: string): Promise<void>;

  /** Ends joining: resolves when all fences are finished and this member is one that serves. */
  admit(): Promise<void>;

  /** Says to all that this gateway asks its initiators to leave; it counts until it has left. */
  drain(): Promise<void>;

  /**
   * Resolves when nothing that the member submitted is seen done later by any gateway. True at
   * once for one that has left. Rejects with `membersOwnGateway` for this member itself.
   */
  fence(member: Member): Promise<void>;

  /**
   * Fences a volume instance of this member: resolves when nothing that the instance submitted is
   * seen done later by any gateway. The instance is of no use afterwards.
   */
  fenceInstance(address: string): Promise<void>;

  /** Says to all that this version of the document stands; an older one changes nothing. */
  raiseDocumentVersion(version: number): Promise<void>;

  /** What is read of the members now, without a heartbeat. Rejects when the store does not say. */
  read(): Promise<MembershipView>;

  /** This member may commit events of those logical units: whoever sees a mark reads the record. */
  mark(units: readonly string[]): Promise<void>;

  /** Removes marks: this member's own, or those of members that are over. */
  unmark(marks: readonly Mark[]): Promise<void>;

  /**
   * Every heartbeat from now on tells, for each logical unit with a mark, what `acknowledged` says:
   * the number of the last event that this gateway enforces, undefined for none.
   */
  acknowledgeWith(acknowledged: (unit: string) => number | undefined): void;

  /**
   * How long this gateway may answer from memory what gateways share. It is over when this member
   * may be closed, and its fence finished, without its knowing.
   */
  readonly memoryLease: MemoryLease;

  /** Whether records of logical units may be read and changed: not while it holds for a barrier. */
  mayUseRecords(): boolean;

  /** Returns the undo. A member that is closed already says so at once. */
  listen(listener: MembershipListener): () => void;

  /**
   * Says that this gateway has gone, all it submitted being done; `clean` false: some of it may
   * not be, and the others fence it. Nothing is heard afterwards.
   */
  leave(clean?: boolean): Promise<void>;
}

export interface MembershipView {
  /** Raised when a gateway begins to serve and no other does. */
  readonly life: number;
  /** The barrier epoch. */
  readonly epoch: number;
  readonly documentVersion: number;
  /** Logical units that may have an event which is not settled, in order. */
  readonly marks: readonly Mark[];
  /** In the order in which they were opened. */
  readonly members: readonly MemberState[];
}

/** A member commits events of a logical unit, or may have done so. */
export interface Mark {
  readonly unit: string;
  readonly author: Member;
}

/** One incarnation. */
export interface MemberState extends Member {
  /** Of two incarnations of one name, the one with the higher number started later. */
  readonly start: number;
  readonly state: 'joining' | 'serving' | 'closed' | 'finished';
  /** It asks its initiators to leave: others should not come. */
  readonly isDraining: boolean;
  /**
   * It took no command when it was closed: it had shown no sign of life for as long as a suspicion
   * takes, its process had ended, or it closed itself. Any other closed one may not know it yet.
   */
  readonly isAtRest: boolean;
  /** Finished because it left, not because it was fenced. */
  readonly hasLeft: boolean;
  readonly instances: readonly Instance[];
  /** It enforces events of logical units; a release that does not know of them says nothing. */
  readonly enforcesEvents: boolean;
  /** The epoch of the fence, once all its instances are on the blocklist. */
  readonly fenceEpoch: number | undefined;
  readonly heartbeat: Heartbeat;
}

export interface Instance {
  /** As the cluster's blocklist takes it. */
  readonly address: string;
  readonly kind: 'records' | 'volume';
}

export interface Heartbeat {
  readonly counter: number;
  /** The barrier epoch that this member has passed, or holds for. */
  readonly epoch: number;
  readonly isHolding: boolean;
  /** By logical unit, for those with a mark: the number of the last event that it enforces. */
  readonly acknowledged: ReadonlyMap<string, number>;
}

export interface MembershipListener {
  /** A member is gone and changes nothing more. Called once for each, one per turn. */
  onGone?(gone: GoneMember): void;
  /** Something of the view, heartbeats apart, is not as it was. */
  onView?(view: MembershipView): void;
  /** After a gap `mayAct` is true again: work that was skipped for it can be done. */
  onConfirmed?(): void;
  /** This incarnation is over: stop, drop all sessions, and join again after a back-off. */
  onClosed?(reason: ClosedReason): void;
}

export interface GoneMember {
  readonly member: Member;
  readonly how: 'fenced' | 'left';
  /** The members that count since then. */
  readonly members: readonly MemberState[];
}

/**
 * `closed`: another member fences this one. `cut`: the cluster was silent for too long. `stalled`:
 * this gateway's own event loop stood still for too long.
 */
export type ClosedReason = 'closed' | 'cut' | 'stalled';

/** Whether the incarnation counts: it must acknowledge and pass barriers. */
export function isOpen({ state }: MemberState): boolean {
  return state === 'joining' || state === 'serving';
}

export function isSame(a: Member, b: Member): boolean {
  return a.name === b.name && a.incarnation === b.incarnation;
}

export function stateOf(view: MembershipView, member: Member): MemberState | undefined {
  return view.members.find((state) => isSame(state, member));
}

/** Whether it is proved that the member can change nothing more. */
export function isOver(view: MembershipView, member: Member): boolean {
  const state = stateOf(view, member);
  return state === undefined || state.state === 'finished';
}
