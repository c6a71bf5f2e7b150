import {
  SESSIONS_ANSWER_MAX,
  type SessionsAnswer,
  type SessionsRequest,
} from '../control/gateway-requests.ts';
import type { TransportSession } from './transport.ts';

interface SessionListing {
  /** The name of this gateway. */
  readonly gateway: string;
  readonly sessions: readonly TransportSession[];
  /** When the gateway began, in UTC and by its clock. */
  readonly since: string;
  readonly startedMs: number;
}

/** Answers a request for sessions; those that only discover targets are left out. */
export function sessionsAnswer(
  { gateway, sessions, since, startedMs }: SessionListing,
  { beyond }: SessionsRequest,
): SessionsAnswer {
  const from = beyond === undefined ? 0 : beyond[gateway];
  // It has told them all.
  if (from === undefined) return { gateway, since, sessions: [] };
  const left = sessions
    .filter(({ number, target }) => number > from && target !== '')
    .sort((a, b) => a.number - b.number);
  const listed = left.slice(0, SESSIONS_ANSWER_MAX);
  return {
    ...{ gateway, since },
    sessions: listed.map(({ initiator, isid, target, portal, targetPort, ...rest }) => ({
      ...{ initiator, isid, target, portal, targetPort },
      afterMs: rest.beganMs - startedMs,
      commandsInFlight: rest.commandsInFlight,
    })),
    ...(listed.length < left.length ? { beyond: listed.at(-1)!.number } : {}),
  };
}
