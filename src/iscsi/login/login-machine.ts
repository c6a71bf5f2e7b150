import { assert } from '../../base/assert.ts';
import type { Random } from '../../base/random.ts';
import type { Admission, Directory, Portal, TargetEntry } from '../contracts.ts';
import { LOGIN_DATA_SEGMENT_BYTES_MAX } from '../limits.ts';
import { ISCSI_VERSION, LoginStage, LoginStatus } from '../standard/login-status.ts';
import type { TextPair } from '../wire/text.ts';
import { formatText, parseText } from '../wire/text.ts';
import { TextAssembly } from '../wire/text-assembly.ts';
import type { ChapSettings } from './chap.ts';
import type { LoginIdentity } from './login-identity.ts';
import { type Admitted, authorizeLogin, identify } from './login-identity.ts';
import type { LoginReply, LoginRequestHeader } from './login-pdu.ts';
import { sortKeys } from './login-text.ts';
import type { Negotiated } from './negotiate.ts';
import { negotiate, startNegotiation } from './negotiate.ts';
import type { NegotiationSettings } from './negotiation-settings.ts';
import { offerOf } from './negotiation-settings.ts';
import type { Refusal } from './refusal.ts';
import { refuse } from './refusal.ts';
import { isProved, proofIn, SECURITY_START, stepSecurity } from './security-stage.ts';
import type { SessionParameters } from './session-parameters.ts';
import { sessionParameters } from './session-parameters.ts';

/** Login Requests in one login; no initiator needs a dozen. */
export const LOGIN_REQUESTS_MAX = 64;

export interface LoginSettings {
  readonly negotiation: NegotiationSettings;
  readonly chap: ChapSettings;
}

/** The parts of the gateway that a login needs. */
export interface LoginContext {
  readonly directory: Directory;
  /** Where the connection came in. */
  readonly portal: Portal;
  readonly random: Random;
  readonly settings: LoginSettings;
  /** A TSIH (1 to 65535) for a new session; undefined when sessions are used up. */
  allocateTsih(applicant: LoginApplicant): number | undefined;
  /** Whether this session of this initiator lives: tells "too many" from "does not exist". */
  sessionExists(initiatorName: string, isid: string, tsih: number): boolean;
}

/** A login that may become a session. */
interface LoginApplicant {
  readonly initiatorName: string;
  readonly isid: string;
  /** Empty for a discovery session. */
  readonly targetName: string;
  readonly isNamed: boolean;
}

/** A login that succeeded. A living session of the same initiator port is to be reinstated. */
export interface LoginResult {
  readonly initiatorName: string;
  readonly initiatorAlias: string | undefined;
  readonly isid: string;
  readonly cid: number;
  readonly tsih: number;
  readonly parameters: SessionParameters;
  /** For the Text Requests of full feature phase. */
  readonly negotiated: Negotiated;
  /** Both undefined in a discovery session. */
  readonly target: TargetEntry | undefined;
  readonly admission: Admission | undefined;
  /**
   * The admitted facts: they are checked again when the session begins, and when the document
   * changes.
   */
  readonly admitted: Admitted;
}

/** The initiator's unproved claims so far; for the log. */
export interface LoginClaims {
  readonly initiatorName: string | undefined;
  /** Empty for a discovery session. */
  readonly targetName: string | undefined;
  /** CHAP user name. */
  readonly user: string | undefined;
}

type LoginOutcome =
  | { readonly kind: 'established'; readonly result: LoginResult }
  /** The reply is the last that is sent; the connection closes. */
  | { readonly kind: 'failed'; readonly status: LoginStatus; readonly reason: string };

export interface LoginStep {
  readonly reply: LoginReply;
  /** Undefined: the login continues. */
  readonly outcome: LoginOutcome | undefined;
}

/**
 * One login, from its first request to full feature phase (RFC 7143). Synchronous;
 * the world enters through the context. Not to be used again after an outcome.
 */
export class LoginMachine {
  readonly #context: LoginContext;
  readonly #text = new TextAssembly();
  #first: LoginRequestHeader | undefined;
  #requests = 0;
  #stage: number = LoginStage.securityNegotiation;
  #declared: ReadonlyMap<string, string> = new Map();
  #identity: LoginIdentity | undefined;
  #security = SECURITY_START;
  #negotiated: Negotiated = startNegotiation(false);
  #user: string | undefined;
  #hasDescribedTarget = false;
  #lengthDeclared: number | undefined;
  #ended = false;

  constructor(context: LoginContext) {
    this.#context = context;
  }

