import { Buffer } from 'node:buffer';
import type { Clock } from '../base/clock.ts';
import { TEXT_REQUEST_BYTES_MAX, TEXT_TIMEOUT_MS } from './limits.ts';
import { negotiate, startNegotiation } from './login/negotiate.ts';
import type { Offer } from './login/negotiation-settings.ts';
import type { SendTargetsScope } from './send-targets.ts';
import { sendTargets } from './send-targets.ts';
import { RESERVED_TAG, TextRequest } from './standard/bhs.ts';
import { KEYS } from './standard/keys.ts';
import { RejectReason } from './standard/reject-reason.ts';
import type { TextPair } from './wire/text.ts';
import { formatText, parseText } from './wire/text.ts';
import { TextAssembly } from './wire/text-assembly.ts';

/** A Text Request, apart from its numbers. */
interface TextPdu {
  readonly bytes: Uint8Array;
  readonly base: number;
  joinedData(): Uint8Array;
}

type TextAnswer =
  | { readonly status: 'reject'; readonly reason: RejectReason }
  | {
      readonly status: 'answer';
      readonly final: boolean;
      readonly continues: boolean;
      readonly targetTransferTag: number;
      /** Undefined: no text. */
      readonly data: Uint8Array | undefined;
      /** The initiator declared a new MaxRecvDataSegmentLength; it holds after this answer. */
      readonly initiatorMaxRecvDataSegmentLength: number | undefined;
    };

/** Target Transfer Tags run from 1 up to this and begin again. */
const TAG_MAX = 0x7fff_ffff;

/**
 * The Text Requests of one session in full feature phase: discovery, and keys that may be
 * declared again. One exchange at a time; a new one (reserved Target Transfer Tag) ends the last.
 */
export class DiscoveryService {
  readonly #scope: SendTargetsScope;
  readonly #clock: Clock;
  readonly #text = new TextAssembly(TEXT_REQUEST_BYTES_MAX);
  /** The rest of the answer; undefined when no answer is in progress. */
  #rest: PairReader | undefined;
  #tag = 0;
  #open = false;
  /** When the rest of the request, or the demand for the rest of the answer, is due. */
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(scope: SendTargetsScope, clock: Clock) {
    this.#scope = scope;
    this.#clock = clock;
  }

  /** Drops the open exchange, because the targets that it lists have changed. */
  drop(): void {
    this.#close();
  }

