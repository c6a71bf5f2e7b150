/** The thread for the blocking system calls of the store. */
import { dirname } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { Failure } from '../../base/failure.ts';
import { describeFault, isNoSpace, probeWriting } from './no-space.ts';
import { RecordsStore } from './records-store.ts';
import { Reserve } from './reserve.ts';
import type { StoreReply, StoreRequest, StoreWorkerData } from './store-message.ts';

/** Primary result codes of SQLite that say: another process is in the way. */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_PROTOCOL = 15;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
/** The codes of SQLite for a full file system; which one it returns depends on the file. */
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const UNWRITABLE = [SQLITE_READONLY, SQLITE_IOERR, SQLITE_FULL, SQLITE_CANTOPEN];
const PRIMARY_CODE_MASK = 0xff;

assert(parentPort !== null, 'the store runs in a worker thread');
const port = parentPort;
const { databasePath, isReader } = workerData as StoreWorkerData;
const directory = dirname(databasePath);
/** The volumes beside the records keep their data, and say which disks they are. */
const damaged = {
  code: 'recordsDamaged',
  message:
    `${databasePath} is damaged, or not a database: end all gateways of this store, move the ` +
    `folder ${directory} away, and put a backup of it in its place, or "allpath apply" a copy of ` +
    'the document; the volumes keep their data',
};
const reserve = new Reserve(directory);
let store: RecordsStore | undefined;

port.on('message', (request: StoreRequest | 'close') => {
  if (request === 'close') {
    store?.close();
    port.close();
  } else {
    port.postMessage(answer(request));
  }
});

/** Answers; a change that finds no room is made with room from the reserve. */
function answer(request: StoreRequest): StoreReply {
  const { id } = request;
  for (;;) {
    try {
      return { id, status: 'done', value: perform(request) };
    } catch (error) {
      if (isBusy(error)) return { id, status: 'busy' };
      if (error instanceof Failure) {
        return { id, status: 'failed', code: error.code, message: error.message };
      }
      const fault = isUnwritable(error) ? probeWriting(directory) : undefined;
      const isFull = isNoSpace(fault) || primaryCodeOf(error) === SQLITE_FULL;
      if (isFull && reserve.release()) {
        store?.takeRoom();
        continue;
      }
      if (isDamaged(error)) return { id, status: 'failed', ...damaged };
      const reason = error instanceof Error ? error.message : String(error);
      const message =
        fault === undefined ? `${databasePath}: ${reason}` : describeFault(fault, directory);
      const code = isFull ? 'recordsFull' : 'recordsUnavailable';
      return { id, status: 'failed', code, message };
    }
  }
}

function perform({ operation, parameters }: StoreRequest): unknown {
  store ??= new RecordsStore(databasePath, isReader);
  // The caller's types bind the parameters to the operation; see StoreThread.call.
  const work = store[operation] as (...parameters: readonly unknown[]) => unknown;
  return work.apply(store, [...parameters]);
}

function isUnwritable(error: unknown): boolean {
  const code = primaryCodeOf(error);
  return code !== undefined && UNWRITABLE.includes(code);
}

function isDamaged(error: unknown): boolean {
  const code = primaryCodeOf(error);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

function isBusy(error: unknown): boolean {
  const code = primaryCodeOf(error);
  return code !== undefined && [SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL].includes(code);
}

/** Undefined for an error that is not from SQLite. */
function primaryCodeOf(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' ? code & PRIMARY_CODE_MASK : undefined;
}
