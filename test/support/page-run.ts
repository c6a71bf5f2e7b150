// Runs the commands of pages of documentation on a scratch host, in order, as a reader who follows
// the page does: what serves until Ctrl-C gets a terminal of its own, and the rest goes on beside.

import assert from 'node:assert/strict';
import { commandsOf, type PageBlock, type PageCommand } from './page-blocks.ts';
import type { ScratchHost } from './scratch-host.ts';
import type { ScratchShell, ShellCommand } from './scratch-shell.ts';
import { shapeOf } from './text-shape.ts';

/** What a page leaves to its reader. */
export interface ReaderPart {
  /** What stands for words that a reader replaces, `POOL` say. */
  readonly words?: Readonly<Record<string, string>>;
  /** Shell text that comes right before a command, by the beginning of the command. */
  readonly before?: Readonly<Record<string, string>>;
  /** The same, right after it. */
  readonly after?: Readonly<Record<string, string>>;
}

/** Commands that serve until Ctrl-C, and what they print when they do. */
const SERVERS: readonly { readonly start: RegExp; readonly ready: RegExp }[] = [
  { start: /^(npm start|(\S*\/)?allpath demo)\b/, ready: /^ready$/m },
  { start: /^(\S*\/)?allpath gateway\b/, ready: /^\S+ serves \S/m },
];

interface Server {
  readonly shell: ScratchShell;
  readonly command: ShellCommand;
}

export class PageRun {
  readonly #host: ScratchHost;
  readonly #part: ReaderPart;
  readonly #shell: ScratchShell;
  /** By the beginnings of commands; what is left at the end was for nothing. */
  readonly #unused: Set<string>;
  /** By what cannot run twice at a time. */
  readonly #servers = new Map<string, Server>();
  readonly #run: string[] = [];

  private constructor(host: ScratchHost, part: ReaderPart, shell: ScratchShell) {
    this.#host = host;
    this.#part = part;
    this.#shell = shell;
    const { words = {}, before = {}, after = {} } = part;
    this.#unused = new Set([words, before, after].flatMap((each) => Object.keys(each)));
  }

  /** Begins in that folder of the host. */
  static async begin(host: ScratchHost, cwd: string, part: ReaderPart = {}): Promise<PageRun> {
    return new PageRun(host, part, await host.shell(cwd));
  }

  /** Runs every command of the blocks that is not marked as not run. */
  async blocks(blocks: readonly PageBlock[]): Promise<void> {
    for (const block of blocks) {
      if (block.notRun !== undefined) continue;
      if (block.use === 'unit') await this.#unit(block);
      for (const command of commandsOf(block)) {
        if (!block.notRunCommands.has(command.text)) await this.#command(command);
      }
    }
  }

  /** Ends what still serves, and returns the commands that were run. */
  async end(): Promise<readonly string[]> {
    for (const name of [...this.#servers.keys()]) await this.#stop(name);
    assert.deepEqual([...this.#unused], [], 'words or commands that no page has');
    return this.#run;
  }

  async #command(command: PageCommand): Promise<void> {
    await this.#around(this.#part.before, command.text);
    const text = this.#replaced(command.text);
    const server = SERVERS.find(({ start }) => start.test(text) && !/&$/.test(text));
    if (server !== undefined) await this.#serve(text, server.ready, command.place);
    else await this.#finish(text, command);
    this.#run.push(command.text);
    await this.#around(this.#part.after, command.text);
  }

  async #around(texts: Readonly<Record<string, string>> = {}, command: string): Promise<void> {
    for (const [beginning, text] of Object.entries(texts)) {
      if (!command.startsWith(beginning)) continue;
      this.#unused.delete(beginning);
      await this.#shell.mustRun(text);
    }
  }

  #replaced(text: string): string {
    let replaced = text;
    for (const [word, value] of Object.entries(this.#part.words ?? {})) {
      if (replaced.includes(word)) this.#unused.delete(word);
      replaced = replaced.replaceAll(word, value);
    }
    return replaced;
  }

  async #finish(text: string, { place, output: shown }: PageCommand): Promise<void> {
    const { code, output } = await this.#shell.run(text);
    // A page that shows how a command refuses means that it does.
    const wanted = shown?.[0]?.startsWith('allpath: ') === true ? 1 : 0;
    assert.equal(code, wanted, `${place}: ${text}\n${output}`);
    if (shown === undefined) return;
    const lines = output.replace(/\n+$/, '').split('\n');
    assert.deepEqual(lines.map(shapeOf), shown.map(shapeOf), `${place}: ${text}\n${output}`);
  }

  async #serve(text: string, ready: RegExp, place: string): Promise<void> {
    const name = / --name (\S+)/.exec(text)?.[1] ?? 'demo';
    await this.#stop(name);
    const shell = await this.#host.shell((await this.#shell.mustRun('pwd')).trim());
    const command = shell.start(text);
    this.#servers.set(name, { shell, command });
    try {
      await command.until(ready);
    } catch (cause) {
      throw new Error(`${place}: ${String(cause)}`, { cause });
    }
  }

  async #stop(name: string): Promise<void> {
    const server = this.#servers.get(name);
    if (server === undefined) return;
    this.#servers.delete(name);
    server.shell.interrupt();
    const { code, output } = await server.command.ended;
    assert.equal(code, 0, `${server.command.text}, after Ctrl-C:\n${output}`);
  }

  /** What systemd starts for each gateway of the page, on its host, as the user of the unit. */
  async #unit(block: PageBlock): Promise<void> {
    const text = block.lines.join('\n');
    const value = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1];
    const [command, user] = [value('ExecStart'), value('User')];
    const place = `${block.page}:${block.line}`;
    assert.ok(command !== undefined && user !== undefined, `${place}: no ExecStart or no User`);
    for (const number of [1, 2]) {
      const host = `unshare --uts sh -c 'hostname host${number}; exec "$@"' sh`;
      const as = `setpriv --reuid=${user} --regid=${user} --init-groups --reset-env`;
      const line = command.replaceAll('%i', `gateway${number}`);
      await this.#serve(`${host} ${as} ${line}`, SERVERS[1]!.ready, place);
    }
  }
}
