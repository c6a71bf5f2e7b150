// `node scripts/pack-release.ts [FOLDER]` packs the program of a checkout (this one, unless another
// is named) for test/process/release-before.test.ts, which runs it beside the release that follows.
// The file is replaced when a release is made, from the commit that was released.

import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const fixtures = fileURLToPath(new URL('../test/fixtures/', import.meta.url));
const checkout = resolve(process.argv[2] ?? '.');
const { name, version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as {
  readonly name: string;
  readonly version: string;
};

const folder = mkdtempSync(join(tmpdir(), 'allpath-release-'));
try {
  const dist = join(folder, 'dist');
  const words = ['-p', 'tsconfig.build.json', '--outDir', dist, '--removeComments'];
  execFileSync('tsc', words, { cwd: checkout, stdio: 'inherit' });
  for (const path of ['bin', 'package.json']) {
    cpSync(join(checkout, path), join(folder, path), { recursive: true });
  }
  for (const before of globSync(`${fixtures}/${name}-*.tar.gz`)) rmSync(before);
  const file = join(fixtures, `${name}-${version}.tar.gz`);
  // Two runs make the same bytes.
  const always = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  execFileSync('tar', [...always, '-C', folder, '-czf', file, 'bin', 'dist', 'package.json']);
  console.log(file);
} finally {
  rmSync(folder, { recursive: true });
}
