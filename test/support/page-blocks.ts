// The fenced blocks of a page of documentation, and the commands in them. A block that no test can
// run says so in the page, with the reason, in a comment right above it that readers do not see:
//
//   <!-- not run: needs a second host -->
//   <!-- not run, `npm ci --omit=dev`: takes the packages from the registry -->

/** Languages that a fence may name, and what becomes of its block. */
const LANGUAGES = {
  /** Commands. */
  sh: 'commands',
  /** Commands behind `$ `, each with the output that it has. */
  console: 'commands',
  /** A unit of systemd, of which the test runs `ExecStart`. */
  ini: 'unit',
  /** A document of a cluster. */
  yaml: 'document',
  /** A drawing, or an excerpt of something. */
  text: 'nothing',
} as const;

type Language = keyof typeof LANGUAGES;

export interface PageBlock {
  readonly page: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  readonly language: Language;
  readonly use: (typeof LANGUAGES)[Language];
  /** The nearest heading above it. */
  readonly heading: string;
  readonly lines: readonly string[];
  /** Why nothing in it is run. */
  readonly notRun: string | undefined;
  /** Commands in it that are not run, each with the reason. */
  readonly notRunCommands: ReadonlyMap<string, string>;
}

export interface PageCommand {
  /** `docs/guide/ceph.md:20`. */
  readonly place: string;
  readonly text: string;
  /** What the page shows of its output. */
  readonly output: readonly string[] | undefined;
}

/** Lines that no drawing has. */
const COMMAND_LINE = /^\s*(\$|sudo|apt|npm|npx|node|ceph|rbd|rados|(\S*\/)?allpath) \S/;

const MARK = /^<!-- not run(?:, `([^`]+)`)?:(.*)-->$/;

/** Throws what is wrong with the page: it could hide a command from the tests. */
export function blocksOf(page: string, text: string): readonly PageBlock[] {
  const blocks: PageBlock[] = [];
  const lines = text.split('\n');
  let heading = '';
  let marks: Marks = { notRun: undefined, notRunCommands: new Map() };
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i]!;
    const place = `${page}:${i + 1}`;
    const fence = /^( *)(`{3,}|~{3,})(.*)$/.exec(line);
    if (fence !== null) {
      const [, indent = '', ticks = '', tag = ''] = fence;
      const end = lines.findIndex((each, j) => j > i && each.trim() === ticks);
      if (end === -1) throw new Error(`${place}: the block has no end`);
      const language = languageOf(tag.trim(), place);
      const inner = lines.slice(i + 1, end).map((each) => each.slice(indent.length));
      const use = LANGUAGES[language];
      if (use === 'nothing' && inner.some((each) => COMMAND_LINE.test(each))) {
        throw new Error(`${place}: a block of text has a command`);
      }
      const block = { page, line: i + 1, language, use, heading, lines: inner, ...marks };
      const texts = commandsOf(block).map((command) => command.text);
      const unknown = [...marks.notRunCommands.keys()].filter((each) => !texts.includes(each));
      if (unknown.length > 0) throw new Error(`${place}: the block has no command ${unknown[0]}`);
      blocks.push(block);
      i = end;
    } else if (line.trimStart().startsWith('<!-- not run')) {
      marks = withMark(marks, line, place);
      continue;
    } else if (line.trim() === '') {
      continue;
    } else if (
      /```|~~~|<pre\b/.test(line) ||
      (/^(\t| {4})/.test(line) && COMMAND_LINE.test(line))
    ) {
      throw new Error(`${place}: commands belong into a fenced block of their own`);
    } else if (isMarked(marks)) {
      throw new Error(`${place}: a block must follow "not run"`);
    }
    if (line.startsWith('#')) heading = line.replace(/^#+ */, '');
    marks = { notRun: undefined, notRunCommands: new Map() };
  }
  if (isMarked(marks)) throw new Error(`${page}: a block must follow "not run"`);
  return blocks;
}

type Marks = Pick<PageBlock, 'notRun' | 'notRunCommands'>;

function isMarked({ notRun, notRunCommands }: Marks): boolean {
  return notRun !== undefined || notRunCommands.size > 0;
}

function withMark(marks: Marks, line: string, place: string): Marks {
  const match = MARK.exec(line.trim());
  const [, command, text] = match ?? [];
  const reason = text?.trim() ?? '';
  if (reason === '') throw new Error(`${place}: "not run" needs a reason, on the same line`);
  if (command === undefined) return { ...marks, notRun: reason };
  return { ...marks, notRunCommands: new Map([...marks.notRunCommands, [command, reason]]) };
}

function languageOf(tag: string, place: string): Language {
  if (Object.hasOwn(LANGUAGES, tag)) return tag as Language;
  const known = Object.keys(LANGUAGES).join(', ');
  throw new Error(`${place}: the block is of no known language: "${tag}"; known are ${known}`);
}

/** In order, also those that are not run. */
export function commandsOf(block: PageBlock): readonly PageCommand[] {
  const commands: { place: string; text: string; output: string[] | undefined }[] = [];
  if (block.use !== 'commands') return commands;
  const isConsole = block.language === 'console';
  for (let i = 0; i < block.lines.length; ) {
    const place = `${block.page}:${block.line + 1 + i}`;
    const line = block.lines[i]!;
    if (isConsole && !line.startsWith('$ ')) {
      const last = commands.at(-1);
      if (last?.output === undefined) throw new Error(`${place}: output without a command`);
      last.output.push(line);
      i += 1;
      continue;
    }
    const count = linesOfCommand(block.lines, i);
    const text = block.lines
      .slice(i, i + count)
      .join('\n')
      .trim();
    i += count;
    if (text === '' || text.startsWith('#')) continue;
    const bare = isConsole ? text.slice(2) : text;
    commands.push({ place, text: withoutRemark(bare), output: isConsole ? [] : undefined });
  }
  return commands;
}

/** With the lines of a here-document, and those that a backslash or an operator joins. */
function linesOfCommand(lines: readonly string[], first: number): number {
  const delimiter = /<<-?\s*(['"]?)(\w+)\1/.exec(lines[first]!)?.[2];
  if (delimiter !== undefined) {
    const end = lines.indexOf(delimiter, first + 1);
    return (end === -1 ? lines.length : end + 1) - first;
  }
  let count = 1;
  while (/(\\|&&|\|\|?)$/.test(lines[first + count - 1]!) && first + count < lines.length) {
    count += 1;
  }
  return count;
}

/** A remark behind a command, two spaces away. */
function withoutRemark(text: string): string {
  return text.includes('\n') ? text : text.replace(/ {2,}#.*$/, '');
}
