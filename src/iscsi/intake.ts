import type { ByteStream, StreamReader } from '../base/byte-stream.ts';
import type { Clock } from '../base/clock.ts';
import type { SlabSource } from '../base/slab-pool.ts';
import type { FullFeaturePhase } from './full-feature-phase.ts';
import { LOGIN_DATA_SEGMENT_BYTES_MAX, RECEIVE_DATA_SEGMENT_BYTES_MAX } from './limits.ts';
import type { LoginPhase } from './login-phase.ts';
import type { PeerWatch } from './peer-watch.ts';
import type { Session } from './session.ts';
import { TurnShare, type TurnShares } from './turn-share.ts';
import type { Pdu } from './wire/pdu.ts';
import { type FramingFault, type PduConsumer, PduReader } from './wire/pdu-reader.ts';
import type { SendQueue } from './wire/send-queue.ts';

export interface IntakeParts {
  readonly stream: ByteStream;
  readonly clock: Clock;
  /** Buffers for logins and discovery sessions: small, because the peer may be anyone. */
  readonly loginPool: SlabSource;
  readonly turnShares: TurnShares;
  /** Whether PDUs may be taken now; when not, `recheck` is called once they may be. */
  readonly mayAct: () => boolean;
  /** Where answers wait. */
  readonly queue: SendQueue;
  readonly watch: PeerWatch;
  readonly login: LoginPhase;
  readonly onFramingFault: (fault: FramingFault) => void;
  /** The stream is over. */
  readonly onClosed: (error: Error | undefined) => void;
}

/**
 * When a connection is read, and which phase its PDUs go to. Nothing is taken while answers must
 * leave first, while this gateway may not act, and once the connection's turn is over.
 */
export class Intake implements PduConsumer, StreamReader {
  readonly #parts: IntakeParts;
  readonly #stream: ByteStream;
  readonly #queue: SendQueue;
  readonly #watch: PeerWatch;
  readonly #login: LoginPhase;
  readonly #reader: PduReader;
  readonly #turn: TurnShare;
  #fullFeature: FullFeaturePhase | undefined;
  /** After a stop it still reads, and drops the bytes, to see that the peer has closed. */
  #isStopped = false;
  #paused = false;
  /** Asked once for all that came in together. */
  #mayAct = true;
  #resumeScheduled = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#stream = parts.stream;
    this.#queue = parts.queue;
    this.#watch = parts.watch;
    this.#login = parts.login;
    this.#reader = new PduReader(this, parts.loginPool, LOGIN_DATA_SEGMENT_BYTES_MAX);
    this.#turn = new TurnShare(parts.turnShares);
  }

  start(): void {
    this.#stream.start(this);
  }

  /** A part of a PDU is there. */
  get isWithinPdu(): boolean {
    return this.#reader.isWithinPdu;
  }

  /** From now on PDUs go there. */
  enterFullFeaturePhase(phase: FullFeaturePhase, session: Session): void {
    const { parameters, account, nexus } = session;
    this.#fullFeature = phase;
    this.#reader.useDigests(parameters.headerDigest, parameters.dataDigest);
    // Anyone may discover: a discovery session keeps the small buffers of its login.
    if (nexus === undefined) return;
    this.#turn.becomeSession();
    this.#reader.usePool(account, RECEIVE_DATA_SEGMENT_BYTES_MAX);
  }

  /** Takes no more PDUs. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Releases the receive buffers. */
  close(): void {
    this.#isStopped = true;
    this.#reader.close();
  }

  /** PDUs that were left may be taken now: asks again at the end of this turn. */
  recheck(): void {
    if (!this.#paused || this.#resumeScheduled) return;
    this.#resumeScheduled = true;
    this.#parts.clock.endOfTurn(() => {
      this.#resumeScheduled = false;
      this.#resume();
    });
  }

  /** Answers have left. */
  sent(): void {
    // After its turn a connection resumes at the end of the event loop's turn, and no sooner.
    if (!this.#turn.isOver) this.#resume();
  }

  // Called by the stream.

  buffer(): Uint8Array {
    return this.#reader.buffer();
  }

  received(length: number): void {
    if (this.#isStopped) return;
    this.#watch.received();
    this.#mayAct = this.#parts.mayAct();
    // Bytes that still arrive after a pause wait with the rest.
    if (!this.#paused) this.#turn.begin();
    this.#beginBatch();
    this.#reader.received(length);
    this.#endBatch();
    if (!this.ready) this.#pause();
    if (this.#turn.isOver) this.recheck();
  }

  closed(error: Error | undefined): void {
    this.#parts.onClosed(error);
  }

  // Called by the reader.

  get ready(): boolean {
    if (this.#isStopped || !this.#mayAct || this.#turn.isOver) return false;
    return this.#fullFeature === undefined
      ? this.#login.ready && this.#queue.hasRoom
      : this.#fullFeature.ready;
  }

  onPdu(pdu: Pdu, dataIntact: boolean): void {
    if (this.#fullFeature === undefined) this.#login.onPdu(pdu);
    else this.#fullFeature.onPdu(pdu, dataIntact);
    this.#turn.count();
  }

  onFramingFault(fault: FramingFault): void {
    this.#parts.onFramingFault(fault);
  }

  /** Answers to all that is taken together leave together. */
  #beginBatch(): void {
    this.#queue.gathers = true;
    this.#fullFeature?.beginBatch(this.#turn.beganMs);
  }

  #endBatch(): void {
    this.#queue.gathers = false;
    this.#queue.flush();
  }

  #pause(): void {
    if (this.#paused || this.#isStopped) return;
    this.#paused = true;
    this.#noteBlocked();
    this.#stream.pause();
  }

  /**
   * A turn that is over does not block: an initiator that sends more than fits into its turns is
   * read from all the time, and its deadlines stand.
   */
  #noteBlocked(): void {
    if (!this.#mayAct || this.#fullFeature?.ready === false) this.#watch.blocked();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#mayAct = this.#parts.mayAct();
    this.#turn.begin();
    if (!this.ready) return;
    this.#watch.unblocked();
    this.#beginBatch();
    this.#reader.parse();
    this.#endBatch();
    if (this.#turn.isOver) this.recheck();
    if (!this.ready) {
      this.#noteBlocked();
      return;
    }
    this.#paused = false;
    this.#stream.resume();
  }
}
