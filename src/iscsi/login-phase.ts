import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { CommandWindow } from './command-window.ts';
import type { DiscoveryService } from './discovery.ts';
import { type LoginContext, LoginMachine, type LoginResult } from './login/login-machine.ts';
import { type LoginReply, readLoginRequest, writeLoginReply } from './login/login-pdu.ts';
import { Session } from './session.ts';
import type { SessionRegistry } from './session-registry.ts';
import { ISID_BYTE, ISID_LENGTH, LoginRequest, Opcode } from './standard/bhs.ts';
import type { Traffic } from './traffic.ts';
import type { Pdu } from './wire/pdu.ts';
import { PduWriter } from './wire/pdu-writer.ts';
import type { SendQueue } from './wire/send-queue.ts';

export interface LoginOptions {
  readonly context: LoginContext;
  readonly registry: SessionRegistry;
  readonly newDiscovery: (result: LoginResult) => DiscoveryService;
  readonly clock: Clock;
  readonly log: Log;
  readonly traffic: Traffic;
  readonly queueDepth: number;
}

export interface LoginEvents {
  established(session: Session): void;
  /** Ends the connection: at once, or after what was answered has been sent. */
  end(reason: string, when: 'now' | 'afterSending'): void;
  /** PDUs are taken again. */
  resume(): void;
}

/** The login PDUs of one connection: framing around the login machine, and the session's birth. */
export class LoginPhase {
  readonly #options: LoginOptions;
  readonly #queue: SendQueue;
  readonly #events: LoginEvents;
  readonly #machine: LoginMachine;
  #writer: PduWriter | undefined;
  /** The session that this one takes the place of is ending. */
  #reinstating = false;
  #reservedTsih = 0;
  #abandoned = false;

  constructor(options: LoginOptions, queue: SendQueue, events: LoginEvents) {
    this.#options = options;
    this.#queue = queue;
    this.#events = events;
    this.#machine = new LoginMachine(options.context);
  }

  get ready(): boolean {
    return !this.#reinstating;
  }

  onPdu(pdu: Pdu): void {
    const { bytes, base } = pdu;
    if (pdu.opcode !== Opcode.loginRequest) {
      // Nothing else is allowed, and nothing is owed to who sends it (RFC 7143, login phase).
      this.#events.end('no Login Request', 'now');
      return;
    }
    const cmdSn = LoginRequest.cmdSn.get(bytes, base);
    this.#writer ??= this.#newWriter(cmdSn, LoginRequest.expStatSn.get(bytes, base));
    const tag = LoginRequest.initiatorTaskTag.get(bytes, base);
    const isid = bytes.slice(base + ISID_BYTE, base + ISID_BYTE + ISID_LENGTH);
    const step = this.#machine.receive(readLoginRequest(bytes, base), pdu.joinedData());
    const { outcome, reply } = step;
    if (outcome?.kind !== 'established') {
      this.#respond(this.#writer, reply, tag, isid);
      if (outcome?.kind === 'failed') {
        this.#options.log.info('login refused', {
          status: outcome.status.toString(16).padStart(4, '0'),
          reason: outcome.reason,
        });
        this.#events.end(outcome.reason, 'afterSending');
      }
      return;
    }
    this.#reservedTsih = outcome.result.tsih;
    this.#reinstating = true;
    void this.#establish(this.#writer, outcome.result, cmdSn, () =>
      this.#respond(this.#writer!, reply, tag, isid),
    );
  }

  /** The connection is gone: what was reserved for the session is given back. */
  abandon(): void {
    this.#abandoned = true;
    if (this.#reservedTsih !== 0) this.#options.registry.release(this.#reservedTsih);
    this.#reservedTsih = 0;
  }

  /** The final response goes out when nothing of a session that this one replaces is under way. */
  async #establish(
    writer: PduWriter,
    result: LoginResult,
    cmdSn: number,
    respond: () => void,
  ): Promise<void> {
    const identity = {
      initiatorName: result.initiatorName,
      isid: result.isid,
      targetName: result.target?.targetName ?? '',
      portalGroupTag: this.#options.context.portal.portalGroupTag,
      tsih: result.tsih,
      cid: result.cid,
    };
    if (result.target !== undefined) await this.#options.registry.reinstate(identity);
    if (this.#abandoned) return;
    this.#reservedTsih = 0;
    respond();
    const session = new Session({
      identity,
      parameters: result.parameters,
      nexus: result.admission?.openNexus(result.initiatorPort),
      discovery: this.#options.newDiscovery(result),
      queue: this.#queue,
      clock: this.#options.clock,
      log: this.#options.log,
      traffic: this.#options.traffic,
      queueDepth: this.#options.queueDepth,
      cmdSn,
      statSn: writer.statSn,
      end: (reason, when) => this.#events.end(reason, when),
    });
    this.#events.established(session);
    this.#reinstating = false;
    this.#events.resume();
  }

  #newWriter(cmdSn: number, statSn: number): PduWriter {
    const window = new CommandWindow(cmdSn, this.#options.queueDepth);
    return new PduWriter(this.#queue, window, statSn);
  }

  #respond(writer: PduWriter, reply: LoginReply, tag: number, isid: Uint8Array): void {
    writer.compose(Opcode.loginResponse, 0, tag, reply.text, (bytes, base) => {
      writeLoginReply(bytes, base, reply, isid);
    });
  }
}
