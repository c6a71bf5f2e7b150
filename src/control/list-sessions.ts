import { isOpen } from '../membership/membership.ts';
import type { ControlContext } from './control-context.ts';
import {
  requestGateways,
  type SessionDetail,
  type SessionsAnswer,
  type SessionsRequest,
} from './gateway-requests.ts';

const ANSWER_TIMEOUT_MS = 2_000;
/** A gateway that has more than this tells of them has them counted no further. */
const ROUNDS_MAX = 64;

export interface ListedSession extends SessionDetail {
  readonly gateway: string;
  /** When the gateway began, by the clock of its host. */
  readonly gatewaySince: string;
}

export interface SessionList {
  /** By gateway, in the order of its numbers; without those that only discover targets. */
  readonly sessions: readonly ListedSession[];
  /** Gateways that count and did not say: theirs are not listed. */
  readonly silent: readonly string[];
}

/** The sessions of all gateways. */
export async function listSessions({
  records,
  membership,
}: Pick<ControlContext, 'records' | 'membership'>): Promise<SessionList> {
  const sessions: ListedSession[] = [];
  const heard = new Set<string>();
  let beyond: SessionsRequest['beyond'];
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const request: SessionsRequest = {
      kind: 'sessions',
      ...(beyond === undefined ? {} : { beyond }),
    };
    const said = await requestGateways<SessionsAnswer>(records, request, ANSWER_TIMEOUT_MS);
    const more: [string, number][] = [];
    for (const { answer } of said) {
      const { gateway, since: gatewaySince } = answer;
      heard.add(gateway);
      sessions.push(...answer.sessions.map((each) => ({ gateway, gatewaySince, ...each })));
      if (answer.beyond !== undefined) more.push([gateway, answer.beyond]);
    }
    if (more.length === 0) break;
    beyond = Object.fromEntries(more);
  }
  const { members } = await membership.read();
  const open = new Set(members.filter(isOpen).map(({ name }) => name));
  return {
    // Stable: the sessions of one gateway keep their order.
    sessions: sessions.sort((a, b) => (a.gateway < b.gateway ? -1 : a.gateway > b.gateway ? 1 : 0)),
    silent: [...open].filter((name) => !heard.has(name)).sort(),
  };
}
