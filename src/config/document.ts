import type { z } from 'zod';
import type {
  accessEntrySchema,
  chapSchema,
  diskSchema,
  documentSchema,
  gatewaySchema,
  lunMapSchema,
  portalSchema,
  targetSchema,
} from './schema.ts';

/** A valid document as its author wrote it: generated values may be missing. */
export type DocumentDraft = z.output<typeof documentSchema>;
export type DiskDraft = z.output<typeof diskSchema>;
export type PortalDraft = z.output<typeof portalSchema>;
export type GatewayDraft = z.output<typeof gatewaySchema>;

export type Disk = With<DiskDraft, 'uuid' | 'wwn' | 'serial'>;
export type PortalEntry = With<PortalDraft, 'portalGroupTag' | 'relativePortIdentifier'>;
export type GatewayEntry = Omit<GatewayDraft, 'portals'> & { portals: PortalEntry[] };
export type TargetEntry = z.output<typeof targetSchema>;
export type AccessEntry = z.output<typeof accessEntrySchema>;
export type Chap = z.output<typeof chapSchema>;
export type LunMapEntry = z.output<typeof lunMapSchema>;

/** The document as the cluster keeps and serves it: every identity is there. */
export type ClusterDocument = Omit<
  With<DocumentDraft, 'nextRelativePortIdentifier'>,
  'basedOn' | 'disks' | 'gateways'
> & {
  disks: Disk[];
  gateways: GatewayEntry[];
};

type With<T, Key extends keyof T> = Omit<T, Key> & { [K in Key]-?: NonNullable<T[K]> };
