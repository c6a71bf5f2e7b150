// Proves that a command line is understood as the table says, or refused with a UsageError,
// whatever its words.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { commands } from '../../../src/cli/commands.ts';
import { parseCommandLine } from '../../../src/cli/program.ts';
import { storeWords } from '../../../src/cli/store-options.ts';
import { UsageError } from '../../../src/cli/usage-error.ts';

const runs = Number(process.env['ALLPATH_FUZZ_RUNS'] ?? 500);

function parse(...words: string[]) {
  let shown = '';
  const parsed = parseCommandLine(words, {
    out: (text) => {
      shown += text;
    },
  });
  return { parsed, shown };
}

function requestOf(...words: string[]) {
  const { parsed } = parse(...words);
  assert.equal(parsed.kind, 'run');
  return parsed.kind === 'run' ? parsed.request : assert.fail();
}

test('the options of the demo have their defaults', () => {
  const { options } = requestOf('demo');
  assert.deepEqual(options, {
    size: 2 ** 30,
    gateways: 2,
    port: 3260,
    listen: '127.0.0.1',
    blocks: 512,
    target: 'iqn.2026-11.io.allpath:demo',
    osds: 1,
  });
});

test('global options stand before or after the command', () => {
  assert.equal(requestOf('--store', 'x', 'disk', 'list').options['store'], 'x');
  assert.equal(requestOf('disk', 'list', '--store', 'x').options['store'], 'x');
});

test('an option that is given twice is refused, also before and after the command', () => {
  for (const words of [
    ['--store', 'x', 'status', '--store', 'y'],
    ['status', '--store', 'x', '--store', 'y'],
    ['demo', '--size', '1G', '--size', '2G'],
  ]) {
    assert.throws(() => parse(...words), /given twice/, words.join(' '));
  }
  assert.throws(() => parse('status', '--store', 'caf\ufffd'), /not UTF-8/);
});

test('a store is a folder, or a pool of a cluster; never both, never half', () => {
  const storeOf = (...words: string[]) => requestOf('status', ...words).store;
  assert.deepEqual(storeOf('--store', 'x'), { dir: 'x' });
  const pool = ['--ceph', '/etc/ceph/ceph.conf', '--pool', 'p'];
  const ceph = { conf: '/etc/ceph/ceph.conf', pool: 'p', user: 'allpath', namespace: '' };
  assert.deepEqual(storeOf(...pool), { ceph });
  assert.deepEqual(storeOf(...pool, '--user', 'u', '--namespace', 'n'), {
    ceph: { ...ceph, user: 'u', namespace: 'n' },
  });
  assert.equal(requestOf('demo').store, undefined);
  const wrong = [
    [...pool, '--store', 'x'],
    ['--ceph', 'c'],
    ['--pool', 'p'],
    ['--user', 'u', '--store', 'x'],
    ['--ceph', '', '--pool', 'p'],
    ['--ceph', 'c', '--pool', 'a/b'],
    ['--ceph', 'c', '--pool', "p'"],
    [...pool, '--user', 'client.u'],
    [...pool, '--namespace', 'a b'],
  ];
  for (const words of wrong) {
    assert.throws(() => parse('status', ...words), UsageError, words.join(' '));
  }
});

test('what gives another process the same store is understood as that store', () => {
  const ceph = { conf: '/c', pool: 'p', user: 'u', namespace: '' };
  for (const store of [{ dir: 'x' }, { ceph }, { ceph: { ...ceph, namespace: 'n' } }]) {
    assert.deepEqual(requestOf('status', ...storeWords(store)).store, store);
  }
});

test('arguments are parsed', () => {
  const request = requestOf('disk', 'create', 'a', '10T', '--store', 'x', '--blocks', '4096');
  assert.deepEqual(request.arguments, ['a', 10 * 2 ** 40]);
  assert.equal(request.options['blocks'], 4096);
});

test('wrong command lines are usage errors', () => {
  const wrong = [
    ['nothing'],
    ['demo', '--size', '1g'],
    ['demo', '--blocks', '513'],
    ['demo', '--gateways', '0'],
    ['demo', '--port', '65536'],
    ['demo', '--listen', 'localhost'],
    ['demo', 'extra'],
    ['gateway', '--store', 'x'],
    ['disk', 'list'],
    ['disk', 'create', 'a', '--store', 'x'],
    ['get', '--secret', '--store', 'x'],
  ];
  for (const words of wrong) assert.throws(() => parse(...words), UsageError, words.join(' '));
});

test('help is shown, not run', () => {
  assert.match(parse('--help').shown, /Commands:/);
  assert.match(parse().shown, /Commands:/);
  assert.match(parse('disk').shown, /resize/);
  assert.match(parse('demo', '--help').shown, /--gateways/);
});

test('no words do worse than a UsageError', () => {
  const known = commands.flatMap(({ path, options = [] }) => [
    ...path,
    ...options.map(({ flags }) => flags.split(' ')[0] ?? ''),
  ]);
  const word = fc.oneof(
    fc.constantFrom(...known, '--store', '--json', '--help', '-', '--', '=', ''),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (words) => {
      try {
        parse(...words);
      } catch (error) {
        assert.ok(error instanceof UsageError, String(error));
      }
    }),
    { numRuns: runs },
  );
});
