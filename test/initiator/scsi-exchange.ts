import { violation } from './initiator-error.ts';
import {
  DataIn,
  DataOut,
  lunField,
  NO_BYTES,
  NO_TAG,
  Opcode,
  type Pdu,
  pdu,
  R2t,
  ScsiCommand,
  ScsiResponse,
} from './pdu.ts';
import type { SessionParameters } from './session-parameters.ts';

export interface ScsiRequest {
  readonly cdb: Uint8Array;
  readonly lun?: number;
  readonly dataOut?: Uint8Array;
  /** Bytes of data-in that we are ready to take. */
  readonly dataInLength?: number;
  /** The Expected Data Transfer Length, where it is to differ from the data above. */
  readonly expectedLength?: number;
  /** Task attribute as coded on the wire; 1 (SIMPLE) unless given. */
  readonly attribute?: number;
  /** The I bit: outside of the CmdSN window. */
  readonly immediate?: boolean;
  /** Bytes of immediate data; as many as are allowed unless given. */
  readonly immediateLength?: number;
  /** Bytes of unsolicited Data-Out PDUs; as many as are allowed unless given. */
  readonly unsolicitedLength?: number;
  /** Longest data segment of Data-Out, if shorter than the target allows. */
  readonly segmentLength?: number;
  /** Called for each R2T; false leaves it unanswered, until `Initiator.sendWithheld`. */
  readonly onR2t?: (bufferOffset: number, desiredLength: number) => boolean;
  readonly timeoutMs?: number;
}

export interface ScsiResult {
  /** iSCSI service response: 0 is "command completed at target". */
  readonly response: number;
  readonly status: number;
  /** Sense data, without the length in front of it; empty if there are none. */
  readonly sense: Buffer;
  readonly dataIn: Buffer;
  /** Negative: underflow, so many bytes less than expected; positive: overflow. */
  readonly residual: number;
  readonly r2ts: number;
}

interface Burst {
  readonly tag: number;
  readonly offset: number;
  readonly end: number;
}

/** One SCSI command from its first PDU to its status; checks each PDU of the target against it. */
export class ScsiExchange {
  readonly initiatorTaskTag: number;
  readonly #request: ScsiRequest;
  readonly #parameters: SessionParameters;
  readonly #maxRecvDataSegmentLength: number;
  readonly #dataOut: Uint8Array;
  readonly #dataIn: Buffer;
  #received = 0;
  #burstReceived = 0;
  #burstOpen = false;
  /** Data-In and R2T PDUs are numbered together. */
  #sequence = 0;
  #dataInPdus = 0;
  #r2ts = 0;
  #openR2ts = 0;
  #solicitedTo = 0;
  readonly #withheld: Burst[] = [];

  constructor(
    request: ScsiRequest,
    initiatorTaskTag: number,
    parameters: SessionParameters,
    maxRecvDataSegmentLength: number,
  ) {
    this.#request = request;
    this.initiatorTaskTag = initiatorTaskTag;
    this.#parameters = parameters;
    this.#maxRecvDataSegmentLength = maxRecvDataSegmentLength;
    this.#dataOut = request.dataOut ?? NO_BYTES;
    this.#dataIn = Buffer.alloc(request.dataInLength ?? 0);
  }

  get request(): ScsiRequest {
    return this.#request;
  }

