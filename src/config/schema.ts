import { z } from 'zod';
import { prepareName } from '../base/iscsi-name.ts';
import { canonicalAddress, listenFault, portalFault } from './address.ts';
import {
  DISK_SIZE_MAX_BYTES,
  DISKS_MAX,
  GATEWAYS_MAX,
  INITIATORS_PER_TARGET_MAX,
  LUN_MAX,
  OBJECT_SIZE_MAX_BYTES,
  OBJECT_SIZE_MIN_BYTES,
  PORT_IDENTIFIER_MAX,
  PORTALS_PER_GATEWAY_MAX,
  QUEUE_DEPTH_MAX,
  SECRET_LENGTH_MAX_BYTES,
  SECRET_LENGTH_MIN_BYTES,
  TARGETS_MAX,
  TEXT_LENGTH_MAX_BYTES,
  VOLUME_INSTANCES_MAX,
} from './limits.ts';
import { REDACTED } from './redact.ts';
import { parseSize } from './size.ts';

/*
 * The cluster document, once: types, validation and docs/reference/document.md come from here.
 * Checks across several places of a document (references, duplicates) are in `references.ts`.
 */

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,62})$/;
const NAA = /^(?:naa\.)?(?:[235][0-9a-f]{15}|6[0-9a-f]{31})$/;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

const name = (of: string) =>
  z
    .string()
    .regex(
      NAME,
      'must be 1 to 63 lower-case letters, digits, ".", "_" and "-", the first a letter or digit',
    )
    .describe(`Name of the ${of}, unique in the document.`);

const ascii = (lengthMax: number) =>
  z
    .string()
    .regex(/^[\x20-\x7e]*$/, 'must be printable ASCII')
    .min(1)
    .max(lengthMax);

/**
 * Text that reaches login answers, terminals and logs: no control characters (a NUL would end a key
 * of a login answer and begin another one), no invisible characters, none that UTF-8 cannot encode.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\ufffd-\uffff]/u;

const text = (lengthMinBytes: number, lengthMaxBytes: number) =>
  z
    .string()
    .refine((value) => {
      const lengthBytes = Buffer.byteLength(value);
      return lengthBytes >= lengthMinBytes && lengthBytes <= lengthMaxBytes;
    }, `must be ${lengthMinBytes} to ${lengthMaxBytes} bytes long`)
    .refine(
      (value) => !UNSEEN.test(value),
      'must not have control or invisible characters (a text after "|" ends with a line break)',
    );

/**
 * Kept in the form in which names are compared; an initiator's name is checked by the same rule.
 */
const iscsiName = z.string().transform((text, context) => {
  const prepared = prepareName(text);
  if (prepared !== undefined) return prepared;
  context.addIssue({
    code: 'custom',
    message: 'must be an iSCSI name (iqn.YYYY-MM.domain:name, eui, naa)',
  });
  return z.NEVER;
});

/** For a value of several forms: the message also when the value is missing. */
const must = (be: string) => ({
  error: ({ input }: { readonly input: unknown }) =>
    input === undefined ? `is missing: it must be ${be}` : `must be ${be}`,
});

const SIZE_FORMS = 'a number of bytes, or a size like 512M, 1G, 10T';

const size = z
  .union([z.number(), z.string()], must(SIZE_FORMS))
  .transform((value, context) => {
    const bytes = typeof value === 'number' ? value : parseSize(value);
    if (bytes !== undefined && Number.isInteger(bytes) && bytes > 0) return bytes;
    context.addIssue({ code: 'custom', message: `must be ${SIZE_FORMS}` });
    return z.NEVER;
  })
  .refine((bytes) => bytes <= DISK_SIZE_MAX_BYTES, 'must be at most 4P');

const objectSize = size.refine(
  (bytes) =>
    bytes >= OBJECT_SIZE_MIN_BYTES &&
    bytes <= OBJECT_SIZE_MAX_BYTES &&
    Number.isInteger(Math.log2(bytes)),
  'must be a power of two from 4K to 32M',
);

const secret = z
  .string()
  .refine((value) => value !== REDACTED, {
    error:
      'is the placeholder that "allpath get" prints for a secret: write the secret, or use the ' +
      'output of "allpath get --secrets"',
    abort: true,
  })
  .pipe(text(SECRET_LENGTH_MIN_BYTES, SECRET_LENGTH_MAX_BYTES))
  .describe('CHAP secret, 12 to 256 bytes. Printed only by `allpath get --secrets`.');

