import { ByteWriter } from '../../base/bytes/byte-writer.ts';
import type { BytesReader } from '../../base/bytes/bytes-reader.ts';
import { utf8Text } from '../../base/bytes/utf8-text.ts';
import { prepareName } from '../../base/iscsi-name.ts';
import { TRANSPORT_ID_LENGTH } from '../standard/transport-id.ts';
import {
  type InitiatorPort,
  ISID_LENGTH,
  initiatorPort,
  NO_ISID,
  nexusOfPort,
} from './initiator-port.ts';
import { type NexusName, targetPortOf } from './nexus-name.ts';
import { REGISTRATIONS_MAX } from './reservations.ts';

/**
 * Nexuses in a record: the name of an initiator is there once, before all nexuses, and each of them
 * gives its number. There is one encoding: names are in the order of their first use.
 */

const NameKind = { iscsi: 0, other: 1 } as const;

/** Why bytes are not what they should be, in words. */
export interface Malformed {
  readonly malformed: string;
}

export function writeNexus(writer: ByteWriter, nexus: NexusName, names: Names): void {
  const port = initiatorPort(nexus);
  writer.u16(names.index(port)).digits(port.isid).u16(targetPortOf(nexus));
}

/** Names of initiators, numbered by their first use. */
export class Names {
  readonly #indices = new Map<string, number>();
  readonly #encoded = new ByteWriter();

  index({ kind, name }: InitiatorPort): number {
    const identity = identityOf(kind, name);
    const known = this.#indices.get(identity);
    if (known !== undefined) return known;
    const index = this.#indices.size;
    this.#indices.set(identity, index);
    const bytes = Buffer.from(name, 'hex');
    this.#encoded.u8(NameKind[kind]).length8((writer) => writer.bytes(bytes));
    return index;
  }

  encode(): Uint8Array {
    return new ByteWriter().u16(this.#indices.size).bytes(this.#encoded.finish()).finish();
  }
}

/** An iSCSI name and a TransportID may have the same digits. */
function identityOf(kind: InitiatorPort['kind'], name: string): string {
  return kind === 'iscsi' ? name : `${kind}:${name}`;
}

type Name = Omit<InitiatorPort, 'isid'>;

/** Names of a record, which are numbered by their first use: a state has one encoding. */
export class ReadNames {
  readonly #names: readonly Name[];
  #used = 0;

  constructor(names: readonly Name[]) {
    this.#names = names;
  }

  get areUsed(): boolean {
    return this.#used === this.#names.length;
  }

  /** Undefined: there is none of this number, or one before it was not used yet. */
  use(index: number): Name | undefined {
    if (index > this.#used) return undefined;
    if (index === this.#used) this.#used++;
    return this.#names[index];
  }
}

export function readNames(reader: BytesReader): ReadNames | Malformed {
  const count = reader.u16();
  // One more may hold the unit by RESERVE.
  if (count > REGISTRATIONS_MAX + 1) return malformed('there are more names than may register');
  const names = new Map<string, Name>();
  while (names.size < count) {
    const kind = reader.u8();
    const bytes = reader.bytes(reader.u8());
    const name = nameOf(kind, bytes);
    if (name === undefined) return malformed('a name is not that of an initiator');
    const identity = identityOf(name.kind, name.name);
    if (names.has(identity)) return malformed('a name comes twice');
    names.set(identity, name);
  }
  return new ReadNames([...names.values()]);
}

function nameOf(kind: number, bytes: Uint8Array): Name | undefined {
  const name = Buffer.from(bytes).toString('hex');
  if (kind === NameKind.iscsi) return isIscsiName(bytes) ? { kind: 'iscsi', name } : undefined;
  const isOther = kind === NameKind.other && bytes.length === TRANSPORT_ID_LENGTH;
  return isOther && initiatorPort(name).kind === 'other' ? { kind: 'other', name } : undefined;
}

function isIscsiName(name: Uint8Array): boolean {
  const text = utf8Text(name);
  return text !== undefined && prepareName(text) === text;
}

export function readNexus(reader: BytesReader, names: ReadNames): NexusName | Malformed {
  const name = names.use(reader.u16());
  const isid = reader.digits(ISID_LENGTH);
  const targetPort = reader.u16();
  if (name === undefined) return malformed('a nexus has a name that is not the next of the list');
  if (name.kind === 'other' && isid !== NO_ISID) {
    return malformed('an ISID is not that of an iSCSI port');
  }
  if (targetPort === 0) return malformed('a nexus has target port 0');
  return nexusOfPort({ kind: name.kind, name: name.name, isid }, targetPort);
}

export function malformed(reason: string): Malformed {
  return { malformed: reason };
}
