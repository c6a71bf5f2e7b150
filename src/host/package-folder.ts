import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this package: a clone, or where it is installed. Its code lies at either depth. */
export function packageFolder(): string {
  const own = dirname(fileURLToPath(import.meta.url));
  for (let folder = own; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
  }
  return own;
}
