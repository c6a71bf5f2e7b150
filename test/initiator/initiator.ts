import { Connection } from './connection.ts';
import { type Address, type InitiatorHost, thisHost } from './host.ts';
import { InitiatorError, violation } from './initiator-error.ts';
import { decodePairs, encodeKeys } from './keys.ts';
import { type LoginOptions, type LoginResult, login } from './login.ts';
import {
  AnswerBhs,
  AsyncMessage,
  Bhs,
  LogoutRequest,
  LogoutResponse,
  lunField,
  NO_BYTES,
  NO_TAG,
  NopIn,
  NopOut,
  Opcode,
  type Pdu,
  pdu,
  Reject,
  TaskManagementRequest,
  TaskManagementResponse,
  TextRequest,
  TextResponse,
} from './pdu.ts';
import { ScsiExchange, type ScsiRequest, type ScsiResult } from './scsi-exchange.ts';
import { SequenceWatch } from './sequence-watch.ts';
import { type SessionParameters, sessionParameters } from './session-parameters.ts';

export interface InitiatorOptions extends LoginOptions, Address {
  /** For every exchange that gives no bound of its own. */
  readonly timeoutMs?: number;
  /** Where it runs; this machine unless given. */
  readonly on?: InitiatorHost;
}

export interface TaskManagement {
  readonly function: number;
  readonly lun?: number;
  /** The command meant by ABORT TASK and QUERY TASK. */
  readonly of?: CommandHandle;
  readonly referencedTaskTag?: number;
  readonly refCmdSn?: number;
}

export interface AsyncEvent {
  readonly event: number;
  readonly parameters: readonly [number, number, number];
  readonly data: Buffer;
}

/** A command under way. */
export interface CommandHandle {
  readonly initiatorTaskTag: number;
  /** Undefined until the CmdSN window let it go. */
  readonly cmdSn: number | undefined;
  readonly result: Promise<ScsiResult>;
}

interface Outstanding {
  readonly exchange: ScsiExchange | undefined;
  readonly answered: (pdu: Pdu | ScsiResult) => void;
  readonly failed: (error: Error) => void;
}

/** Only a hang takes longer. */
const TIMEOUT_MS = 60_000;
/** Commands that wait for the CmdSN window. */
const QUEUE_MAX = 100_000;
const TEXT_STEPS_MAX = 100;
const ANSWERS: ReadonlySet<number> = new Set([
  Opcode.nopIn,
  Opcode.scsiResponse,
  Opcode.taskManagementResponse,
  Opcode.textResponse,
  Opcode.dataIn,
  Opcode.logoutResponse,
  Opcode.r2t,
]);

/**
 * An iSCSI initiator of one session with one connection, for tests. It keeps the rules and watches
 * that the target does: a broken one ends the session with a `protocolViolation`.
 */
export class Initiator {
  readonly connection: Connection;
  readonly loginResult: LoginResult;
  readonly parameters: SessionParameters;
  readonly rejects: number[] = [];
  readonly asyncEvents: AsyncEvent[] = [];
  /** Set false to leave the target's NOP-Ins unanswered. */
  answersNops = true;
  onAsync: ((event: AsyncEvent) => void) | undefined = undefined;
  readonly #options: InitiatorOptions;
  readonly #watch: SequenceWatch;
  readonly #outstanding = new Map<number, Outstanding>();
  readonly #queue: (() => void)[] = [];
  #queueHead = 0;
  #lastTag = 0;

