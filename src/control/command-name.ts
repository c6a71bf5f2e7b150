const PREFIX = 'tool-';

/** The name by which a command is listed in the store that it has open. */
export function commandName(pid: number): string {
  return `${PREFIX}${pid}`;
}

/** Whether a process of a store is one command, not a gateway. */
export function isCommandName(name: string): boolean {
  return new RegExp(`^${PREFIX}[0-9]+$`).test(name);
}