  /** Drops an exchange that the initiator does not finish; its tag is unknown from then on. */
  expire(): void {
    if (this.#open && this.#clock.now() >= this.#dueMs) this.#close();
  }

  /** `lengthMax`: the longest data segment that the initiator takes now. */
  onTextRequest(lengthMax: number, pdu: TextPdu): TextAnswer {
    const { bytes, base } = pdu;
    const request = {
      final: TextRequest.final.get(bytes, base) === 1,
      continues: TextRequest.continue.get(bytes, base) === 1,
      tag: TextRequest.targetTransferTag.get(bytes, base),
    };
    if (request.tag === RESERVED_TAG) this.#begin();
    else if (!this.#open || request.tag !== this.#tag) {
      return this.#reject(RejectReason.invalidPduField);
    }
    if (request.final && request.continues) return this.#reject(RejectReason.protocolError);
    // Pieces do not put the deadline off: a request takes as long as it may, not each part of it.
    if (this.#text.empty) this.#dueMs = this.#clock.now() + TEXT_TIMEOUT_MS;
    if (!this.#text.add(pdu.joinedData())) return this.#reject(RejectReason.protocolError);
    if (request.continues) return this.#answer(false, false, [], undefined);
    return this.#takeText(request.final, lengthMax);
  }

  #takeText(final: boolean, lengthMax: number): TextAnswer {
    const pairs = parseText(this.#text.take());
    if ('fault' in pairs) return this.#reject(RejectReason.protocolError);
    let declared: number | undefined;
    if (this.#rest === undefined) {
      const outcome = this.#work(pairs);
      if (outcome === undefined) return this.#reject(RejectReason.protocolError);
      this.#rest = new PairReader(outcome.replies);
      declared = outcome.declared;
    } else if (pairs.length > 0) {
      return this.#reject(RejectReason.protocolError);
    }
    const piece = this.#rest.take(lengthMax);
    const more = !this.#rest.done;
    if (!more) this.#rest = undefined;
    return this.#answer(final && !more, more, piece, declared);
  }

  /** Works off one whole text; undefined: it breaks the protocol. */
  #work(
    pairs: readonly TextPair[],
  ): { replies: Iterable<TextPair>; declared: number | undefined } | undefined {
    const asked = pairs.filter((pair) => pair.key === 'SendTargets');
    if (asked.length > 1) return undefined;
    const fixed = pairs.filter(({ key }) => isFixed(key));
    const rest = pairs.filter(({ key }) => key !== 'SendTargets' && !isFixed(key));
    const discovery = this.#scope.ownTarget === undefined;
    const step = negotiate(startNegotiation(discovery), rest, NO_OFFER);
    if ('fault' in step) return undefined;
    const rejected = fixed.map(({ key }) => ({ key, value: 'Reject' }));
    const targets = asked[0] && sendTargets(asked[0].value, this.#scope);
    const listed = targets ?? asked.map(({ key }) => ({ key, value: 'Reject' }));
    const declared = step.negotiated.values.get('MaxRecvDataSegmentLength');
    return {
      replies: chain([...step.replies, ...rejected], listed),
      declared: declared === undefined ? undefined : Number(declared),
    };
  }

  #begin(): void {
    this.#text.clear();
    this.#rest = undefined;
    this.#tag = (this.#tag % TAG_MAX) + 1;
    this.#open = true;
  }

  #reject(reason: RejectReason): TextAnswer {
    this.#close();
    return { status: 'reject', reason };
  }

  #close(): void {
    this.#text.clear();
    this.#rest = undefined;
    this.#open = false;
  }

  #answer(
    final: boolean,
    continues: boolean,
    pairs: readonly TextPair[],
    initiatorMaxRecvDataSegmentLength: number | undefined,
  ): TextAnswer {
    if (final) this.#open = false;
    return {
      status: 'answer',
      final,
      continues,
      targetTransferTag: final ? RESERVED_TAG : this.#tag,
      data: pairs.length === 0 ? undefined : formatText(pairs),
      initiatorMaxRecvDataSegmentLength,
    };
  }
}

/** Nothing is negotiated after the login; what remains is declared. */
const NO_OFFER: Offer = { numbers: {}, booleans: {}, lists: {} };

/** Whether the standard knows the key but settles it in the login for good. */
function isFixed(key: string): boolean {
  const row = KEYS.get(key);
  return row !== undefined && row.use !== 'any' && row.use !== 'fullFeature';
}

function* chain(first: Iterable<TextPair>, second: Iterable<TextPair>): Iterable<TextPair> {
  yield* first;
  yield* second;
}

/** Reads pairs in pieces of bounded length; every pair is shorter than the shortest piece. */
class PairReader {
  readonly #pairs: Iterator<TextPair>;
  #next: IteratorResult<TextPair>;

  constructor(pairs: Iterable<TextPair>) {
    this.#pairs = pairs[Symbol.iterator]();
    this.#next = this.#pairs.next();
  }

  get done(): boolean {
    return this.#next.done === true;
  }

  /** As many pairs as fit into `length` bytes, at least one. */
  take(length: number): readonly TextPair[] {
    const piece: TextPair[] = [];
    let left = length;
    while (!this.#next.done) {
      const pair = this.#next.value;
      left -= pair.key.length + Buffer.byteLength(pair.value) + PAIR_OVERHEAD;
      if (left < 0 && piece.length > 0) break;
      piece.push(pair);
      this.#next = this.#pairs.next();
    }
    return piece;
  }
}

/** The "=" and the NUL. */
const PAIR_OVERHEAD = 2;
