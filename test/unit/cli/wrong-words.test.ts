// Proves that every command answers a wrong command line in one or two plain lines that name the
// option or argument: each unknown, without its value, given twice, and with values of every kind.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argumentWord, type CommandSpec } from '../../../src/cli/command-spec.ts';
import { commands, GLOBAL_OPTIONS } from '../../../src/cli/commands.ts';
import { helpHint } from '../../../src/cli/help-words.ts';
import { parseCommandLine } from '../../../src/cli/program.ts';
import { UsageError } from '../../../src/cli/usage-error.ts';
import { FOREIGN_WORDS } from '../../support/foreign-words.ts';

const SAMPLE: Readonly<Record<string, string>> = {
  ...{ name: 'd', 'new-name': 'e', size: '64M', file: 'document.yaml' },
  ...{ snapshot: 'd@s', source: 'd@s', disk: 'd', iqn: 'iqn.2026-11.com.example:t' },
};

function shown(...words: readonly string[]): string {
  let text = '';
  parseCommandLine(words, { out: (part) => (text += part) });
  return text;
}

function refusal(...words: readonly string[]): string {
  try {
    shown(...words);
  } catch (error) {
    assert.ok(error instanceof UsageError, `${words.join(' ')}: ${error}`);
    assert.doesNotMatch(error.message, FOREIGN_WORDS);
    assert.ok(!error.message.includes('\n'), error.message);
    return error.message;
  }
  return assert.fail(`understood: ${words.join(' ')}`);
}

function lineOf(spec: CommandSpec): readonly string[] {
  const words = (spec.arguments ?? []).map(({ name }) => SAMPLE[name] ?? assert.fail(name));
  const store = spec.takesStore === false ? [] : ['--store', 'x'];
  return [...spec.path, ...words, ...store, ...(spec.path[0] === 'gateway' ? ['--name', 'g'] : [])];
}

test('options that are unknown, lack their value, are given twice or have a wrong one', () => {
  let wrongValues = 0;
  for (const spec of commands) {
    const line = lineOf(spec);
    shown(...line);
    assert.match(
      refusal(...line, '--stroe', 'y'),
      /unknown option '--stroe'; did you mean --store\?/,
    );
    assert.match(refusal(...line, '--nosuchthing'), /unknown option '--nosuchthing'/);
    const excess = refusal(...line, 'more', 'words');
    assert.match(
      excess,
      /^"[a-z -]+" takes (no arguments|[<[].*[>\]] and no more): leave out "?more words/,
    );
    assert.ok(excess.startsWith(`"${spec.path.join(' ')}" takes`), excess);
    for (const { flags, parse } of [...(spec.options ?? []), ...GLOBAL_OPTIONS]) {
      const [flag = '', value] = flags.split(' ');
      if (value === undefined) continue;
      assert.ok(refusal(...line, flag).includes(flag));
      if (parse === undefined) continue;
      for (const bad of ['', '-1', '1.5', '99999999999', 'x\u0000', 'caf\ufffd', 'a b/c']) {
        if (isTaken(parse, bad)) continue;
        wrongValues += 1;
        const said = refusal(...spec.path, ...line.slice(spec.path.length), `${flag}=${bad}`);
        assert.ok(said.startsWith(`${flag} `), said);
      }
    }
  }
  assert.ok(wrongValues > 200, String(wrongValues));
});

function isTaken(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text);
    return true;
  } catch {
    return false;
  }
}

test('arguments that are missing, or wrong, are named', () => {
  for (const spec of commands) {
    for (const [i, argument] of (spec.arguments ?? []).entries()) {
      const { name, parse, isOptional } = argument;
      const before = (spec.arguments ?? []).slice(0, i).map((each) => SAMPLE[each.name]!);
      if (isOptional === undefined) {
        assert.match(refusal(...spec.path, ...before), new RegExp(`missing.* '${name}'`));
      }
      const after = (spec.arguments ?? []).slice(i + 1).map((each) => SAMPLE[each.name]!);
      if (parse === undefined) continue;
      const said = refusal(...spec.path, ...before, '', ...after, '--store', 'x');
      assert.ok(said.startsWith(`${argumentWord(argument)} `), said);
    }
  }
});

test('a command that is not known comes with the one that was meant, and with its help', () => {
  assert.equal(refusal('statsu'), "unknown command 'statsu'; did you mean status?");
  assert.equal(refusal('disk', 'creat'), "unknown command 'creat'; did you mean create?");
  assert.equal(refusal('help', 'dsk'), 'there is no command "dsk"; did you mean disk?');
  assert.equal(
    refusal('help', 'disk', 'lst'),
    'there is no command "disk lst"; did you mean list?',
  );
  assert.equal(refusal('help', 'demo', 'x'), '"demo" has no command "x"');
  assert.equal(helpHint(['disk', 'create', '--store']), 'Try "allpath help disk create".');
  assert.equal(helpHint(['--json', 'disk', 'creat']), 'Try "allpath help disk".');
  assert.equal(helpHint(['statsu']), 'Try "allpath help".');
});

test('help of each command, and the version, are shown', () => {
  for (const { path } of commands) {
    assert.equal(shown('help', ...path), shown(...path, '--help'));
    assert.match(shown('help', ...path), new RegExp(`^Usage: allpath ${path.join(' ')} `));
  }
  for (const words of [['help'], ['help', 'help'], ['--help']])
    assert.equal(shown(...words), shown());
  assert.equal(shown('help', 'disk'), shown('disk'));
  assert.match(shown('--version'), /^allpath [0-9]+\.[0-9]+\.[0-9]+\n$/);
  assert.match(shown('--version', '--json'), /^\{"version":"[0-9]+\.[0-9]+\.[0-9]+"\}\n$/);
});
