// The layers of docs/internals/layers.md as a table, and the question whether an import keeps them.

import { join, normalize } from 'node:path/posix';

export interface Layer {
  /** Below `src`; of `roomsBeside` from the root. */
  readonly folder: string;
  /** Folders, or single files, that it may import, named in the same way. */
  readonly imports: readonly string[];
  /** Those of which it may import types alone. */
  readonly types?: readonly string[];
  /** What its drivers under `local/` may import besides. */
  readonly localImports?: readonly string[];
  /** What its drivers for Ceph (`cephFolders`) may import besides. */
  readonly cephImports?: readonly string[];
  /** Modules of Node and packages; those of `local/` drivers besides. `*` stands for any. */
  readonly modules: readonly string[];
  readonly localModules?: readonly string[];
  /** Whether clock, timers, randomness and the process must enter by constructor. */
  readonly pure: boolean;
}

/** Where a layer keeps its driver for Ceph. */
export const cephFolders: Readonly<Record<string, string>> = {
  volume: 'rbd',
  records: 'rados',
  membership: 'ceph',
};

export const layers: readonly Layer[] = [
  { folder: 'base', imports: [], modules: ['node:buffer'], pure: true },
  { folder: 'log', imports: ['base'], modules: [], pure: true },
  { folder: 'metrics', imports: ['base'], modules: [], pure: true },
  {
    folder: 'volume',
    imports: ['base', 'log'],
    localImports: ['host'],
    cephImports: ['ceph'],
    modules: ['node:buffer'],
    localModules: ['*'],
    pure: true,
  },
  {
    folder: 'records',
    imports: ['base', 'log'],
    localImports: ['host'],
    cephImports: ['ceph'],
    modules: ['node:buffer'],
    localModules: ['*'],
    pure: true,
  },
  {
    folder: 'membership',
    imports: ['base', 'log', 'records/records.ts', 'records/persistent-watch.ts'],
    cephImports: ['ceph'],
    modules: ['node:buffer'],
    pure: true,
  },
  {
    folder: 'scsi',
    imports: ['base', 'log', 'volume/volume.ts'],
    modules: ['node:buffer', 'node:crypto'],
    pure: true,
  },
  {
    folder: 'units',
    imports: [
      'base',
      'log',
      'records/records.ts',
      'records/json-record.ts',
      'records/persistent-watch.ts',
      'membership',
      'scsi/unit-state.ts',
      'scsi/unit-codec.ts',
    ],
    modules: ['node:buffer'],
    pure: true,
  },
  {
    folder: 'iscsi',
    imports: [
      'base',
      'log',
      'scsi/task.ts',
      'scsi/nexus.ts',
      'scsi/nexus-identity.ts',
      'scsi/designator.ts',
      'scsi/transport-id.ts',
      'scsi/status.ts',
    ],
    modules: ['node:buffer', 'node:crypto', '@node-rs/crc32'],
    pure: true,
  },
  {
    folder: 'config',
    imports: ['base'],
    modules: ['node:buffer', 'node:net', 'yaml', 'zod'],
    pure: true,
  },
  {
    folder: 'host',
    imports: ['base', 'log'],
    modules: ['*'],
    pure: false,
  },
  {
    folder: 'ceph',
    imports: ['base', 'host'],
    modules: ['*'],
    pure: false,
  },
  {
    folder: 'control',
    imports: [
      'base',
      'volume/volume.ts',
      'volume/volume-layout.ts',
      'records/records.ts',
      'records/json-record.ts',
      'membership',
      'config',
      'units/unit-record.ts',
      'units/unit-records.ts',
      'scsi/reservations/initiator-port.ts',
      'scsi/reservations/life.ts',
      'scsi/reservations/nexus-name.ts',
      'scsi/reservations/reservations.ts',
    ],
    modules: ['node:buffer'],
    pure: true,
  },
  {
    folder: 'gateway',
    imports: [
      'base',
      'log',
      'metrics',
      'volume',
      'records',
      'membership',
      'scsi',
      'units',
      'iscsi',
      'config',
      'host',
      'ceph',
      'control',
    ],
    modules: ['node:buffer', 'node:path'],
    pure: true,
  },
  {
    folder: 'lab',
    imports: ['base', 'config', 'host', 'ceph', 'control', 'iscsi/limits.ts', 'gateway'],
    modules: ['*'],
    pure: false,
  },
  {
    folder: 'cli',
    imports: [
      'base',
      'log',
      'metrics',
      'volume',
      'records',
      'membership',
      'scsi',
      'units',
      'iscsi',
      'config',
      'host',
      'ceph',
      'control',
      'gateway',
      'lab',
    ],
    modules: ['*'],
    pure: false,
  },
];

/** Layers that lie beside `src`. */
export const roomsBeside: readonly string[] = ['lab'];

/** A path from the root as layers name it; undefined for what no layer may import. */
function placeOf(path: string): string | undefined {
  if (path.startsWith('src/')) return path.slice('src/'.length);
  return roomsBeside.some((room) => path.startsWith(`${room}/`)) ? path : undefined;
}

/** The layer of a file, given by its path from the root. */
export function layerOf(path: string): Layer | undefined {
  const place = placeOf(path);
  return layers.find(({ folder }) => place?.startsWith(`${folder}/`));
}

/** Why the file at `path` may not import `from`; undefined if it may. */
export function importProblem(path: string, from: string, typesOnly: boolean): string | undefined {
  const layer = layerOf(path);
  const file = placeOf(path);
  if (layer === undefined || file === undefined) return 'it lies in no layer';
  const isLocal = file.startsWith(`${layer.folder}/local/`);
  if (!from.startsWith('.')) {
    const allowed = [...layer.modules, ...(isLocal ? (layer.localModules ?? []) : [])];
    return allowed.includes('*') || allowed.includes(from) ? undefined : `module ${from}`;
  }
  const target = placeOf(normalize(join(path, '..', from)));
  if (target === undefined) return `${from} is outside the layers`;
  const allowed = [layer.folder, ...layer.imports];
  if (isLocal) allowed.push(...(layer.localImports ?? []));
  const isOnCeph = file.startsWith(`${layer.folder}/${cephFolders[layer.folder]}/`);
  if (isOnCeph) allowed.push(...(layer.cephImports ?? []));
  if (typesOnly) allowed.push(...(layer.types ?? []));
  return allowed.some((place) => target === place || target.startsWith(`${place}/`))
    ? undefined
    : `${target}${typesOnly ? '' : ' at run time'}`;
}
