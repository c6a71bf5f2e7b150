// `npm run build` makes dist/, which the published package runs (Node strips no types from files
// below node_modules), and prebuilt/, the addon for this platform.

import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, rmSync } from 'node:fs';

rmSync('dist', { recursive: true, force: true });
execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });

// The compiler rewrites imports, but not names of files that are opened in other ways.
const stale = globSync('dist/**/*.js').filter((file) =>
  /new URL\(\s*['"][^'"]+\.ts['"]/.test(readFileSync(file, 'utf8')),
);
if (stale.length > 0) {
  console.error(`these name a .ts file that dist has not:\n  ${stale.join('\n  ')}`);
  process.exit(1);
}

execFileSync(process.execPath, ['scripts/build-native.mjs', '--prebuilt'], { stdio: 'inherit' });