  private constructor(connection: Connection, result: LoginResult, options: InitiatorOptions) {
    this.connection = connection;
    this.loginResult = result;
    this.#options = options;
    this.parameters = sessionParameters(result);
    this.#watch = new SequenceWatch({ ...result, cmdSn: 1 });
    connection.headerDigest = this.parameters.headerDigest;
    connection.dataDigest = this.parameters.dataDigest;
    connection.onPdu = (received) => this.#received(received);
    connection.closed.then((error) => this.#lost(error)).catch(() => {});
  }

  /** Connects and logs in. */
  static async connect(options: InitiatorOptions): Promise<Initiator> {
    const { host, port, loginTimeoutMs, on } = options;
    const connection = await Connection.open({ host, port }, loginTimeoutMs, on);
    const declared = options.keys?.['MaxRecvDataSegmentLength'] ?? '262144';
    connection.maxRecvDataSegmentLength = Number(declared);
    try {
      return new Initiator(connection, await login(connection, options), options);
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  get closed(): Promise<Error | undefined> {
    return this.connection.closed;
  }

  get isOpen(): boolean {
    return this.connection.isOpen;
  }

  get sequence(): SequenceWatch {
    return this.#watch;
  }

  get commandsOutstanding(): number {
    return this.#outstanding.size;
  }

  /** Sends a command when the window allows it, and resolves with its status. */
  execute(request: ScsiRequest): Promise<ScsiResult> {
    return this.start(request).result;
  }

  start(request: ScsiRequest): CommandHandle {
    const maxRecv = this.connection.maxRecvDataSegmentLength;
    const exchange = new ScsiExchange(request, this.#takeTag(), this.parameters, maxRecv);
    const handle: { -readonly [Name in keyof CommandHandle]: CommandHandle[Name] } = {
      initiatorTaskTag: exchange.initiatorTaskTag,
      cmdSn: undefined,
      result: this.#expect(exchange.initiatorTaskTag, exchange, request.timeoutMs),
    };
    // Whoever looks at the result later, or never, must not end the process.
    handle.result.catch(() => {});
    const send = (cmdSn: number) => {
      handle.cmdSn = cmdSn;
      for (const part of exchange.first(cmdSn, this.#watch.expStatSn)) this.connection.send(part);
    };
    if (request.immediate) send(this.#watch.cmdSn);
    else this.#inOrder(() => send(this.#watch.takeCmdSn()));
    return handle;
  }

  /** Answers the R2Ts of a command that `onR2t` has left unanswered. */
  sendWithheld({ initiatorTaskTag }: CommandHandle): void {
    const exchange = this.#outstanding.get(initiatorTaskTag)?.exchange;
    const parts = exchange?.withheld(this.#watch.expStatSn) ?? [];
    for (const part of parts) this.connection.send(part);
  }

  /** Resolves with the response code and the additional response information. */
  async manage(request: TaskManagement): Promise<{ response: number; additional: number }> {
    const tag = this.#takeTag();
    this.connection.send(
      pdu(TaskManagementRequest, {
        opcode: Opcode.taskManagementRequest,
        immediate: 1,
        final: 1,
        function: request.function,
        lun: lunField(request.lun ?? 0),
        initiatorTaskTag: tag,
        referencedTaskTag: request.referencedTaskTag ?? request.of?.initiatorTaskTag ?? NO_TAG,
        refCmdSn: request.refCmdSn ?? request.of?.cmdSn ?? 0,
        cmdSn: this.#watch.cmdSn,
        expStatSn: this.#watch.expStatSn,
      }),
    );
    const { bhs } = await this.#answer(tag, Opcode.taskManagementResponse);
    const response = TaskManagementResponse.response.get(bhs);
    return { response, additional: TaskManagementResponse.additional.get(bhs) };
  }

  /** Ends commands that a task management function aborted: no answer is due to them. */
  abandon(...handles: readonly CommandHandle[]): void {
    for (const { initiatorTaskTag } of handles) {
      const entry = this.#outstanding.get(initiatorTaskTag);
      this.#outstanding.delete(initiatorTaskTag);
      entry?.failed(new InitiatorError('aborted', 'by task management'));
    }
  }

  /** A NOP-Out that asks for an answer; resolves with the data that came back. */
  async nop(data: Uint8Array = NO_BYTES, timeoutMs?: number): Promise<Buffer> {
    const tag = this.#takeTag();
    const answer = this.#answer(tag, Opcode.nopIn, timeoutMs);
    this.connection.send(
      pdu(
        NopOut,
        {
          opcode: Opcode.nopOut,
          immediate: 1,
          final: 1,
          initiatorTaskTag: tag,
          targetTransferTag: NO_TAG,
          cmdSn: this.#watch.cmdSn,
          expStatSn: this.#watch.expStatSn,
        },
        data,
      ),
    );
    const ping = await answer;
    if (NopIn.targetTransferTag.get(ping.bhs) !== NO_TAG) throw violation('NOP-In: tag');
    return ping.data;
  }

  /** A text negotiation of one request; resolves with the pairs of all answers. */
  async text(keys: Iterable<readonly [string, string]>): Promise<[string, string][]> {
    const tag = this.#takeTag();
    let targetTransferTag = NO_TAG;
    let request = encodeKeys(keys);
    const parts: Buffer[] = [];
    for (let steps = 0; steps < TEXT_STEPS_MAX; steps++) {
      const answer = this.#answer(tag, Opcode.textResponse);
      this.#sendText(tag, targetTransferTag, request);
      const { bhs, data } = await answer;
      parts.push(data);
      targetTransferTag = TextResponse.targetTransferTag.get(bhs);
      if (TextResponse.final.get(bhs) === 1) {
        if (targetTransferTag !== NO_TAG) throw violation('Text Response: F with a tag');
        return decodePairs(Buffer.concat(parts));
      }
      if (targetTransferTag === NO_TAG) throw violation('Text Response: neither F nor a tag');
      request = NO_BYTES;
    }
    throw violation('Text Response without end');
  }

  /** Targets with their addresses, as SendTargets lists them. */
  async sendTargets(which = 'All'): Promise<Map<string, string[]>> {
    const targets = new Map<string, string[]>();
    let addresses: string[] | undefined;
    for (const [key, value] of await this.text([['SendTargets', which]])) {
      if (key === 'TargetName') {
        addresses = [];
        targets.set(value, addresses);
      } else if (key === 'TargetAddress' && addresses !== undefined) {
        addresses.push(value);
      } else if (key !== 'TargetAlias') {
        throw violation(`SendTargets: ${key}`);
      }
    }
    return targets;
  }

  /** Logs out and resolves with the response code, after the connection has closed. */
  async logout(reason = 0): Promise<number> {
    const tag = this.#takeTag();
    const answer = this.#answer(tag, Opcode.logoutResponse);
    this.connection.send(
      pdu(LogoutRequest, {
        opcode: Opcode.logoutRequest,
        immediate: 1,
        final: 1,
        reason,
        initiatorTaskTag: tag,
        cmdSn: this.#watch.cmdSn,
        expStatSn: this.#watch.expStatSn,
      }),
    );
    const { bhs } = await answer;
    const response = LogoutResponse.response.get(bhs);
    if (response === 0) await this.closed;
    return response;
  }

  /** Cuts the connection without a word. */
  destroy(): void {
    this.connection.destroy();
  }

  /** A tag for PDUs that a test makes itself; `receiveAnswer` awaits what comes back. */
  takeTag(): number {
    return this.#takeTag();
  }

  receiveAnswer(initiatorTaskTag: number, opcode: number, timeoutMs?: number): Promise<Pdu> {
    return this.#answer(initiatorTaskTag, opcode, timeoutMs);
  }

  #sendText(tag: number, targetTransferTag: number, data: Buffer): void {
    this.connection.send(
      pdu(
        TextRequest,
        {
          opcode: Opcode.textRequest,
          immediate: 1,
          final: 1,
          initiatorTaskTag: tag,
          targetTransferTag,
          cmdSn: this.#watch.cmdSn,
          expStatSn: this.#watch.expStatSn,
        },
        data,
      ),
    );
  }

  #takeTag(): number {
    do this.#lastTag = (this.#lastTag + 1) >>> 0;
    while (this.#lastTag === NO_TAG || this.#outstanding.has(this.#lastTag));
    return this.#lastTag;
  }

  async #answer(tag: number, opcode: number, timeoutMs?: number): Promise<Pdu> {
    const received = (await this.#expect<Pdu>(tag, undefined, timeoutMs)) as Pdu;
    const got = Bhs.opcode.get(received.bhs);
    if (got !== opcode) throw violation(`opcode ${got.toString(16)}h in answer`);
    return received;
  }

  #expect<Answer extends Pdu | ScsiResult = ScsiResult>(
    tag: number,
    exchange: ScsiExchange | undefined,
    timeoutMs = this.#options.timeoutMs ?? TIMEOUT_MS,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) {
        reject(new InitiatorError('connectionLost', 'the session is over'));
        return;
      }
      const timer = (this.#options.on ?? thisHost).clock.after(timeoutMs, () => {
        this.#outstanding.delete(tag);
        const error = new InitiatorError('timeout', `no answer within ${timeoutMs} ms`);
        this.connection.destroy(error);
        reject(error);
      });
      this.#outstanding.set(tag, {
        exchange,
        answered: (answer) => {
          timer.cancel();
          resolve(answer as Answer);
        },
        failed: (error) => {
          timer.cancel();
          reject(error);
        },
      });
    });
  }

