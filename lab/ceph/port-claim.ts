import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { Failure } from '../../src/base/failure.ts';

/**
 * Blocks of ports, one for each cluster, below the kernel's ephemeral ports and outside of those of
 * tests and other programs of Ceph (6789, 6800 to 7300).
 */
const PORT_FIRST = 10_000;
export const PORTS_PER_CLUSTER = 100;
export const CLUSTERS_MAX = 50;

/** Ports that no other throwaway cluster of this network namespace takes. */
export interface PortClaim {
  readonly first: number;
  readonly last: number;
  release(): Promise<void>;
}

/**
 * Claims a block whose first port is free. The claim is an abstract Unix socket (unix(7)): like
 * ports, it belongs to the network namespace, and the kernel releases it however this process ends.
 */
export async function claimPorts(startBlock: number, address = '127.0.0.1'): Promise<PortClaim> {
  for (let i = 0; i < CLUSTERS_MAX; i++) {
    const first = PORT_FIRST + ((startBlock + i) % CLUSTERS_MAX) * PORTS_PER_CLUSTER;
    const claim = await listening(claimName(first), address);
    if (claim === undefined) continue;
    const probe = await listening(first, address);
    if (probe !== undefined) {
      await closed(probe);
      claim.unref();
      return { first, last: first + PORTS_PER_CLUSTER - 1, release: () => closed(claim) };
    }
    await closed(claim);
  }
  throw new Failure(
    'cephPortsTaken',
    `every block of ports for a throwaway Ceph is taken (${CLUSTERS_MAX} from ${PORT_FIRST} on)`,
  );
}

/** The socket that holds the block from port `first` on. */
export function claimName(first: number): string {
  return `\0allpath-throwaway-ceph-${first}`;
}

/** A server on a port, or on an abstract Unix socket; undefined when another one has it. */
export async function listening(
  where: string | number,
  address: string,
): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    if (typeof where === 'string') server.listen(where);
    else server.listen(where, address);
    await once(server, 'listening');
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}

export async function closed(server: Server): Promise<void> {
  const end = once(server, 'close');
  server.close();
  await end;
}
