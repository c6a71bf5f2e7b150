/** Of util-linux, which every Debian has. */
export const SETPRIV = '/usr/bin/setpriv';

/**
 * What to hand to `spawn` for a program that must not outlive this process: the kernel kills it
 * when the thread that started it ends, however that ends (prctl(2), PR_SET_PDEATHSIG). `setpriv`
 * becomes the program, so the process id is the program's. To be started from the main thread.
 */
export function tiedCommand(file: string, args: readonly string[]): readonly [string, string[]] {
  return [SETPRIV, ['--pdeathsig', 'KILL', file, ...args]];
}
