import type { StoreLocation } from '../gateway/store-location.ts';

/**
 * A command, declared once: from this come parsing, `--help` and docs/reference/cli.md. What it
 * does is loaded when it runs, so that no command pays for another's imports.
 */
export interface CommandSpec {
  /** `disk create` is `['disk', 'create']`. */
  readonly path: readonly string[];
  readonly summary: string;
  readonly detail?: string;
  readonly arguments?: readonly ArgumentSpec[];
  readonly options?: readonly OptionSpec[];
  /** False where the command opens no store, or makes its own. */
  readonly needsStore: boolean;
  /** False where options that otherwise say where a store is mean something else. */
  readonly takesStore?: false;
  load(): Promise<Run>;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly isOptional?: true;
  readonly parse?: (text: string) => unknown;
}

/** An argument as help shows it: `<name>`, or `[name]` for one that may be left out. */
export function argumentWord({ name, isOptional }: ArgumentSpec): string {
  return isOptional === true ? `[${name}]` : `<${name}>`;
}

export interface OptionSpec {
  /** `--size <size>`, or `--shrink` for one that is on or off. */
  readonly flags: string;
  readonly description: string;
  /** As on the command line. */
  readonly default?: string;
  /** Throws a `UsageError` for what it does not understand. */
  readonly parse?: (text: string) => unknown;
}

/** Runs a command; resolves with the exit code. */
type Run = (call: CliCall) => Promise<number>;

export interface CliCall {
  readonly arguments: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  /** The location that `--store`, or `--ceph` and its companions, give; undefined without them. */
  readonly store: StoreLocation | undefined;
  readonly json: boolean;
}

/** Exit codes of every command. */
export const ExitCode = {
  ok: 0,
  /** It was understood, and could not be done. */
  failure: 1,
  /** The command line or the document is wrong; nothing was done. */
  usage: 2,
} as const;
