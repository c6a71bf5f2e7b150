import { constants } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../../base/assert.ts';
import { Failure } from '../../base/failure.ts';
import { systemReason } from '../../base/system-reason.ts';
import { exchangeFiles } from '../../host/kernel.ts';
import { makeFolder } from '../../host/make-folder.ts';
import { type ProcessIdentity, processState } from '../../host/process-identity.ts';
import type { Log } from '../../log/log.ts';
import { decodeJsonRecord, encodeJsonRecord, type JsonRecordFormat } from '../json-record.ts';
import { MEMBERS_MAX } from '../records.ts';
import type { NameClaim } from './name-claim.ts';

/** A member's description of itself for the others, in a file of the `run` folder. */
interface MemberEntry extends NameClaim {
  /** The channels that it watches. */
  readonly channels: readonly string[];
}

const INCARNATION = /^[0-9a-f]{32}$/;
const ENTRY_SUFFIX = '.json';
const SOCKET_SUFFIX = '.sock';
const ENTRY_BLOCK_BYTES = 4096;
const SPACE = 0x20;
const ENTRY_FORMAT: JsonRecordFormat<MemberEntry> = {
  kind: 'member',
  formatVersion: 1,
  lengthMaxBytes: 256 * 1024,
  decode: decodeEntry,
};

/**
 * The folder in which the living members of a store show themselves: `INCARNATION.json` with a
 * `MemberEntry` and `INCARNATION.sock`, where it takes notifications. An incarnation is never used
 * again, so any process that finds its process ended may delete its files.
 */
export class MemberFolder {
  readonly path: string;
  readonly #self: ProcessIdentity;
  readonly #log: Log;

  constructor(path: string, self: ProcessIdentity, log: Log) {
    this.path = path;
    this.#self = self;
    this.#log = log;
  }

  create(): Promise<void> {
    return makeFolder(this.path);
  }

  /**
   * The folder as a descriptor: `socketPath` through it stays short however deep the store lies (a
   * socket's address holds 107 bytes).
   */
  openHandle(): Promise<FileHandle> {
    return open(this.path, constants.O_RDONLY | constants.O_DIRECTORY);
  }

  socketPath(handle: FileHandle, incarnation: string): string {
    return `/proc/self/fd/${handle.fd}/${incarnation}${SOCKET_SUFFIX}`;
  }

  entryPath(incarnation: string): string {
    return join(this.path, incarnation + ENTRY_SUFFIX);
  }

  /**
   * Replaces the entry that the others see by `entry`, in one step. It is written into the file
   * before last: on a full file system only the first entry of a member needs room.
   */
  async show(entry: MemberEntry): Promise<void> {
    assert(INCARNATION.test(entry.incarnation), 'an entry is named by its incarnation');
    const path = this.entryPath(entry.incarnation);
    const spare = `${path}.tmp`;
    const bytes = padded(encodeJsonRecord(ENTRY_FORMAT, entry));
    await overwrite(spare, bytes);
    if (exchangeFiles(spare, path) === 0) return;
    await rename(spare, path);
    await overwrite(spare, bytes);
  }

  async remove(incarnation: string): Promise<void> {
    for (const suffix of [ENTRY_SUFFIX, `${ENTRY_SUFFIX}.tmp`, SOCKET_SUFFIX]) {
      await rm(join(this.path, incarnation + suffix), { force: true });
    }
  }

