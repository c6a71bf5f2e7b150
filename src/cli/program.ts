import { Argument, Command, CommanderError, Option } from 'commander';
import { printable } from '../base/printable.ts';
import type { StoreLocation } from '../gateway/store-location.ts';
import { argumentWord, type CommandSpec, type OptionSpec } from './command-spec.ts';
import { commands, GLOBAL_OPTIONS, GROUP_SUMMARIES, PROGRAM_SUMMARY } from './commands.ts';
import { withHelpWords } from './help-words.ts';
import { storeLocation } from './store-options.ts';
import { UsageError } from './usage-error.ts';
import { programVersion } from './version.ts';

/** Bound on the part of a wrong value that is shown. */
const VALUE_LENGTH_MAX = 100;

/** The request of a command line. */
interface Request {
  readonly spec: CommandSpec;
  readonly arguments: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly store: StoreLocation | undefined;
}

type Parsed =
  | { readonly kind: 'run'; readonly request: Request }
  /** `--help` was answered. */
  | { readonly kind: 'shown' };

interface Output {
  out(text: string): void;
}

/** Reads a command line (without the program's own name). Throws a `UsageError`. */
export function parseCommandLine(words: readonly string[], output: Output): Parsed {
  let help = '';
  const helpOutput = {
    out: (text: string) => output.out(text),
    error: (text: string) => {
      help += text;
    },
  };
  const { program, request } = buildProgram(helpOutput, words.includes('--json'));
  try {
    program.parse([...withHelpWords(words)], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'shown' };
    if (error.code === 'commander.help') {
      // No command was named: the answer is which there are.
      output.out(help);
      return { kind: 'shown' };
    }
    throw new UsageError(inOneLine(error.message));
  }
  const found = request();
  if (found === undefined) return { kind: 'shown' };
  const store = storeAskedFor(found);
  return { kind: 'run', request: { ...found, store } };
}

/** As `error: unknown command 'x'\n(Did you mean y?)` comes. */
function inOneLine(message: string): string {
  return message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\)$/, '; did you mean $1');
}

function storeAskedFor({ spec, options }: Words): StoreLocation | undefined {
  const store = spec.takesStore === false ? undefined : storeLocation(options);
  if (spec.needsStore && store === undefined) {
    throw new UsageError(
      `"${spec.path.join(' ')}" needs --store <dir>, or --ceph <conf> and --pool <pool>`,
    );
  }
  if (spec.path[0] === 'gateway' && options['name'] === undefined) {
    throw new UsageError('"gateway" needs --name <name>');
  }
  return store;
}

/** A request whose store is not looked at yet. */
type Words = Omit<Request, 'store'>;

interface HelpOutput extends Output {
  error(text: string): void;
}

function buildProgram(output: HelpOutput, json: boolean) {
  let request: Words | undefined;
  const given = new Set<string>();
  const program = configure(new Command('allpath'), output).description(PROGRAM_SUMMARY);
  for (const option of GLOBAL_OPTIONS) program.addOption(optionOf(option, given));
  program.addOption(new Option('--version', 'Print the version.'));
  program.on('option:version', () => {
    const version = programVersion();
    output.out(json ? `${JSON.stringify({ version })}\n` : `allpath ${version}\n`);
    throw new CommanderError(0, 'commander.version', '');
  });
  program.addHelpText('after', '\n"allpath help COMMAND" describes a command and its options.');
  const groups = new Map<string, Command>();
  for (const spec of commands) {
    let parent = program;
    for (const [i, word] of spec.path.slice(0, -1).entries()) {
      const name = spec.path.slice(0, i + 1).join(' ');
      const known = groups.get(name);
      parent = known ?? configure(parent.command(word), output);
      if (known === undefined) parent.description(GROUP_SUMMARIES[name] ?? '');
      groups.set(name, parent);
    }
    const command = configure(parent.command(spec.path.at(-1) ?? ''), output);
    addSpec(command, spec, given);
    command.allowExcessArguments().action(() => {
      refuseExcess(spec, command.args);
      // Global options may also stand before the command.
      const options = command.optsWithGlobals();
      request = { spec, arguments: command.processedArgs, options };
    });
  }
  return { program, request: () => request };
}

function refuseExcess(
  { path, arguments: wanted = [] }: CommandSpec,
  words: readonly string[],
): void {
  const excess = words.slice(wanted.length);
  if (excess.length === 0) return;
  const names = wanted.map(argumentWord).join(' and ');
  const takes = names === '' ? 'no arguments' : `${names} and no more`;
  const text = printable(excess.join(' '), VALUE_LENGTH_MAX);
  throw new UsageError(`"${path.join(' ')}" takes ${takes}: leave out ${text}`);
}

function addSpec(command: Command, spec: CommandSpec, given: Set<string>): void {
  command.summary(spec.summary);
  command.description(spec.detail === undefined ? spec.summary : `${spec.summary}\n${spec.detail}`);
  for (const each of spec.arguments ?? []) {
    const word = argumentWord(each);
    const argument = new Argument(word, each.description);
    if (each.parse !== undefined) argument.argParser(parserOf(word, each.parse));
    command.addArgument(argument);
  }
  for (const option of [...(spec.options ?? []), ...GLOBAL_OPTIONS]) {
    command.addOption(optionOf(option, given));
  }
}

/** `given`: the options with a value so far, before and after the name of the command. */
function optionOf(spec: OptionSpec, given: Set<string>): Option {
  const option = new Option(spec.flags, spec.description);
  const { parse } = spec;
  if (parse !== undefined) {
    const once = (text: string): unknown => {
      if (given.has(spec.flags)) throw new UsageError('given twice: leave one out');
      given.add(spec.flags);
      return parse(text);
    };
    option.argParser(parserOf(option.long ?? spec.flags, once));
  }
  if (spec.default !== undefined) {
    option.default(spec.parse?.(spec.default) ?? spec.default, spec.default);
  }
  return option;
}

/** `name`: the option or argument, for what is said of a wrong value. */
function parserOf(name: string, parse: (text: string) => unknown): (text: string) => unknown {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new UsageError(`${name} ${printable(text, VALUE_LENGTH_MAX)}: ${error.message}`);
    }
  };
}

/** Commander must neither end the process nor write past us. */
function configure(command: Command, output: HelpOutput): Command {
  return command
    .exitOverride()
    .allowExcessArguments(false)
    .helpCommand(false)
    .configureHelp({ helpWidth: 100 })
    .configureOutput({
      writeOut: (text) => output.out(text),
      writeErr: (text) => output.error(text),
    });
}