  get claims(): LoginClaims {
    const isDiscovery = this.#declared.get('SessionType') === 'Discovery';
    return {
      initiatorName: this.#declared.get('InitiatorName'),
      targetName: isDiscovery ? '' : this.#declared.get('TargetName'),
      user: this.#user,
    };
  }

  receive(request: LoginRequestHeader, text: Uint8Array): LoginStep {
    assert(!this.#ended, 'a login that has ended takes no request');
    const step = this.#step(request, text);
    if (!('refused' in step)) return step;
    this.#ended = true;
    this.#text.clear();
    return {
      reply: {
        transit: false,
        currentStage: request.currentStage,
        nextStage: 0,
        tsih: request.tsih,
        status: step.refused,
        text: new Uint8Array(0),
      },
      outcome: { kind: 'failed', status: step.refused, reason: step.reason },
    };
  }

  #step(request: LoginRequestHeader, chunk: Uint8Array): LoginStep | Refusal {
    const flaw = this.#checkHeader(request);
    if (flaw !== undefined) return flaw;
    if (!this.#text.add(chunk)) return refuse(LoginStatus.initiatorError, 'text is too long');
    if (request.continue) return this.#reply(request, false, []);

    const pairs = parseText(this.#text.take());
    if ('fault' in pairs) {
      return refuse(LoginStatus.initiatorError, `${pairs.fault} at byte ${pairs.at}`);
    }
    const replies = this.#takeText(request, pairs);
    if ('refused' in replies) return replies;
    const transit = request.transit && this.#mayLeave();
    if (!transit) return this.#reply(request, false, replies);
    if (request.nextStage === LoginStage.fullFeaturePhase) return this.#establish(request, replies);
    this.#stage = request.nextStage;
    return this.#reply(request, true, replies);
  }

  #checkHeader(request: LoginRequestHeader): Refusal | undefined {
    if (++this.#requests > LOGIN_REQUESTS_MAX) {
      return refuse(LoginStatus.initiatorError, 'too many login requests');
    }
    if (request.versionMin > ISCSI_VERSION) {
      return refuse(LoginStatus.unsupportedVersion, 'no common version');
    }
    if (this.#first === undefined) {
      this.#first = request;
      this.#stage = request.currentStage;
    }
    const { isid, tsih, cid } = this.#first;
    if (request.isid !== isid || request.tsih !== tsih || request.cid !== cid) {
      return refuse(LoginStatus.initiatorError, 'ISID, TSIH or CID changed during the login');
    }
    if (request.currentStage !== this.#stage || !STAGES.has(request.currentStage)) {
      return refuse(LoginStatus.initiatorError, `stage ${request.currentStage} is out of turn`);
    }
    if (!request.transit) return undefined;
    if (request.continue) {
      return refuse(LoginStatus.initiatorError, 'transit and continue bits together');
    }
    return NEXT_STAGES.has(request.nextStage) && request.nextStage > request.currentStage
      ? undefined
      : refuse(LoginStatus.initiatorError, `no transit to stage ${request.nextStage}`);
  }

  /** Works off one whole text. */
  #takeText(
    request: LoginRequestHeader,
    pairs: readonly TextPair[],
  ): readonly TextPair[] | Refusal {
    const sorted = sortKeys(pairs, this.#declared);
    if ('refused' in sorted) return sorted;
    this.#declared = sorted.declared;
    this.#user = sorted.security.get('CHAP_N') ?? this.#user;
    const identity = this.#identity ?? this.#identify(request);
    if ('refused' in identity) return identity;

    const inSecurity = this.#stage === LoginStage.securityNegotiation;
    if (!inSecurity && !isProved(this.#security, identity.authentication)) {
      return refuse(LoginStatus.authenticationFailure, 'initiator skips authentication');
    }
    const secured = this.#secure(inSecurity, request, sorted.security, identity);
    if ('refused' in secured) return secured;
    const step = negotiate(
      this.#negotiated,
      sorted.operational,
      offerOf(this.#context.settings.negotiation),
    );
    if ('fault' in step) return refuse(LoginStatus.initiatorError, step.fault);
    this.#negotiated = step.negotiated;
    const target = this.#describeTarget(identity);
    return [...target, ...secured, ...step.replies, ...this.#declareLength()];
  }

  #identify(request: LoginRequestHeader): LoginIdentity | Refusal {
    const identity = identify(this.#declared, this.#context);
    if ('refused' in identity) return identity;
    if (request.tsih !== 0) {
      // One connection per session: an initiator that wants to add or reinstate one must log in
      // again.
      return this.#context.sessionExists(identity.initiatorName, request.isid, request.tsih)
        ? refuse(LoginStatus.tooManyConnections, 'one connection a session')
        : refuse(LoginStatus.sessionDoesNotExist, 'no session of this TSIH');
    }
    this.#identity = identity;
    this.#negotiated = startNegotiation(identity.sessionType === 'discovery');
    return identity;
  }

  #secure(
    inSecurity: boolean,
    request: LoginRequestHeader,
    keys: ReadonlyMap<string, string>,
    identity: LoginIdentity,
  ): readonly TextPair[] | Refusal {
    if (!inSecurity) {
      return keys.size === 0
        ? []
        : refuse(LoginStatus.initiatorError, 'security keys outside the security stage');
    }
    const required = identity.authentication;
    const { random, settings } = this.#context;
    const step = stepSecurity(this.#security, keys, required, random, settings.chap);
    if ('refused' in step) return step;
    this.#security = step.state;
    if (request.transit && step.state.method !== 'CHAP' && !this.#mayLeave()) {
      return refuse(LoginStatus.authenticationFailure, 'initiator skips authentication');
    }
    return step.replies;
  }

  #mayLeave(): boolean {
    return isProved(this.#security, this.#identity?.authentication);
  }

  /** The keys of the first answer of a normal session: the portal group and the alias. */
  #describeTarget(identity: LoginIdentity): readonly TextPair[] {
    if (this.#hasDescribedTarget || identity.target === undefined) return [];
    this.#hasDescribedTarget = true;
    const tag = String(this.#context.portal.portalGroupTag);
    const { alias } = identity.target;
    return [
      { key: 'TargetPortalGroupTag', value: tag },
      ...(alias === undefined ? [] : [{ key: 'TargetAlias', value: alias }]),
    ];
  }

  /** Declares once, in the operational stage, how long data segments to us may be. */
  #declareLength(): readonly TextPair[] {
    if (this.#stage !== LoginStage.operationalNegotiation) return [];
    if (this.#lengthDeclared !== undefined) return [];
    const length = this.#context.settings.negotiation.maxRecvDataSegmentLength;
    const isDiscovery = this.#identity?.sessionType === 'discovery';
    this.#lengthDeclared = isDiscovery ? Math.min(length, LOGIN_DATA_SEGMENT_BYTES_MAX) : length;
    return [{ key: 'MaxRecvDataSegmentLength', value: String(this.#lengthDeclared) }];
  }

  #establish(request: LoginRequestHeader, replies: readonly TextPair[]): LoginStep | Refusal {
    assert(this.#identity !== undefined, 'a login transits only when its initiator is known');
    const { directory, portal, settings } = this.#context;
    const admitted: Admitted = {
      initiatorName: this.#identity.initiatorName,
      targetName: this.#identity.target?.targetName ?? '',
      proof: proofIn(this.#security, this.#identity.authentication),
    };
    const identity = authorizeLogin(admitted, { directory, portal, chap: settings.chap });
    if ('refused' in identity) return identity;
    const { initiatorName, target, admission } = identity;
    const { targetName } = admitted;
    const isNamed = admission?.isNamed === true;
    const { isid } = request;
    const tsih = this.#context.allocateTsih({ initiatorName, isid, targetName, isNamed });
    if (tsih === undefined) return refuse(LoginStatus.outOfResources, 'no session is free');
    this.#ended = true;
    const step = this.#reply(request, true, replies);
    return {
      reply: { ...step.reply, tsih },
      outcome: {
        kind: 'established',
        result: {
          initiatorName,
          initiatorAlias: this.#negotiated.values.get('InitiatorAlias'),
          isid: request.isid,
          cid: request.cid,
          tsih,
          parameters: sessionParameters(this.#negotiated, this.#lengthDeclared),
          negotiated: this.#negotiated,
          target,
          admission,
          admitted,
        },
      },
    };
  }

  #reply(request: LoginRequestHeader, transit: boolean, pairs: readonly TextPair[]): LoginStep {
    return {
      reply: {
        transit,
        currentStage: request.currentStage,
        nextStage: transit ? request.nextStage : 0,
        tsih: request.tsih,
        status: LoginStatus.success,
        text: formatText(pairs),
      },
      outcome: undefined,
    };
  }
}

const STAGES: ReadonlySet<number> = new Set([
  LoginStage.securityNegotiation,
  LoginStage.operationalNegotiation,
]);
const NEXT_STAGES: ReadonlySet<number> = new Set([
  LoginStage.operationalNegotiation,
  LoginStage.fullFeaturePhase,
]);