  /** The members whose process lives, by name. Files of dead members are deleted. */
  async living(): Promise<readonly MemberEntry[]> {
    const entries: MemberEntry[] = [];
    for (const name of await this.#names()) {
      if (!name.endsWith(ENTRY_SUFFIX)) continue;
      const entry = await this.#read(name);
      if (entry === undefined) continue;
      if (this.#mayLive(entry)) entries.push(entry);
      // Leftovers are harmless: where they cannot be deleted they stay.
      else await this.remove(entry.incarnation).catch(() => {});
    }
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /**
   * Those of `claims` whose process lives. The files of a live member may be deleted by others;
   * until it writes them again, only its name shows that it exists. A member whose process cannot
   * be checked must show itself.
   */
  async livingOf(claims: readonly NameClaim[]): Promise<readonly NameClaim[]> {
    const shown = new Set((await this.living()).map(({ incarnation }) => incarnation));
    return claims.filter((claim) => {
      return this.#isCheckable(claim) ? this.#mayLive(claim) : shown.has(claim.incarnation);
    });
  }

  /** Clears away what belongs to no incarnation that holds a name; `claims` is asked afterwards. */
  async sweep(claims: () => Promise<readonly NameClaim[]>): Promise<void> {
    const names = await this.#names();
    const held = new Set((await claims()).map((claim) => claim.incarnation));
    for (const incarnation of new Set(names.map((name) => name.split('.')[0]!))) {
      if (!INCARNATION.test(incarnation) || held.has(incarnation)) continue;
      await this.remove(incarnation);
    }
  }

  async #names(): Promise<string[]> {
    try {
      return (await readdir(this.path)).slice(0, 4 * MEMBERS_MAX);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      const message = `cannot list the members in ${this.path}: ${systemReason(error)}`;
      throw new Failure('recordsUnavailable', message);
    }
  }

  /** A process of another PID namespace cannot be checked; whether it may join was asked before. */
  #isCheckable({ process }: NameClaim): boolean {
    const { bootId, pidNamespace } = this.#self;
    return process.bootId !== bootId || process.pidNamespace === pidNamespace;
  }

  #mayLive(claim: NameClaim): boolean {
    return !this.#isCheckable(claim) || processState(claim.process, this.#self) !== 'ended';
  }

  async #read(name: string): Promise<MemberEntry | undefined> {
    try {
      const entry = decodeJsonRecord(ENTRY_FORMAT, await readFile(join(this.path, name)));
      if (name === entry.incarnation + ENTRY_SUFFIX) return entry;
      this.#log.write('member_entry_misnamed', { file: name });
    } catch (error) {
      // A member that left in between needs no report.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
        const reason = systemReason(error);
        this.#log.write('member_entry_unreadable', { file: name, reason });
      }
    }
    return undefined;
  }
}

/** To whole blocks: overwriting one entry with another takes no new ones. */
function padded(bytes: Uint8Array): Uint8Array {
  const blocks = Math.ceil(bytes.length / ENTRY_BLOCK_BYTES);
  const whole = new Uint8Array(blocks * ENTRY_BLOCK_BYTES).fill(SPACE);
  assert(whole.length >= bytes.length && bytes.length > 0, 'a padded entry holds all of it');
  whole.set(bytes);
  return whole;
}

async function overwrite(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT, 0o600);
  try {
    await file.write(bytes, 0, bytes.length, 0);
    await file.truncate(bytes.length);
  } finally {
    await file.close();
  }
}

function decodeEntry(content: unknown): MemberEntry {
  const { name, incarnation, process, channels } = (content ?? {}) as Partial<MemberEntry>;
  const { pid, startTicks, bootId, pidNamespace } = process ?? ({} as Partial<ProcessIdentity>);
  const texts = [name, incarnation, bootId, pidNamespace];
  if (!texts.every((text) => typeof text === 'string') || !INCARNATION.test(incarnation!)) {
    throw new Error('a name or an identity is missing');
  }
  if (!Number.isSafeInteger(pid) || pid! <= 0 || !Number.isSafeInteger(startTicks)) {
    throw new Error('the process is not named');
  }
  if (!Array.isArray(channels) || !channels.every((channel) => typeof channel === 'string')) {
    throw new Error('the channels are missing');
  }
  return {
    name: name!,
    incarnation: incarnation!,
    process: {
      pid: pid!,
      startTicks: startTicks!,
      bootId: bootId!,
      pidNamespace: pidNamespace!,
    },
    channels,
  };
}
