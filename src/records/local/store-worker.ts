/** The thread in which the store's system calls block nobody. Its data is the database's path. */
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { Failure } from '../../base/failure.ts';
import { RecordsStore } from './records-store.ts';
import type { StoreReply, StoreRequest } from './store-message.ts';

/** Primary result codes of SQLite that say: another process is in the way. */
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_PROTOCOL = 15;
/** The primary result code of SQLite for a file system without room. */
const SQLITE_FULL = 13;
const PRIMARY_CODE_MASK = 0xff;

assert(parentPort !== null, 'the store runs in a worker thread');
const port = parentPort;
let store: RecordsStore | undefined;

port.on('message', (request: StoreRequest | 'close') => {
  if (request === 'close') {
    store?.close();
    port.close();
  } else {
    port.postMessage(answer(request));
  }
});

function answer({ id, operation, parameters }: StoreRequest): StoreReply {
  try {
    store ??= new RecordsStore(workerData as string);
    // The caller's types bind the parameters to the operation; see StoreThread.call.
    const work = store[operation] as (...parameters: readonly unknown[]) => unknown;
    return { id, status: 'done', value: work.apply(store, [...parameters]) };
  } catch (error) {
    if (isBusy(error)) return { id, status: 'busy' };
    if (error instanceof Failure) {
      return { id, status: 'failed', code: error.code, message: error.message };
    }
    const message = `${workerData}: ${error instanceof Error ? error.message : String(error)}`;
    const code = primaryCodeOf(error) === SQLITE_FULL ? 'recordsFull' : 'recordsUnavailable';
    return { id, status: 'failed', code, message };
  }
}

function isBusy(error: unknown): boolean {
  const code = primaryCodeOf(error);
  return code !== undefined && [SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL].includes(code);
}

/** Undefined for what is no error of SQLite. */
function primaryCodeOf(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' ? code & PRIMARY_CODE_MASK : undefined;
}