  /** The command and its unsolicited data. */
  *first(cmdSn: number, expStatSn: number): Generator<Pdu> {
    const { cdb, lun = 0, attribute = 1 } = this.#request;
    const length = this.#dataOut.length;
    const { immediateData, initialR2t, firstBurstLength } = this.#parameters;
    const firstBurst = Math.min(length, firstBurstLength);
    const immediate =
      this.#request.immediateLength ??
      (immediateData ? Math.min(firstBurst, this.#segmentLength()) : 0);
    const unsolicited =
      this.#request.unsolicitedLength ?? (initialR2t ? 0 : firstBurst - immediate);
    const command = pdu(
      ScsiCommand,
      {
        opcode: Opcode.scsiCommand,
        immediate: this.#request.immediate ? 1 : 0,
        final: unsolicited > 0 ? 0 : 1,
        read: this.#dataIn.length > 0 ? 1 : 0,
        write: length > 0 ? 1 : 0,
        attribute,
        lun: lunField(lun),
        initiatorTaskTag: this.initiatorTaskTag,
        expectedDataTransferLength: this.#expectedLength(),
        cmdSn,
        expStatSn,
      },
      this.#dataOut.subarray(0, immediate),
    );
    command.bhs.set(cdb.subarray(0, 16), 32);
    yield command;
    this.#solicitedTo = immediate + unsolicited;
    if (unsolicited > 0) {
      yield* this.#burst({ tag: NO_TAG, offset: immediate, end: this.#solicitedTo }, expStatSn);
    }
  }

  /** The data that an R2T asks for. */
  *r2t({ bhs }: Pdu, expStatSn: number): Generator<Pdu> {
    const offset = R2t.bufferOffset.get(bhs);
    const desired = R2t.desiredLength.get(bhs);
    const tag = R2t.targetTransferTag.get(bhs);
    this.#inSequence('R2TSN', R2t.r2tSn.get(bhs));
    this.#r2ts += 1;
    const { maxBurstLength, maxOutstandingR2t } = this.#parameters;
    if (tag === NO_TAG) throw violation('R2T with the reserved Target Transfer Tag');
    if (desired === 0 || desired > maxBurstLength) throw violation(`R2T of ${desired} bytes`);
    if (offset !== this.#solicitedTo) {
      throw violation(`R2T at ${offset}, ${this.#solicitedTo} is due`);
    }
    if (offset + desired > this.#expectedLength())
      throw violation('R2T beyond the expected length');
    if (++this.#openR2ts > maxOutstandingR2t) throw violation('more R2Ts than MaxOutstandingR2T');
    this.#solicitedTo = offset + desired;
    const burst = { tag, offset, end: offset + desired };
    if (this.#request.onR2t?.(offset, desired) === false) this.#withheld.push(burst);
    else yield* this.#answer(burst, expStatSn);
  }

  /** The data of R2Ts that were left unanswered. */
  *withheld(expStatSn: number): Generator<Pdu> {
    for (const burst of this.#withheld.splice(0)) yield* this.#answer(burst, expStatSn);
  }

  /** Returns the result when the PDU carries the status. */
  dataIn({ bhs, data }: Pdu): ScsiResult | undefined {
    const offset = DataIn.bufferOffset.get(bhs);
    const final = DataIn.final.get(bhs) === 1;
    const hasStatus = DataIn.hasStatus.get(bhs) === 1;
    this.#inSequence('DataSN', DataIn.dataSn.get(bhs));
    this.#dataInPdus += 1;
    if (data.length > this.#maxRecvDataSegmentLength) throw violation('Data-In: segment too long');
    if (offset !== this.#received) throw violation(`Data-In at ${offset}, not ${this.#received}`);
    if (offset + data.length > this.#dataIn.length) throw violation('Data-In beyond what we take');
    this.#dataIn.set(data, offset);
    this.#received += data.length;
    this.#burstReceived += data.length;
    this.#burstOpen = !final;
    if (this.#burstReceived > this.#parameters.maxBurstLength) throw violation('MaxBurstLength');
    if (final) this.#burstReceived = 0;
    if (!hasStatus) return undefined;
    if (!final) throw violation('Data-In: S without F');
    const { overflow, underflow, residual, status } = DataIn;
    // Only these need no sense data (RFC 7143, SCSI Data-In).
    const code = status.get(bhs);
    if (code !== 0x00 && code !== 0x04) throw violation(`Data-In: status ${code.toString(16)}h`);
    return this.#result({
      response: 0,
      status: code,
      sense: NO_BYTES,
      overflow: overflow.get(bhs) === 1,
      underflow: underflow.get(bhs) === 1,
      residual: residual.get(bhs),
    });
  }

  response({ bhs, data }: Pdu): ScsiResult {
    if (this.#burstOpen) throw violation('SCSI Response inside a Data-In sequence without F');
    const expDataSn = ScsiResponse.expDataSn.get(bhs);
    if (expDataSn !== this.#sequence && !(this.#dataInPdus === 0 && expDataSn === 0)) {
      throw violation(`SCSI Response: ExpDataSN ${expDataSn} after ${this.#sequence} PDUs`);
    }
    if (ScsiResponse.final.get(bhs) !== 1) throw violation('SCSI Response without F');
    const { overflow, underflow, residual, status, response } = ScsiResponse;
    return this.#result({
      response: response.get(bhs),
      status: status.get(bhs),
      sense: senseOf(data),
      overflow: overflow.get(bhs) === 1,
      underflow: underflow.get(bhs) === 1,
      residual: residual.get(bhs),
    });
  }

  #result(end: {
    readonly response: number;
    readonly status: number;
    readonly sense: Buffer;
    readonly overflow: boolean;
    readonly underflow: boolean;
    readonly residual: number;
  }): ScsiResult {
    const { response, status, sense, overflow, underflow, residual } = end;
    if (overflow && underflow) throw violation('residual: overflow and underflow');
    if (underflow && residual > this.#expectedLength()) throw violation('residual over expected');
    if ((overflow || underflow) && residual === 0) throw violation('residual of 0 bytes');
    if (status === 0x02 && sense.length === 0) throw violation('CHECK CONDITION without sense');
    const signed = underflow ? -residual : overflow ? residual : 0;
    if (this.#dataIn.length > 0 && status === 0 && response === 0) {
      const due = this.#dataIn.length + Math.min(0, signed);
      if (this.#received !== due) throw violation(`${this.#received} bytes of data-in, not ${due}`);
    }
    const dataIn = this.#dataIn.subarray(0, this.#received);
    return { response, status, sense, dataIn, residual: signed, r2ts: this.#r2ts };
  }

  *#answer(burst: Burst, expStatSn: number): Generator<Pdu> {
    yield* this.#burst(burst, expStatSn);
    this.#openR2ts -= 1;
  }

  *#burst({ tag, offset, end }: Burst, expStatSn: number): Generator<Pdu> {
    const step = this.#segmentLength();
    let dataSn = 0;
    for (let at = offset; at < end; at += step) {
      const next = Math.min(end, at + step);
      yield pdu(
        DataOut,
        {
          opcode: Opcode.dataOut,
          final: next === end ? 1 : 0,
          lun: lunField(this.#request.lun ?? 0),
          initiatorTaskTag: this.initiatorTaskTag,
          targetTransferTag: tag,
          expStatSn,
          dataSn: dataSn++,
          bufferOffset: at,
        },
        this.#dataOut.subarray(at, next),
      );
    }
  }

  #inSequence(name: string, value: number): void {
    if (value !== this.#sequence) throw violation(`${name} ${value}, ${this.#sequence} is due`);
    this.#sequence += 1;
  }

  #segmentLength(): number {
    const { targetMaxRecvDataSegmentLength } = this.#parameters;
    return Math.min(this.#request.segmentLength ?? Infinity, targetMaxRecvDataSegmentLength);
  }

  #expectedLength(): number {
    return this.#request.expectedLength ?? (this.#dataOut.length || this.#dataIn.length);
  }
}

function senseOf(data: Buffer): Buffer {
  if (data.length === 0) return NO_BYTES;
  if (data.length < 2 || data.readUInt16BE(0) > data.length - 2) throw violation('SenseLength');
  return data.subarray(2, 2 + data.readUInt16BE(0));
}