const credentials = {
  user: text(1, TEXT_LENGTH_MAX_BYTES).describe('CHAP user name.'),
  secret,
};

export const chapSchema = z
  .strictObject({
    ...credentials,
    mutual: z
      .strictObject(credentials)
      .optional()
      .describe(
        'Credentials of the target, for initiators that ask (mutual CHAP). Its secret must ' +
          'differ from the secrets of all initiators, in any entry; neither may be a prefix of ' +
          'the other.',
      ),
  })
  .describe('CHAP credentials of the initiator.');

export const lunMapSchema = z
  .record(
    z
      .string()
      .regex(/^(0|[1-9][0-9]{0,4})$/, { error: 'must be a LUN: a number', abort: true })
      .refine((lun) => Number(lun) <= LUN_MAX, `a LUN is at most ${LUN_MAX}`),
    z.string(),
  )
  .describe('LUN to name of a disk: `0: disk1`.');

export const diskSchema = z.strictObject({
  name: name('disk'),
  uuid: z
    .string()
    .regex(UUID, 'must be a UUID in lower-case letters')
    .optional()
    .describe('Generated once.'),
  size: size.describe('Bytes, or a size like `512M`, `1G`, `10T` (powers of 1024).'),
  blockLength: z
    .union([z.literal(512), z.literal(4096)], must('512 or 4096'))
    .default(512)
    .describe('Bytes of a logical block: 512 or 4096. Cannot change later.'),
  wwn: z
    .string()
    .transform((text) => text.toLowerCase())
    .refine(
      (text) => NAA.test(text),
      'must be an NAA identifier: naa. and 16 hexadecimal digits that begin with 2, 3 or 5, ' +
        'or 32 that begin with 6',
    )
    .transform((text) => (text.startsWith('naa.') ? text : `naa.${text}`))
    .optional()
    .describe('NAA designator of VPD page 83h. Generated once.'),
  serial: ascii(36).optional().describe('UNIT SERIAL NUMBER of VPD page 80h. Generated once.'),
  vendor: ascii(8).default('ALLPATH').describe('T10 VENDOR IDENTIFICATION.'),
  product: ascii(16).default('DISK').describe('PRODUCT IDENTIFICATION.'),
  revision: ascii(4).default('0001').describe('PRODUCT REVISION LEVEL.'),
  writethrough: z.boolean().default(false).describe('Every acknowledged write is durable (WCE 0).'),
  readOnly: z.boolean().default(false).describe('Refuse writes (DATA PROTECT).'),
  dataPool: ascii(128)
    .optional()
    .describe(
      "On Ceph: the pool for the data of the disk's image if it is not the store's own, for " +
        'example an erasure-coded one. Cannot change later.',
    ),
  volume: z
    .strictObject({
      name: ascii(128).optional().describe('Its name, if it differs from the name of the disk.'),
      id: ascii(128)
        .optional()
        .describe('On Ceph: the ids of the pool and the image, such as `3/10ab76b8b4567`.'),
    })
    .optional()
    .describe(
      'The volume (on Ceph, the image) that holds the data. Written by Allpath: a renamed disk ' +
        'keeps its volume under the original name.',
    ),
  deleting: z
    .literal(true)
    .optional()
    .describe('Written by Allpath: `disk delete` has begun; run it again to finish.'),
  objectSize: objectSize
    .optional()
    .describe(
      "On Ceph: size of the objects of the disk's image, a power of two from `4K` to `32M`; `4M` " +
        'by default. Cannot change later.',
    ),
});

const identifier = z.int().min(1).max(PORT_IDENTIFIER_MAX);

