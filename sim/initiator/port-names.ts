import { iscsiTransportId } from '../../src/scsi/transport-id.ts';
import type { Isid } from '../../test/initiator/login.ts';

const ISID_HIGH = 0x8000;
const ISIDS_OF_HOST = 16;
const ISID_BYTES = 6;

/**
 * The names of initiator ports, target ports and nexuses. Each path of a host is an initiator port
 * of its own, and each gateway has one target port; a nexus is named `address:host/path`.
 */
export class PortNames {
  readonly #hosts: readonly string[];
  readonly #addresses: readonly string[];

  constructor(hosts: readonly string[], addresses: readonly string[]) {
    this.#hosts = hosts;
    this.#addresses = addresses;
  }

  /** The nexuses that there are: the path of a host leads to the gateway of the same place. */
  get nexuses(): readonly string[] {
    return this.#hosts.flatMap((host) =>
      this.#addresses.map((_, path) => this.nexusOf(host, path)),
    );
  }

  nexusOf(host: string, path: number): string {
    return nexusName(this.#addresses[path]!, `${host}/${path}`);
  }

  isidOf(host: string, path: number): Isid {
    return { high: ISID_HIGH, low: ISIDS_OF_HOST * this.#hosts.indexOf(host) + path };
  }

  /** RELATIVE TARGET PORT IDENTIFIER of a gateway's address. */
  relativePortOf(address: string): number {
    return 1 + this.#addresses.indexOf(address);
  }

  targetPortOf(nexus: string): number {
    return this.relativePortOf(nexus.slice(0, nexus.indexOf(':')));
  }

  transportIdOf(nexus: string): Uint8Array {
    const [host = '', path = ''] = nexus.slice(nexus.indexOf(':') + 1).split('/');
    const { high, low } = this.isidOf(host, Number(path));
    const isid = Buffer.alloc(ISID_BYTES);
    isid.writeUInt16BE(high, 0);
    isid.writeUInt32BE(low, 2);
    return iscsiTransportId(new TextEncoder().encode(initiatorNameOf(host)), isid);
  }

  /** The nexus that READ FULL STATUS describes by these; undefined: there is none. */
  nexusAt(targetPort: number, transportId: Uint8Array): string | undefined {
    return this.nexuses.find((nexus) => {
      const own = this.transportIdOf(nexus);
      return this.targetPortOf(nexus) === targetPort && Buffer.compare(own, transportId) === 0;
    });
  }
}

export function initiatorNameOf(host: string): string {
  return `iqn.2026-11.io.allpath:${host}`;
}

/** The nexuses of a gateway begin with its address. */
export function isThrough(nexus: string, address: string): boolean {
  return nexus.startsWith(`${address}:`);
}

function nexusName(address: string, initiatorPort: string): string {
  return `${address}:${initiatorPort}`;
}
