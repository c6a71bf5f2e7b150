// A load of file writes in a guest, each flushed and then noted with its checksum, so that what was
// acknowledged can be told from what was not.

import { waitFor } from '../support/wait-for.ts';
import type { Guest } from './guest.ts';
import { GUEST_POLL_MS } from './linux-initiator.ts';

const FILE_LENGTH_BYTES = 256 * 1024;
const FILES = 24;
const PROGRESS_LIMIT_MS = 5 * 60_000;
/** The whole test; the load ends when it is told to. */
const LOAD_LIMIT_MS = 30 * 60_000;

export class FileLoad {
  readonly #guest: Guest;
  readonly #folder: string;
  readonly #notes: string;
  readonly #ended: Promise<string>;

  private constructor(guest: Guest, folder: string) {
    this.#guest = guest;
    this.#folder = folder;
    this.#notes = `/run/load${folder}`;
    this.#ended = guest.mustRun(this.#script(), LOAD_LIMIT_MS);
    // Whoever stops it checks this.
    this.#ended.catch(() => {});
  }

  /** Begins to write into a folder, over and over the same files. */
  static async start(guest: Guest, folder: string): Promise<FileLoad> {
    const load = new FileLoad(guest, folder);
    await load.progress();
    return load;
  }

  /** Resolves when some files more are written than now; throws when the load failed. */
  async progress(files = 3): Promise<void> {
    const goal = (await this.#written()) + files;
    const done = async () => (await this.#written()) >= goal;
    const failed = this.#ended.then(() => Promise.reject(new Error('the load has ended')));
    failed.catch(() => {});
    const progressed = waitFor(
      `${goal} files in ${this.#folder}`,
      done,
      PROGRESS_LIMIT_MS,
      GUEST_POLL_MS,
    );
    await Promise.race([progressed, failed]);
  }

  /** Ends the load after the file that it is at; throws what it said if a write failed. */
  async stop(): Promise<void> {
    await this.#guest.mustRun(`touch ${this.#notes}/stop`);
    await this.#ended;
  }

  /** Reads every file; throws with the names of those that are not as they were written. */
  async verify(): Promise<void> {
    await this.#guest.mustRun(`cat ${this.#notes}/sums/* | sha256sum --check --quiet`);
  }

  async #written(): Promise<number> {
    const { stdout } = await this.#guest.run(`cat ${this.#notes}/written`);
    return Number(stdout);
  }

  #script(): string {
    return `set -e
      mkdir -p ${this.#notes}/sums
      cd ${this.#notes}
      for ((i = 1; ; i++)); do
        [ ! -e stop ] || exit 0
        file=${this.#folder}/$((i % ${FILES}))
        head -c ${FILE_LENGTH_BYTES} /dev/urandom > data
        read -r sum rest < <(sha256sum data)
        cp data $file.new
        sync $file.new
        mv $file.new $file
        sync ${this.#folder}
        echo "$sum  $file" > sums/$((i % ${FILES}))
        echo $i > written
      done`;
  }
}
