import { networkInterfaces } from 'node:os';
import { Failure } from '../../src/base/failure.ts';
import type { ClusterDocument, DiskDraft, DocumentDraft } from '../../src/config/document.ts';
import { parseDocument } from '../../src/config/parse.ts';
import { formatSize } from '../../src/config/size.ts';

/** The options of the demo. */
export interface DemoOptions {
  readonly sizeBytes: number;
  readonly gateways: number;
  readonly port: number;
  readonly listen: string;
  readonly blockLength: number;
  readonly target: string;
}

const DEMO_DISK = 'demo';
/** The demo ends within seconds, so its initiators get less time to log out than others. */
const DRAIN_SECONDS = 1;

/** The name of gateway `index`. */
export function demoGatewayName(index: number): string {
  return `gateway${index}`;
}

/** The document of the demo, or the problems of its options. */
type DemoDraft =
  | { readonly ok: true; readonly document: DocumentDraft }
  | { readonly ok: false; readonly message: string };

/** The document of a new store. */
export function demoDocument(options: DemoOptions): DemoDraft {
  const { sizeBytes, gateways, port, listen, blockLength, target } = options;
  if (port + gateways - 1 > 65_535) {
    return { ok: false, message: `--port ${port} leaves no room for ${gateways} ports` };
  }
  const address = reachableAddress(listen);
  const parsed = parseDocument(
    JSON.stringify({
      formatVersion: 1,
      settings: { drainSeconds: DRAIN_SECONDS },
      disks: [{ name: DEMO_DISK, size: sizeBytes, blockLength }],
      gateways: Array.from({ length: gateways }, (_, i) => ({
        name: demoGatewayName(i),
        portals: [
          {
            address,
            ...(address === listen ? {} : { listen }),
            port: port + i,
            portalGroupTag: i + 1,
          },
        ],
      })),
      targets: [{ iqn: target, alias: 'Allpath demo', luns: { 0: DEMO_DISK }, access: 'any' }],
    }),
  );
  if (parsed.ok) return { ok: true, document: parsed.document };
  // A problem that several gateways share is reported once.
  const lines = parsed.problems.map(({ path, message }) => `${optionOf(path)}: ${message}`);
  return { ok: false, message: [...new Set(lines)].join('\n') };
}

const OPTIONS: readonly (readonly [RegExp, string])[] = [
  [/^disks\[0\]\.size$/, '--size'],
  [/^targets\[0\]\.iqn$/, '--target'],
  [/\.portals\[0\]\.(address|listen)$/, '--listen'],
];

/** Problems are reported by option, because the user has not written a document. */
function optionOf(path: string): string {
  return OPTIONS.find(([pattern]) => pattern.test(path))?.[1] ?? path;
}

/**
 * The document of an existing store, with the gateways and target of the demo added. Other disks
 * stay. Throws `demoDiskDiffers` if its demo disk has another size or block length.
 */
export function onKeptStore(
  demo: DocumentDraft,
  current: ClusterDocument | undefined,
): DocumentDraft {
  const kept = current?.disks.find(({ name }) => name === DEMO_DISK);
  const asked = demo.disks[0]!;
  if (kept === undefined) return { ...demo, disks: [...(current?.disks ?? []), asked] };
  if (kept.size !== asked.size || kept.blockLength !== asked.blockLength) {
    throw new Failure(
      'demoDiskDiffers',
      `the disk of this store has ${inWords(kept)}, not ${inWords(asked)}: ask for the same, or ` +
        'take another store',
      { sizeBytes: kept.size, blockLength: kept.blockLength },
    );
  }
  return { ...demo, disks: current?.disks ?? [] };
}

function inWords({ size, blockLength }: DiskDraft): string {
  return `${formatSize(size)} in blocks of ${blockLength} bytes`;
}

/** Initiators cannot connect to a wildcard, so they get an address of this machine instead. */
function reachableAddress(listen: string): string {
  if (listen !== '0.0.0.0' && listen !== '::') return listen;
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const outside = addresses.filter(({ internal, family, address }) => {
    return !internal && (family === 'IPv4' || (listen === '::' && !address.startsWith('fe80')));
  });
  return outside[0]?.address ?? (listen === '::' ? '::1' : '127.0.0.1');
}
