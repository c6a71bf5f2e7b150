import { assert } from '../base/assert.ts';

interface FieldValues {
  readonly text: string;
  readonly number: number;
  readonly texts: readonly string[];
}

type FieldKind = keyof FieldValues;

/** Every field that a line can have: who, where, why. One name means one thing in all events. */
export const logFields = {
  gateway: ['text', 'the gateway whose log this is'],
  member: ['text', 'another gateway, by its name in the document'],
  disk: ['text', 'the disk, by its name in the document'],
  uuid: ['text', 'the disk, by its uuid in the document'],
  eventNumber: ['number', 'number of the event of the logical unit'],
  volume: ['text', 'the volume, by its name in the store'],
  image: ['text', 'the RBD image, with its pool and namespace'],
  version: ['number', 'version of the document'],
  portals: ['texts', 'portals that the gateway listens on'],
  sessions: ['number', 'how many sessions the gateway has'],
  drainSeconds: ['number', 'how long the gateway waits for its initiators at most'],
  waitMs: ['number', 'length of the pause'],
  session: ['text', '`normal` or `discovery`'],
  initiator: ['text', 'iSCSI name of the initiator'],
  target: ['text', 'iSCSI name of the target'],
  user: ['text', 'name that the initiator gave for CHAP'],
  address: ['text', 'address of the peer'],
  port: ['number', 'TCP port of the peer'],
  portal: ['text', 'portal through which the connection came'],
  portalGroupTag: ['number', 'tag of the portal group of that portal'],
  status: ['text', 'class and detail of the Login Response (RFC 7143), in hexadecimal'],
  initiatorPort: ['text', 'name of the initiator port of the nexus'],
  targetPort: ['text', 'name of the target port of the nexus'],
  opcode: ['number', 'operation code of the PDU'],
  rejectReason: ['number', 'reason of the Reject PDU (RFC 7143)'],
  sizeBytes: ['number', 'size of the volume'],
  documentBytes: ['number', 'size of the disk in the document'],
  usedBytes: ['number', 'what is used of the store or pool'],
  availableBytes: ['number', 'what is free in the store or pool'],
  channel: ['text', 'channel by which gateways notify each other'],
  file: ['text', 'name of the file'],
  holderPid: ['number', 'process that holds the lock'],
  addresses: ['text', 'addresses of the client instance, as Ceph prints them'],
  clients: ['texts', 'clients of the Ceph cluster, by their global identifiers'],
  reason: ['text', 'what went wrong, and where it is known what to do'],
  count: ['number', 'how many lines were left out'],
  seconds: ['number', 'time over which they were counted'],
} as const satisfies Readonly<Record<string, readonly [FieldKind, string]>>;

export type LogFieldName = keyof typeof logFields;

export type LogFieldValue<Name extends LogFieldName> = FieldValues[(typeof logFields)[Name][0]];

/** What each line has by itself; two fields of one name would hide each other. */
const TAKEN = ['level', 'time', 'pid', 'event', 'msg'];

for (const name of TAKEN) assert(!(name in logFields), `${name} is in each line already`);
