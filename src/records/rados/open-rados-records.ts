import { assert } from '../../base/assert.ts';
import { Failure } from '../../base/failure.ts';
import { EEXIST } from '../../ceph/errno.ts';
import type { WriteStep } from '../../ceph/object-steps.ts';
import { decodeJsonRecord, encodeJsonRecord, type JsonRecordFormat } from '../json-record.ts';
import { checkMemberName } from '../record-arguments.ts';
import type { Member, RecordsFailureCode } from '../records.ts';
import {
  CHANNEL_OBJECTS,
  channelObjectsOf,
  STORE_OBJECT,
  VALUE_OBJECTS,
  valueObjects,
} from './object-names.ts';
import { readOmapKeys } from './omap-read.ts';
import { RadosCalls, unavailable } from './rados-calls.ts';
import { RadosRecords, type RadosRecordsParts } from './rados-records.ts';

const LAYOUT_KEY = 'layout';

interface Layout {
  readonly valueObjects: number;
  readonly channelObjects: number;
}

const layout: Layout = { valueObjects: VALUE_OBJECTS, channelObjects: CHANNEL_OBJECTS };

/** Raised by one for every change that an older release cannot work beside. */
const layoutFormat: JsonRecordFormat<Layout> = {
  kind: 'layout',
  formatVersion: 1,
  lengthMaxBytes: 4096,
  decode(content) {
    const found = content as Layout;
    if (found.valueObjects !== VALUE_OBJECTS || found.channelObjects !== CHANNEL_OBJECTS) {
      throw new Error(`other numbers of objects: ${JSON.stringify(content)}`);
    }
    return found;
  },
};

/**
 * Opens the records of a pool, and makes them there if there are none. Rejects with
 * `recordsUnsuitable` when another release has laid them out in a way that this one does not know.
 */
export async function openRadosRecords(parts: RadosRecordsParts): Promise<RadosRecords> {
  const { pool, namespace, clock, self } = parts;
  checkMember(self);
  const calls = new RadosCalls(clock, () => {});
  const read = async (): Promise<Uint8Array | undefined> => {
    const { entries } = await readOmapKeys(pool, calls, STORE_OBJECT, [LAYOUT_KEY]);
    return entries.get(LAYOUT_KEY);
  };
  const make = async (object: string, steps: readonly WriteStep[]): Promise<void> => {
    const all: WriteStep[] = [{ step: 'create', exclusive: true }, ...steps];
    const { errno } = await calls.bounded(pool.operate(object, all));
    if (errno < 0 && errno !== EEXIST) throw calls.failure(errno, `making ${object}`);
  };
  let bytes = await read().catch((error: unknown) => {
    throw firstSilence(error) ?? error;
  });
  if (bytes === undefined) {
    // All objects are created now: a full pool accepts no new object, but still serves these.
    const objects = [...valueObjects, ...channelObjectsOf(namespace)];
    await Promise.all(objects.map((object) => make(object, [])));
    const entries = [[LAYOUT_KEY, encodeJsonRecord(layoutFormat, layout)]] as const;
    await make(STORE_OBJECT, [{ step: 'omapSet', entries }]);
    bytes = await read();
  }
  checkLayout(bytes);
  return new RadosRecords(parts);
}

/**
 * Advice when the first operation is not answered. The monitors let the pool be opened; the OSDs
 * may be down, and those of Ceph 18 and later do not answer a user without capabilities for them.
 */
function firstSilence(error: unknown): Failure<RecordsFailureCode> | undefined {
  if (!(error instanceof Failure) || error.code !== 'recordsUnavailable') return undefined;
  if (error.data['errno'] !== undefined) return undefined;
  return unavailable(
    `${error.message}, though its monitors did: "ceph -s" shows whether OSDs are up, ` +
      '"allpath ceph caps" what the user needs to reach them',
  );
}

/** Both texts are in every message, and the incarnation in the stamp of every write. */
function checkMember({ name, incarnation }: Member): void {
  checkMemberName(name);
  assert(/^[\x21-\x7e]{1,200}$/.test(incarnation), 'an incarnation is a short text of ASCII');
}

function checkLayout(bytes: Uint8Array | undefined): void {
  if (bytes === undefined) {
    throw new Failure(
      'recordsUnsuitable',
      `${STORE_OBJECT} does not describe the layout of the records`,
    );
  }
  try {
    decodeJsonRecord(layoutFormat, bytes);
  } catch (cause) {
    const reason = (cause as Failure).message;
    throw new Failure('recordsUnsuitable', `the records of this pool: ${reason}`, {}, { cause });
  }
}