/** Kept in one spelling, so that equal addresses are equal texts. */
const address = (faultOf: (canonical: string) => string | undefined) =>
  z.string().transform((given, context) => {
    const canonical = canonicalAddress(given);
    const message =
      canonical === undefined
        ? 'must be a numeric IPv4 or IPv6 address, without brackets'
        : faultOf(canonical);
    if (canonical !== undefined && message === undefined) return canonical;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

export const portalSchema = z.strictObject({
  address: address(portalFault).describe('Numeric address that is reported to initiators.'),
  listen: address(listenFault).optional().describe('Numeric address to listen on, if it differs.'),
  port: z.int().min(1).max(65535).default(3260).describe('TCP port.'),
  portalGroupTag: identifier
    .optional()
    .describe('Target portal group tag, and TARGET PORT GROUP. Generated once.'),
  relativePortIdentifier: identifier
    .optional()
    .describe(
      'RELATIVE TARGET PORT IDENTIFIER. Generated once. The identifier of a removed target port ' +
        'is refused.',
    ),
});

export const gatewaySchema = z.strictObject({
  name: name('gateway'),
  portals: z
    .array(portalSchema)
    .min(1)
    .max(PORTALS_PER_GATEWAY_MAX)
    .describe('The portals on which it listens.'),
});

export const accessEntrySchema = z.strictObject({
  initiator: iscsiName.describe('iSCSI name of the initiator.'),
  luns: lunMapSchema.optional().describe('LUN map for this initiator only.'),
  chap: chapSchema.optional().describe('CHAP for this initiator only.'),
});

export const targetSchema = z.strictObject({
  iqn: iscsiName.describe('iSCSI name of the target.'),
  alias: text(1, TEXT_LENGTH_MAX_BYTES).optional().describe('Name of the target for people.'),
  luns: lunMapSchema.default({}),
  access: z
    .union(
      [z.literal('any'), z.array(accessEntrySchema).max(INITIATORS_PER_TARGET_MAX)],
      must('"any" or a list of initiators'),
    )
    .describe('Initiators that may log in: `any`, or a list.'),
  chap: chapSchema.optional().describe('CHAP for initiators whose entry has none.'),
});

export const settingsSchema = z.strictObject({
  oui: z
    .string()
    .regex(/^[0-9a-f]{6}$/, 'must be six hexadecimal digits, in lower case')
    .optional()
    .describe(
      'Your IEEE OUI. New disks get NAA 6h names under it; without it, NAA 3h (local) names.',
    ),
  queueDepth: z
    .int()
    .min(1)
    .max(QUEUE_DEPTH_MAX)
    .default(256)
    .describe(
      'Bound on commands in flight per session: CmdSN window and task set of new sessions.',
    ),
  chapMd5: z
    .boolean()
    .default(true)
    .describe(
      'Allow CHAP with MD5, the only algorithm of many initiators. SHA1 and better are always ' +
        'allowed.',
    ),
  drainSeconds: z
    .int()
    .min(0)
    .max(60)
    .default(5)
    .describe('How long a stopping gateway waits for its initiators to log out.'),
  softThresholdPercent: z
    .int()
    .min(1)
    .max(100)
    .default(80)
    .describe(
      'When this much of the pool is used, initiators get THIN PROVISIONING SOFT THRESHOLD ' +
        'REACHED, and "allpath status" reports it; on a file system, only the latter.',
    ),
  volumeInstances: z
    .int()
    .min(1)
    .max(VOLUME_INSTANCES_MAX)
    .default(1)
    .describe(
      'On Ceph: number of client instances that the disks of a gateway share. A fence for one ' +
        'disk moves all disks of its instance; each further instance costs CPU per command. ' +
        'Applies to disks that are opened from then on: restart a gateway to spread all of its ' +
        'disks.',
    ),
});

export const documentSchema = z.strictObject({
  formatVersion: z
    .literal(1, must('1, the format that this release reads'))
    .describe('Format of this document.'),
  basedOn: z
    .int()
    .min(1)
    .optional()
    .describe(
      "The version of the cluster's document that this one was made from, as `allpath get` " +
        'writes it: `apply` refuses the document if the cluster has another version by now. ' +
        'Without it, the document replaces any version.',
    ),
  settings: settingsSchema.prefault({}).describe('Settings of the cluster.'),
  discovery: z
    .strictObject({ chap: chapSchema.optional() })
    .default({})
    .describe('Authentication of initiators that ask for the list of targets.'),
  disks: z.array(diskSchema).max(DISKS_MAX).default([]).describe('Logical units.'),
  gateways: z.array(gatewaySchema).max(GATEWAYS_MAX).default([]).describe('Gateway processes.'),
  nextRelativePortIdentifier: z
    .int()
    .min(1)
    .max(PORT_IDENTIFIER_MAX + 1)
    .optional()
    .describe(
      'Written by Allpath: the `relativePortIdentifier` of the next new portal group. It ' +
        'never decreases, so that no identifier is used for a second target port.',
    ),
  targets: z.array(targetSchema).max(TARGETS_MAX).default([]).describe('iSCSI targets.'),
});
