import { Buffer } from 'node:buffer';

import type { Random } from '../../../../src/base/random.ts';
import type {
  Admission,
  Authentication,
  Directory,
  Portal,
  TargetEntry,
} from '../../../../src/iscsi/contracts.ts';
import type { LoginContext, LoginStep } from '../../../../src/iscsi/login/login-machine.ts';
import { LoginMachine } from '../../../../src/iscsi/login/login-machine.ts';
import type { LoginRequestHeader } from '../../../../src/iscsi/login/login-pdu.ts';
import { NEGOTIATION_DEFAULTS } from '../../../../src/iscsi/login/negotiation-settings.ts';

export const TARGET = 'iqn.2026-11.io.allpath:demo';
export const INITIATOR = 'iqn.2007-10.com.github:sahlberg:libiscsi:iscsi-test';
export const PORTAL: Portal = { address: '127.0.0.1', port: 3260, portalGroupTag: 7 };

export const CREDENTIALS: Authentication = {
  initiator: { user: 'alice', secret: Buffer.from('secret-of-alice') },
  target: { user: 'gateway', secret: Buffer.from('secret-of-target') },
};

/** A directory whose contents a test may change during a login. */
export class TestDirectory implements Directory {
  discoveryAuthentication: Authentication | undefined = undefined;
  draining = false;
  authentication: Authentication | undefined = undefined;
  admitted = true;
  present = true;
  portals: Portal[] = [PORTAL];

  listTargets() {
    return this.present ? [{ targetName: TARGET, portals: this.portals }] : [];
  }

  hasPortal(portal: Portal): boolean {
    return this.portals.includes(portal);
  }

  findTarget(targetName: string): TargetEntry | undefined {
    if (!this.present || targetName !== TARGET) return undefined;
    const { authentication, admitted } = this;
    const admission: Admission = {
      authentication,
      isNamed: true,
      openNexus() {
        throw new Error('no test here opens a nexus');
      },
    };
    return {
      targetName,
      alias: 'a demo',
      relativePortIdentifier: 1,
      admit: () => (admitted ? admission : undefined),
    };
  }
}

/** Counts up, so that challenges are known. */
export const countingRandom = (): Random => {
  let next = 0;
  return {
    bytes: (length) => Uint8Array.from({ length }, () => next++),
    below: (bound) => next++ % bound,
  };
};

export interface LoginBench {
  readonly directory: TestDirectory;
  /** Sends one request; text as pairs. */
  send(header: Partial<LoginRequestHeader>, ...pairs: string[]): LoginStep;
  sendBytes(header: Partial<LoginRequestHeader>, text: Uint8Array): LoginStep;
}

export function loginBench(overrides: Partial<LoginContext> = {}): LoginBench {
  const directory = new TestDirectory();
  const machine = new LoginMachine({
    directory,
    portal: PORTAL,
    random: countingRandom(),
    settings: { negotiation: NEGOTIATION_DEFAULTS, chap: { md5: true } },
    allocateTsih: () => 42,
    sessionExists: () => false,
    ...overrides,
  });
  const sendBytes = (header: Partial<LoginRequestHeader>, text: Uint8Array) =>
    machine.receive({ ...HEADER, ...header }, text);
  return {
    directory,
    send: (header, ...pairs) => sendBytes(header, textOf(pairs)),
    sendBytes,
  };
}

const HEADER: LoginRequestHeader = {
  transit: false,
  continue: false,
  currentStage: 1,
  nextStage: 0,
  versionMax: 0,
  versionMin: 0,
  isid: '8000023d0000',
  tsih: 0,
  cid: 1,
};

/** Header bits of the usual requests. */
export const SECURITY = { currentStage: 0 } as const;
export const SECURITY_TO_OPERATIONAL = { currentStage: 0, transit: true, nextStage: 1 } as const;
export const SECURITY_TO_FULL = { currentStage: 0, transit: true, nextStage: 3 } as const;
export const OPERATIONAL = { currentStage: 1 } as const;
export const OPERATIONAL_TO_FULL = { currentStage: 1, transit: true, nextStage: 3 } as const;

export const WHO = [
  `InitiatorName=${INITIATOR}`,
  `TargetName=${TARGET}`,
  'SessionType=Normal',
] as const;

export function textOf(pairs: readonly string[]): Uint8Array {
  return Buffer.from(pairs.map((pair) => `${pair}\0`).join(''));
}

/** The answer's pairs. */
export function pairsOf(step: LoginStep): string[] {
  return Buffer.from(step.reply.text)
    .toString()
    .split('\0')
    .filter((pair) => pair !== '');
}

/** The value that the answer gives a key. */
export function valueIn(step: LoginStep, key: string): string | undefined {
  return pairsOf(step)
    .find((pair) => pair.startsWith(`${key}=`))
    ?.slice(key.length + 1);
}
