// Proves that no command makes a store where there is none, but those that are to make one: neither
// at a mistyped path, nor in a folder that exists.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { CommandSpec } from '../../../src/cli/command-spec.ts';
import { commands } from '../../../src/cli/commands.ts';
import { parseCommandLine } from '../../../src/cli/program.ts';

const makers = ['apply', 'disk create'];
/** It ends its process: `test/process/store-places.test.ts` runs it. */
const inProcess = commands.filter(({ path, needsStore }) => needsStore && path[0] !== 'gateway');
let folder = '';
const places: string[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'allpath-test-'));
  await writeFile(join(folder, 'document.yaml'), 'formatVersion: 1\n');
  await mkdir(join(folder, 'empty'));
  await mkdir(join(folder, 'half', 'records'), { recursive: true });
  await writeFile(join(folder, 'file'), '');
  places.push(...['absent', 'absent/deeper', 'empty', 'half'].map((name) => join(folder, name)));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Runs a command in this process. */
async function run(spec: CommandSpec, store: string, ...options: string[]): Promise<number> {
  const file = join(folder, 'document.yaml');
  const sample: Record<string, string> = {
    ...{ name: 'd', 'new-name': 'e', size: '64M', file, disk: 'd' },
    ...{ snapshot: 'd@s', source: 'd@s' },
    iqn: 'iqn.2026-11.com.example:t',
  };
  const words = (spec.arguments ?? []).map(({ name }) => sample[name] ?? assert.fail(name));
  const line = [...spec.path, ...words, '--store', store, ...options];
  const parsed = parseCommandLine(line, { out: () => {} });
  assert.equal(parsed.kind, 'run');
  if (parsed.kind !== 'run') return 0;
  const { arguments: args, options: given, store: place } = parsed.request;
  return await (await spec.load())({ arguments: args, options: given, store: place, json: false });
}

async function tree(): Promise<readonly string[]> {
  return (await readdir(folder, { recursive: true })).sort();
}

test('a command that makes no store says where there is none, and leaves nothing', async () => {
  const before = await tree();
  for (const spec of inProcess.filter(({ path }) => !makers.includes(path.join(' ')))) {
    for (const place of places) {
      const words = place.includes('absent') ? 'there is no folder' : 'no store in the folder';
      await assert.rejects(run(spec, place), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'storeMissing', spec.path.join(' '));
        assert.ok(error.message.includes(`${words} ${place}: check --store`), error.message);
        return true;
      });
    }
    await assert.rejects(run(spec, join(folder, 'file')), /\/file: it is a file, not a folder/);
  }
  assert.deepEqual(await tree(), before);
});

test('apply --dry-run plans against an empty store where there is none, and makes none', async () => {
  const before = await tree();
  const apply = commands.find(({ path }) => path[0] === 'apply') ?? assert.fail();
  for (const place of places) assert.equal(await run(apply, place, '--dry-run'), 0);
  assert.deepEqual(await tree(), before);
});

test('only what is to make a store makes one', async () => {
  for (const [i, name] of makers.entries()) {
    const spec = inProcess.find(({ path }) => path.join(' ') === name) ?? assert.fail(name);
    const place = join(folder, `made${i}`, 'deeper');
    assert.equal(await run(spec, place), 0);
    assert.ok((await readdir(join(place, 'records'))).includes('records.db'));
  }
});
