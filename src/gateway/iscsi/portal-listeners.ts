import { assert } from '../../base/assert.ts';
import type { ByteStream, Listen, Listener } from '../../base/byte-stream.ts';
import { Failure } from '../../base/failure.ts';
import { portalText } from '../../base/portal-text.ts';
import { systemReason } from '../../base/system-reason.ts';
import type { PortalEntry } from '../../config/document.ts';
import type { Portal } from '../../iscsi/contracts.ts';

interface OpenPortal {
  readonly listener: Listener;
  /** As the version served now has it. */
  portal: Portal;
}

/** The sockets that a gateway listens on, kept over documents. */
export class PortalListeners {
  readonly #listen: Listen;
  readonly #accept: (stream: ByteStream, portal: Portal) => void;
  readonly #open = new Map<string, OpenPortal>();
  #isClosed = false;

  constructor(listen: Listen, accept: (stream: ByteStream, portal: Portal) => void) {
    this.#listen = listen;
    this.#accept = accept;
  }

  get portals(): readonly string[] {
    return [...this.#open.values()].map(({ portal }) => portalText(portal));
  }

  /** Opens those that are not open yet. Rejects with `portalUnavailable`. */
  async listen(portals: readonly PortalEntry[]): Promise<void> {
    for (const entry of portals) {
      const key = keyOf(entry);
      if (this.#open.has(key)) continue;
      if (this.#isClosed) return;
      const address = { address: entry.listen ?? entry.address, port: entry.port };
      try {
        const listener = await this.#listen(address, (stream) => {
          const open = this.#open.get(key);
          if (open === undefined) stream.destroy();
          else this.#accept(stream, open.portal);
        });
        if (this.#isClosed) await listener.close();
        else this.#open.set(key, { listener, portal: portalOf(entry) });
      } catch (error) {
        throw unavailable(address.address, address.port, error);
      }
    }
  }

  /** From now on these are the portals, under these tags; others are closed. */
  async keep(portals: readonly PortalEntry[]): Promise<void> {
    const wanted = new Map(portals.map((entry) => [keyOf(entry), entry]));
    const closed: Promise<void>[] = [];
    for (const [key, open] of this.#open) {
      const entry = wanted.get(key);
      if (entry !== undefined) open.portal = portalOf(entry);
      else {
        this.#open.delete(key);
        closed.push(open.listener.close());
      }
    }
    assert(this.#open.size <= wanted.size, 'a portal is open only if it is kept');
    await Promise.all(closed);
  }

  /** Closes all of them for good: a document that comes late opens none. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.keep([]);
  }
}

function keyOf({ listen, address, port }: PortalEntry): string {
  return `${listen ?? address} ${port}`;
}

function portalOf({ address, port, portalGroupTag }: PortalEntry): Portal {
  return { address, port, portalGroupTag };
}

function unavailable(address: string, port: number, cause: unknown): Failure {
  const { code = '' } = cause as NodeJS.ErrnoException;
  const isPrivileged = code === 'EACCES' || code === 'EPERM';
  const reason = isPrivileged
    ? 'this user may not listen there (ports below 1024 are for root, or CAP_NET_BIND_SERVICE)'
    : systemReason(cause);
  return new Failure(
    'portalUnavailable',
    `cannot listen on ${portalText({ address, port })}: ${reason}`,
    { address, port, code },
    { cause },
  );
}
