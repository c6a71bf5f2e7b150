import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../host/package-folder.ts';

/** The version of this release, as package.json has it. */
export function programVersion(): string {
  const text = readFileSync(join(packageFolder(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
