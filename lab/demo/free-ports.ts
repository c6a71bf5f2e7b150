import { Failure } from '../../src/base/failure.ts';
import type { PortalDraft } from '../../src/config/document.ts';
import { PortalListeners } from '../../src/gateway/iscsi/portal-listeners.ts';
import { listen } from '../../src/host/net-socket.ts';

/** Other first ports that are tried before one is suggested. */
const SUGGESTIONS_MAX = 20;
const PORT_MAX = 65_535;

/**
 * Rejects with `portalUnavailable` if a gateway of the demo could not listen. Checked before
 * anything is made or started, so that there is one error, which suggests free ports.
 */
export async function requireFreePorts(portals: readonly PortalDraft[]): Promise<void> {
  const failure = await listenFailure(portals);
  if (failure === undefined) return;
  const { message, code, data } = failure;
  const isTaken = data['code'] === 'EADDRINUSE';
  const port = isTaken ? await otherPort(portals) : undefined;
  const advice = port === undefined ? '' : `; end it, or take other ports: --port ${port}`;
  throw new Failure(code, message + advice, data, { cause: failure });
}

async function otherPort(portals: readonly PortalDraft[]): Promise<number | undefined> {
  const step = Math.max(10, portals.length);
  for (let i = 1; i <= SUGGESTIONS_MAX; i++) {
    const moved = portals.map((each) => ({ ...each, port: each.port + i * step }));
    if (moved.some(({ port }) => port > PORT_MAX)) return undefined;
    if ((await listenFailure(moved)) === undefined) return moved[0]?.port;
  }
  return undefined;
}

async function listenFailure(portals: readonly PortalDraft[]): Promise<Failure | undefined> {
  const listeners = new PortalListeners(listen, (stream) => stream.destroy());
  try {
    await listeners.listen(portals.map((portal) => ({ ...portal, ...TAGS })));
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  } finally {
    await listeners.close();
  }
}

/** Values that nothing uses, because no connection is accepted. */
const TAGS = { portalGroupTag: 1, relativePortIdentifier: 1 };
