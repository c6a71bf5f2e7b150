// The command line of a program that ends when this process does, however that ends.

import { existsSync } from 'node:fs';

/** Of util-linux. The kernel then kills the program when its parent ends, also by SIGKILL. */
const setpriv = '/usr/bin/setpriv';

/** What to hand to `spawn`: `setpriv` becomes the program, so the process id is the program's. */
export function tied(file: string, args: readonly string[]): readonly [string, string[]] {
  if (!existsSync(setpriv)) return [file, [...args]];
  return [setpriv, ['--pdeathsig', 'KILL', file, ...args]];
}
