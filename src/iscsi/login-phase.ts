import { type Clock, within } from '../base/clock.ts';
import type { Nexus } from '../scsi/nexus.ts';
import { CommandWindow, type WindowCredit } from './command-window.ts';
import type { DataBudget } from './data-budget.ts';
import type { DiscoveryService } from './discovery.ts';
import { LOGIN_DATA_SEGMENT_BYTES_MAX, OWN_COMMANDS_MIN, REINSTATEMENT_MAX_MS } from './limits.ts';
import { authorizeLogin, type LoginIdentity } from './login/login-identity.ts';
import { type LoginContext, LoginMachine, type LoginResult } from './login/login-machine.ts';
import { type LoginReply, readLoginRequest, writeLoginReply } from './login/login-pdu.ts';
import type { Refusal } from './login/refusal.ts';
import { unsolicitedBytes } from './login/session-parameters.ts';
import type { LoginLog } from './login-log.ts';
import { nexusIdentity, type SessionEnds } from './nexus-identity.ts';
import { Session } from './session.ts';
import type { SessionRegistry } from './session-registry.ts';
import { ISID_BYTE, ISID_LENGTH, LoginRequest, Opcode } from './standard/bhs.ts';
import { LoginStatus } from './standard/login-status.ts';
import type { Pdu } from './wire/pdu.ts';
import { PduWriter } from './wire/pdu-writer.ts';
import type { SendQueue } from './wire/send-queue.ts';

export interface LoginOptions {
  readonly context: LoginContext;
  readonly registry: SessionRegistry;
  readonly newDiscovery: (result: LoginResult) => DiscoveryService;
  readonly clock: Clock;
  readonly loginLog: LoginLog;
  readonly queueDepth: number;
  readonly budget: DataBudget;
  /** Where the peer is, as shares are counted. */
  readonly network: string;
}

interface LoginEvents {
  established(session: Session): void;
  /** Ends the connection: at once, or after its answers have left. */
  end(reason: string, when: 'now' | 'afterSending'): void;
  /** PDUs are taken again. */
  resume(): void;
}

/**
 * The command window that login responses announce: smaller than the first window of the session.
 */
const LOGIN_CREDIT: WindowCredit = {
  ownCommands: OWN_COMMANDS_MIN,
  invite: () => true,
  retract: () => {},
  mustRetract: false,
};

const STILL_ENDING: Refusal = {
  refused: LoginStatus.serviceUnavailable,
  reason: 'writes of the session that it reinstates have not ended yet',
};

/** The login PDUs of one connection: framing around the login machine, and the session's birth. */
export class LoginPhase {
  readonly #options: LoginOptions;
  readonly #queue: SendQueue;
  readonly #events: LoginEvents;
  readonly #machine: LoginMachine;
  #writer: PduWriter | undefined;
  /** CmdSN of the first Login Request: the session's numbering begins with it. */
  #firstCmdSn = 0;
  /** The session that this one takes the place of is ending. */
  #reinstating = false;
  #reservedTsih = 0;
  #abandoned = false;
  #refused = false;
  #established = false;

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
      // No other PDU is allowed, and its sender gets no answer (RFC 7143, login phase).
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
        const { status, reason } = outcome;
        this.#refused = true;
        this.#options.loginLog.refused(this.#machine.claims, { refused: status, reason });
        this.#events.end(reason, 'afterSending');
      }
      return;
    }
    this.#reservedTsih = outcome.result.tsih;
    this.#reinstating = true;
    void this.#establish(this.#writer, outcome.result, (changed) =>
      this.#respond(this.#writer!, { ...reply, ...changed }, tag, isid),
    );
  }

  /** The connection is gone: the place reserved for its session is released. */
  abandon(reason: string): void {
    this.#abandoned = true;
    // A connection without a Login Request may be a probe of a load balancer.
    const isBegun = this.#writer !== undefined && !this.#refused && !this.#established;
    if (isBegun) this.#options.loginLog.abandoned(this.#machine.claims, reason);
    if (this.#reservedTsih !== 0) this.#options.registry.release(this.#reservedTsih);
    this.#reservedTsih = 0;
  }

  /**
   * The final response goes out when the session that this one reinstates has no command in flight.
   */
  async #establish(
    writer: PduWriter,
    result: LoginResult,
    respond: (changed: Partial<LoginReply>) => void,
  ): Promise<void> {
    const { registry, context, clock, network } = this.#options;
    const identity = {
      ...result.admitted,
      isid: result.isid,
      portalGroupTag: context.portal.portalGroupTag,
      tsih: result.tsih,
      cid: result.cid,
    };
    // If several logins wait for the same session to end, each one that enters ends the one before:
    // no `await` lies between the last look at the registry and the entry of this session.
    const deadlineMs = clock.now() + REINSTATEMENT_MAX_MS;
    for (;;) {
      const holder = registry.holderOf(identity);
      if (holder === undefined) break;
      const ended = holder.terminate('session reinstatement').then(() => true);
      const hasEnded = await within(clock, deadlineMs - clock.now(), ended);
      if (this.#abandoned) return;
      if (hasEnded !== true) {
        this.#refuse(STILL_ENDING, respond);
        return;
      }
    }
    const { directory, portal, settings } = context;
    const authorized = authorizeLogin(result.admitted, { directory, portal, chap: settings.chap });
    if ('refused' in authorized) {
      this.#refuse(authorized, respond);
      return;
    }
    this.#reservedTsih = 0;
    respond({});
    const { initiatorName, proof } = result.admitted;
    const peer = proof === undefined ? network : initiatorName;
    const session = new Session({
      identity,
      parameters: result.parameters,
      nexus: openNexus(authorized, identity),
      discovery: this.#options.newDiscovery(result),
      queue: this.#queue,
      account: this.#options.budget.open(unsolicitedBytes(result.parameters), peer, initiatorName),
      clock: this.#options.clock,
      queueDepth: this.#options.queueDepth,
      cmdSn: this.#firstCmdSn,
      statSn: writer.statSn,
    });
    this.#established = true;
    this.#options.loginLog.login(identity);
    this.#events.established(session);
    this.#reinstating = false;
    this.#events.resume();
  }

  /** The login would no longer be admitted after the wait for the previous session. */
  #refuse(refusal: Refusal, respond: (changed: Partial<LoginReply>) => void): void {
    const { refused, reason } = refusal;
    this.#refused = true;
    this.#options.loginLog.refused(this.#machine.claims, refusal);
    respond({ status: refused, transit: false, nextStage: 0, tsih: 0, text: new Uint8Array(0) });
    this.#events.end(reason, 'afterSending');
  }

  #newWriter(cmdSn: number, statSn: number): PduWriter {
    this.#firstCmdSn = cmdSn;
    const window = new CommandWindow(cmdSn, this.#options.queueDepth, LOGIN_CREDIT);
    return new PduWriter(this.#queue, window, statSn, LOGIN_DATA_SEGMENT_BYTES_MAX);
  }

  #respond(writer: PduWriter, reply: LoginReply, tag: number, isid: Uint8Array): void {
    writer.compose(Opcode.loginResponse, 0, tag, reply.text, (bytes, base) => {
      writeLoginReply(bytes, base, reply, isid);
    });
  }
}

/** Undefined for a discovery session. */
function openNexus({ target, admission }: LoginIdentity, ends: SessionEnds): Nexus | undefined {
  if (target === undefined || admission === undefined) return undefined;
  return admission.openNexus(nexusIdentity(ends, target.relativePortIdentifier));
}
