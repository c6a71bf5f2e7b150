import { writeFileSync } from 'node:fs';

/**
 * Shows this process as `name` where commands are shown by their name (`top`, `ps -C`), and as
 * `name words` where they are shown with their arguments.
 */
export function setProcessTitle(name: string, words: readonly string[]): void {
  process.title = [name, ...words].join(' ');
  try {
    // The title sets the name as well, to its first 15 bytes: of a gateway, "allpath gateway".
    writeFileSync('/proc/self/comm', name);
  } catch {
    // Without /proc it keeps that one.
  }
}
