import { statfs } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join, resolve } from 'node:path';
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import type { Random } from '../../base/random.ts';
import { systemReason } from '../../base/system-reason.ts';
import { makeFolders } from '../../host/make-folder.ts';
import {
  ownProcessIdentity,
  type ProcessIdentity,
  processState,
} from '../../host/process-identity.ts';
import type { Log } from '../../log/log.ts';
import { ChannelWatches } from '../channel-watches.ts';
import { checkMemberName } from '../record-arguments.ts';
import { MEMBERS_MAX } from '../records.ts';
import { LocalRecords, type MemberPlace } from './local-records.ts';
import { MemberFolder } from './member-folder.ts';
import type { NameClaim } from './name-claim.ts';
import { Presence } from './presence.ts';
import { Reserve } from './reserve.ts';
import { ReserveKeeper } from './reserve-keeper.ts';
import { StoreThread } from './store-thread.ts';

const INCARNATION_LENGTH_BYTES = 16;

/** File systems that hosts share, by their number in statfs(2): locks there do not hold. */
const SHARED_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x00c36400, 'CephFS'],
  [0x01021997, '9p'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
]);

interface OpenLocalRecordsOptions {
  /** The folder of the store; made if it is absent. Records live in `records`, members in `run`. */
  readonly directory: string;
  readonly memberName: string;
  /** It only reads, and notifies: it makes nothing, claims no name and needs no room. */
  readonly isReader?: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Opens the records that the processes of one host share in a folder. Rejects with a `Failure`:
 * `recordsNameTaken`, `recordsUnsuitable`, `recordsUnavailable` or `recordsBadKey`.
 */
export async function openLocalRecords(options: OpenLocalRecordsOptions): Promise<LocalRecords> {
  const { directory, memberName } = options;
  checkMemberName(memberName);
  try {
    return await openIn(options);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const message = `cannot open the store in ${directory}: ${systemReason(cause)}`;
    throw new Failure('recordsUnavailable', message, { directory }, { cause });
  }
}

async function openIn(options: OpenLocalRecordsOptions): Promise<LocalRecords> {
  const { directory, memberName, isReader = false, clock, random, log } = options;
  const recordsDirectory = join(directory, 'records');
  if (!isReader) await makeStoreFolder(directory, recordsDirectory);
  await refuseSharedFileSystem(recordsDirectory);
  const self = ownProcessIdentity();
  const folder = new MemberFolder(join(directory, 'run'), self, log);
  const incarnation = Buffer.from(random.bytes(INCARNATION_LENGTH_BYTES)).toString('hex');
  assert(incarnation.length === 2 * INCARNATION_LENGTH_BYTES, 'an incarnation has its length');
  const claim: NameClaim = { name: memberName, incarnation, process: self };
  const databasePath = join(recordsDirectory, 'records.db');
  const store = new StoreThread({ databasePath, isReader, self, clock, random, log });
  const watches = new ChannelWatches();
  const reserve = new Reserve(recordsDirectory);
  const place = isReader
    ? undefined
    : {
        presence: new Presence({ claim, folder, watches, reserve, clock, log }),
        keeper: new ReserveKeeper(reserve, clock, random),
      };
  const records = new LocalRecords({ claim, store, folder, place, watches, clock });
  try {
    if (place === undefined) await store.call('open');
    else await takePlace(store, claim, folder, place);
    return records;
  } catch (error) {
    await records.close();
    throw error;
  }
}

async function takePlace(
  store: StoreThread,
  claim: NameClaim,
  folder: MemberFolder,
  { presence, keeper }: MemberPlace,
): Promise<void> {
  await folder.create();
  await takeName(store, claim, folder);
  await folder.sweep(() => store.call('claims'));
  await presence.open();
  await refuseOtherNamespaces(folder, claim.process);
  await keeper.fill();
  keeper.start();
}

async function makeStoreFolder(directory: string, recordsDirectory: string): Promise<void> {
  try {
    await makeFolders(recordsDirectory);
  } catch (cause) {
    const { code, path = directory } = cause as NodeJS.ErrnoException;
    const where = resolve(directory) === path ? '' : `${path}: `;
    // Above it all folders exist: a file system such as /proc takes no new ones.
    const reason = code === 'ENOENT' ? 'no folder can be made there' : systemReason(cause);
    const message = `cannot make a store in ${directory}: ${where}${reason}`;
    throw new Failure('storeNotCreatable', message, { directory, errno: code }, { cause });
  }
}

async function refuseSharedFileSystem(directory: string): Promise<void> {
  // The number is 32 bits wide; some architectures extend its sign.
  const type = (await statfs(directory)).type >>> 0;
  const fileSystem = SHARED_FILE_SYSTEMS.get(type);
  if (fileSystem === undefined) return;
  throw new Failure(
    'recordsUnsuitable',
    `${directory} is on ${fileSystem}; a store needs a file system of this host`,
    { directory, fileSystem },
  );
}

/** A name passes on only from a process that has ended. */
async function takeName(store: StoreThread, claim: NameClaim, folder: MemberFolder): Promise<void> {
  for (;;) {
    const claims = await store.call('claims');
    const held = claims.find(({ name }) => name === claim.name);
    if (held !== undefined && (await lives(held, claim.process, folder))) {
      const { pid } = held.process;
      const message = `name ${claim.name} is in use by process ${pid}: end it, or use another`;
      throw new Failure('recordsNameTaken', message, { pid });
    }
    assert(held?.incarnation !== claim.incarnation, 'an incarnation takes its name once');
    if (claims.length >= MEMBERS_MAX) await releaseEnded(store, claims, claim.process, folder);
    if (await store.call('claimName', claim, held?.incarnation)) return;
  }
}

/** Names of ended processes are free, but the list of them is bounded. */
async function releaseEnded(
  store: StoreThread,
  claims: readonly NameClaim[],
  self: ProcessIdentity,
  folder: MemberFolder,
): Promise<void> {
  let released = 0;
  for (const claim of claims) {
    if (await lives(claim, self, folder)) continue;
    await store.call('releaseName', claim.incarnation);
    released += 1;
  }
  if (released > 0) return;
  throw new Failure('recordsUnavailable', `${MEMBERS_MAX} members have the store open`);
}

/**
 * Members must be able to see whether each other's process lives. Called when this member is
 * visible, so that of two that join at the same time at least one sees the other.
 */
async function refuseOtherNamespaces(folder: MemberFolder, self: ProcessIdentity): Promise<void> {
  for (const entry of await folder.living()) {
    if (entry.process.pidNamespace === self.pidNamespace) continue;
    if (await lives(entry, self, folder)) {
      const { name } = entry;
      throw new Failure(
        'recordsUnsuitable',
        `${name} has the store open in another PID namespace (a container, say); members of one ` +
          'store must share it',
        { name },
      );
    }
    await folder.remove(entry.incarnation);
  }
}

/** A process of another PID namespace shows that it lives by its socket alone. */
async function lives(
  { incarnation, process }: NameClaim,
  self: ProcessIdentity,
  folder: MemberFolder,
): Promise<boolean> {
  if (process.bootId !== self.bootId) return false;
  if (process.pidNamespace === self.pidNamespace) return processState(process, self) !== 'ended';
  const handle = await folder.openHandle();
  try {
    return await listens(folder.socketPath(handle, incarnation));
  } finally {
    await handle.close();
  }
}

/** The kernel takes connections for a socket whose process lives, be it stopped. */
function listens(path: string): Promise<boolean> {
  return new Promise((settle) => {
    const socket = createConnection(path);
    socket.on('connect', () => {
      socket.destroy();
      settle(true);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      settle(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}
