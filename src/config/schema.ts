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
 * What needs two places of a document at a time (references, duplicates) is in `references.ts`.
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
 * of a login answer and begin another one), nothing invisible, nothing that UTF-8 cannot say.
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

/** Kept in the form in which names are compared; an initiator's name is judged by the same rule. */
const iscsiName = z.string().transform((text, context) => {
  const prepared = prepareName(text);
  if (prepared !== undefined) return prepared;
  context.addIssue({
    code: 'custom',
    message: 'must be an iSCSI name (iqn.YYYY-MM.domain:name, eui, naa)',
  });
  return z.NEVER;
});

/** For a value of several forms: what it must be, also where it is missing. */
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
      'is what "allpath get" prints in place of a secret: write the secret, or take what ' +
      '"allpath get --secrets" prints',
    abort: true,
  })
  .pipe(text(SECRET_LENGTH_MIN_BYTES, SECRET_LENGTH_MAX_BYTES))
  .describe('CHAP secret, 12 to 256 bytes. Never printed unless asked for.');

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
        'What the target proves to an initiator that asks (mutual CHAP). Its secret must differ ' +
          'from the secrets of all initiators, in any entry; neither may begin with the other.',
      ),
  })
  .describe('CHAP: what the initiator must prove.');

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
  size: size.describe('Bytes, or `512M`, `1G`, `10T` (powers of 1024).'),
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
  writethrough: z
    .boolean()
    .default(false)
    .describe('Every write is durable when it is acknowledged (WCE 0).'),
  readOnly: z.boolean().default(false).describe('Writes end DATA PROTECT.'),
  dataPool: ascii(128)
    .optional()
    .describe(
      "On Ceph: the pool of the data of the disk's image where that is not the store's own, an " +
        'erasure-coded one say. Cannot change later.',
    ),
  volume: z
    .strictObject({
      name: ascii(128).optional().describe('Its name, where it is not the name of the disk.'),
      id: ascii(128)
        .optional()
        .describe('On Ceph: the id of the pool and the id of the image, `3/10ab76b8b4567`.'),
    })
    .optional()
    .describe(
      'The volume (on Ceph the image) that holds the data. Written by Allpath: a disk that is ' +
        'renamed keeps its volume under its first name.',
    ),
  deleting: z
    .literal(true)
    .optional()
    .describe('Written by Allpath: `disk delete` has begun, and finishes it when it is run again.'),
  objectSize: objectSize
    .optional()
    .describe(
      "On Ceph: size of the objects of the disk's image, a power of two from `4K` to `32M`; `4M` " +
        'when it is made without. Cannot change later.',
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
  address: address(portalFault).describe('Numeric address that initiators are told.'),
  listen: address(listenFault)
    .optional()
    .describe('Numeric address to listen on, where it differs.'),
  port: z.int().min(1).max(65535).default(3260).describe('TCP port.'),
  portalGroupTag: identifier
    .optional()
    .describe('Target portal group tag, and TARGET PORT GROUP. Generated once.'),
  relativePortIdentifier: identifier
    .optional()
    .describe(
      'RELATIVE TARGET PORT IDENTIFIER. Generated once. One that a target port had which is gone ' +
        'is refused.',
    ),
});

export const gatewaySchema = z.strictObject({
  name: name('gateway'),
  portals: z.array(portalSchema).min(1).max(PORTALS_PER_GATEWAY_MAX).describe('Where it listens.'),
});

export const accessEntrySchema = z.strictObject({
  initiator: iscsiName.describe('iSCSI name of the initiator.'),
  luns: lunMapSchema.optional().describe('LUN map of this initiator alone.'),
  chap: chapSchema.optional().describe('CHAP of this initiator alone.'),
});

export const targetSchema = z.strictObject({
  iqn: iscsiName.describe('iSCSI name of the target.'),
  alias: text(1, TEXT_LENGTH_MAX_BYTES).optional().describe('Shown to people.'),
  luns: lunMapSchema.default({}),
  access: z
    .union(
      [z.literal('any'), z.array(accessEntrySchema).max(INITIATORS_PER_TARGET_MAX)],
      must('"any" or a list of initiators'),
    )
    .describe('Who may log in: `any`, or a list of initiators.'),
  chap: chapSchema.optional().describe('CHAP of initiators without an entry of their own.'),
});

export const settingsSchema = z.strictObject({
  oui: z
    .string()
    .regex(/^[0-9a-f]{6}$/, 'must be six hexadecimal digits, in lower case')
    .optional()
    .describe('Your IEEE OUI: new disks get NAA 6h names under it, else NAA 3h (local) names.'),
  queueDepth: z
    .int()
    .min(1)
    .max(QUEUE_DEPTH_MAX)
    .default(256)
    .describe(
      'Commands in flight per session, at most: CmdSN window and task set of new sessions.',
    ),
  chapMd5: z
    .boolean()
    .default(true)
    .describe('CHAP with MD5, which many initiators know alone; SHA1 and better are always there.'),
  drainSeconds: z
    .int()
    .min(0)
    .max(60)
    .default(5)
    .describe('How long a gateway that stops waits for its initiators to log out.'),
  softThresholdPercent: z
    .int()
    .min(1)
    .max(100)
    .default(80)
    .describe(
      'Initiators hear THIN PROVISIONING SOFT THRESHOLD REACHED when so much of the pool is ' +
        'used, and "allpath status" says so; on a file system the latter alone.',
    ),
  volumeInstances: z
    .int()
    .min(1)
    .max(VOLUME_INSTANCES_MAX)
    .default(1)
    .describe(
      'On Ceph: client instances that the disks of a gateway share. A fence for one disk moves ' +
        'all disks of its instance; each instance more costs CPU at every command. Holds for ' +
        'disks that are opened from then on: restart a gateway to spread all.',
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
      'The version of the cluster that this document was made from, as `allpath get` writes it: ' +
        '`apply` refuses it when the cluster has another version by now. Without it the document ' +
        'replaces whatever version there is.',
    ),
  settings: settingsSchema.prefault({}).describe('Settings of the cluster.'),
  discovery: z
    .strictObject({ chap: chapSchema.optional() })
    .default({})
    .describe('Who may ask for the list of targets.'),
  disks: z.array(diskSchema).max(DISKS_MAX).default([]).describe('Logical units.'),
  gateways: z.array(gatewaySchema).max(GATEWAYS_MAX).default([]).describe('Gateway processes.'),
  nextRelativePortIdentifier: z
    .int()
    .min(1)
    .max(PORT_IDENTIFIER_MAX + 1)
    .optional()
    .describe(
      'Written by Allpath: the `relativePortIdentifier` of the next portal group that is new. It ' +
        'never falls: no identifier is given to a second target port.',
    ),
  targets: z.array(targetSchema).max(TARGETS_MAX).default([]).describe('iSCSI targets.'),
});
