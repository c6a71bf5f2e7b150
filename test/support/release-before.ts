// The program of the release before this one, as scripts/pack-release.ts has packed it.

import { globSync, mkdirSync, symlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Place } from './document-cluster.ts';
import { mustRun } from './run.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export class ReleaseBefore {
  /** Its `bin/allpath`. */
  readonly program: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.program = join(folder, 'bin/allpath');
  }

  static async unpack(): Promise<ReleaseBefore> {
    const [file, ...others] = globSync(join(root, 'test/fixtures/allpath-*.tar.gz'));
    if (file === undefined || others.length > 0) throw new Error('there is one release before');
    const folder = await mkdtemp(join(tmpdir(), 'allpath-release-'));
    await mustRun('tar', ['-xzf', file, '-C', folder]);
    // Its dependencies, and the addon that this clone has built.
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    mkdirSync(join(folder, 'native'));
    symlinkSync(join(root, 'native/build'), join(folder, 'native/build'));
    return new ReleaseBefore(folder);
  }

  /** Where commands are those of this release, but the words that `isBefore` names. */
  placeOf(isBefore: (words: readonly string[]) => boolean): Place {
    return {
      folder: this.#folder,
      within: (program, words) => [isBefore(words) ? this.program : program, [...words]],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