  #inOrder(send: () => void): void {
    if (this.#queueHead === this.#queue.length && this.#watch.windowIsOpen) {
      send();
      return;
    }
    if (this.#queue.length - this.#queueHead >= QUEUE_MAX) throw new Error('too many commands');
    this.#queue.push(send);
  }

  #windowMoved(): void {
    while (this.#queueHead < this.#queue.length && this.#watch.windowIsOpen) {
      this.#queue[this.#queueHead++]!();
    }
    if (this.#queueHead === this.#queue.length) {
      this.#queue.length = 0;
      this.#queueHead = 0;
    }
  }

  #received(received: Pdu): void {
    try {
      this.#watch.received(received);
      this.#dispatch(received);
      this.#windowMoved();
    } catch (error) {
      this.connection.destroy(error as Error);
    }
  }

  #dispatch(received: Pdu): void {
    const opcode = Bhs.opcode.get(received.bhs);
    const tag = Bhs.initiatorTaskTag.get(received.bhs);
    if (opcode === Opcode.asyncMessage) this.#asynchronous(received);
    else if (opcode === Opcode.reject) this.#rejected(received);
    else if (opcode === Opcode.nopIn && tag === NO_TAG) this.#pinged(received);
    else if (ANSWERS.has(opcode)) this.#answered(opcode, tag, received);
    else throw violation(`opcode ${opcode.toString(16)}h from the target`);
  }

  #answered(opcode: number, tag: number, received: Pdu): void {
    const entry = this.#outstanding.get(tag);
    if (entry === undefined) {
      throw violation(`opcode ${opcode.toString(16)}h with unknown tag ${tag}`);
    }
    const answer = entry.exchange === undefined ? received : this.#progress(entry, received);
    if (answer === undefined) return;
    this.#outstanding.delete(tag);
    entry.answered(answer);
  }

  #progress({ exchange }: Outstanding, received: Pdu): ScsiResult | undefined {
    switch (AnswerBhs.opcode.get(received.bhs)) {
      case Opcode.scsiResponse:
        return exchange!.response(received);
      case Opcode.dataIn:
        return exchange!.dataIn(received);
      case Opcode.r2t:
        for (const part of exchange!.r2t(received, this.#watch.expStatSn)) {
          this.connection.send(part);
        }
        return undefined;
      default:
        throw violation('a SCSI command answered by another kind of PDU');
    }
  }

  #pinged({ bhs, data }: Pdu): void {
    const targetTransferTag = NopIn.targetTransferTag.get(bhs);
    if (targetTransferTag === NO_TAG || !this.answersNops) return;
    if (data.length > 0) throw violation('NOP-In that asks for an answer with data');
    this.connection.send(
      pdu(NopOut, {
        opcode: Opcode.nopOut,
        immediate: 1,
        final: 1,
        lun: NopIn.lun.get(bhs),
        initiatorTaskTag: NO_TAG,
        targetTransferTag,
        cmdSn: this.#watch.cmdSn,
        expStatSn: this.#watch.expStatSn,
      }),
    );
  }

  #asynchronous({ bhs, data }: Pdu): void {
    const { event, parameter1, parameter2, parameter3 } = AsyncMessage;
    const message: AsyncEvent = {
      event: event.get(bhs),
      parameters: [parameter1.get(bhs), parameter2.get(bhs), parameter3.get(bhs)],
      data,
    };
    this.asyncEvents.push(message);
    this.onAsync?.(message);
  }

  #rejected({ bhs, data }: Pdu): void {
    if (Reject.initiatorTaskTag.get(bhs) !== NO_TAG) throw violation('Reject: tag');
    if (data.length < 48) throw violation('Reject without the header that it rejects');
    const reason = Reject.reason.get(bhs);
    this.rejects.push(reason);
    const tag = Bhs.initiatorTaskTag.get(data);
    const entry = this.#outstanding.get(tag);
    this.#outstanding.delete(tag);
    entry?.failed(new InitiatorError('rejected', `reason ${reason}`, { reason }));
  }

  #lost(cause: Error | undefined): void {
    const error = cause ?? new InitiatorError('connectionLost', 'closed by the target');
    for (const { failed } of this.#outstanding.values()) failed(error);
    this.#outstanding.clear();
    this.#queue.length = 0;
    this.#queueHead = 0;
  }
}
