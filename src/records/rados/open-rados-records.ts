import { Failure } from '../../base/failure.ts';
import { EEXIST } from '../../ceph/errno.ts';
import { decodeJsonRecord, encodeJsonRecord, type JsonRecordFormat } from '../json-record.ts';
import { CHANNEL_OBJECTS, STORE_OBJECT, VALUE_OBJECTS } from './object-names.ts';
import { readOmapKeys } from './omap-read.ts';
import { RadosCalls } from './rados-calls.ts';
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
  const { pool, clock } = parts;
  const calls = new RadosCalls(clock, () => {});
  const read = async (): Promise<Uint8Array | undefined> => {
    const { entries } = await readOmapKeys(pool, calls, STORE_OBJECT, [LAYOUT_KEY]);
    return entries.get(LAYOUT_KEY);
  };
  let bytes = await read();
  if (bytes === undefined) {
    const entries = [[LAYOUT_KEY, encodeJsonRecord(layoutFormat, layout)]] as const;
    const { errno } = await calls.bounded(
      pool.operate(STORE_OBJECT, [
        { step: 'create', exclusive: true },
        { step: 'omapSet', entries },
      ]),
    );
    if (errno < 0 && errno !== EEXIST) throw calls.failure(errno, `making ${STORE_OBJECT}`);
    bytes = await read();
  }
  checkLayout(bytes);
  return new RadosRecords(parts);
}

function checkLayout(bytes: Uint8Array | undefined): void {
  if (bytes === undefined) {
    throw new Failure('recordsUnsuitable', `${STORE_OBJECT} says nothing of the records' layout`);
  }
  try {
    decodeJsonRecord(layoutFormat, bytes);
  } catch (cause) {
    const reason = (cause as Failure).message;
    throw new Failure('recordsUnsuitable', `the records of this pool: ${reason}`, {}, { cause });
  }
}
