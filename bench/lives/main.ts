// `npm run lives` follows a write, a login and a COMPARE AND WRITE through a gateway of this tree,
// and optionally of others: which files they enter, how often they change to another folder, and
// how often they return to a file that they had left. `--help` lists the options.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { markdownTable } from '../../src/base/markdown-table.ts';
import { compareAndWrite, testUnitReady, write16 } from '../../test/initiator/cdb.ts';
import { Initiator } from '../../test/initiator/initiator.ts';
import { Demo, demoTargetName } from '../../test/support/demo.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { type Course, courseOf } from './course.ts';

const BLOCK_BYTES = 512;
/** The length of the write: all of it is solicited by R2T. */
const WRITE_BLOCKS = 128;
/** Runs before the trace, in which everything happens that is needed only once. */
const WARM_UPS = 5;
const LIMIT_MS = 30_000;

const help = `usage: npm run lives -- [options] [tree ...]

Follows a write with R2T, a login, and a COMPARE AND WRITE through a gateway on the embedded store,
of this tree and of others that are set up. The files of \`base\` and what the membership does
meanwhile are left out.

  --json    prints the courses whole
  --files   prints the files that each life enters, in the order of its first entry
  --help`;

type Life = (demo: Demo, initiator: Initiator) => Promise<void>;

const lives: Readonly<Record<string, Life>> = {
  'write with R2T': async (_demo, initiator) => {
    const dataOut = new Uint8Array(WRITE_BLOCKS * BLOCK_BYTES);
    const cdb = write16(0, WRITE_BLOCKS);
    expectGood(await initiator.execute({ cdb, dataOut, immediateLength: 0, unsolicitedLength: 0 }));
  },
  login: async (demo) => {
    const second = await connect(demo, 'second');
    second.destroy();
  },
  'COMPARE AND WRITE': async (_demo, initiator) => {
    const dataOut = new Uint8Array(2 * BLOCK_BYTES);
    expectGood(await initiator.execute({ cdb: compareAndWrite(1000, 1), dataOut }));
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    files: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
process.exit(await main());

async function main(): Promise<number> {
  if (values.help) {
    console.log(help);
    return 0;
  }
  const trees = [...positionals, '.'].map((tree) => resolve(tree));
  const absent = trees.find((tree) => !existsSync(join(tree, 'bin/allpath')));
  if (absent !== undefined) {
    console.error(`${absent} has no bin/allpath: give the root of a tree that is set up`);
    return 2;
  }
  const rows: string[][] = [];
  for (const tree of trees) {
    for (const [life, course] of await coursesOf(tree)) {
      if (values.json) console.log(JSON.stringify({ tree, life, ...course }));
      if (values.files) console.log(`\n${tree}, ${life}:\n  ${course.files.join('\n  ')}`);
      const often = course.returns.slice(0, 4).map(({ file, times }) => `${file} ${times}`);
      const total = course.returns.reduce((sum, { times }) => sum + times, 0);
      rows.push([
        life,
        tree,
        String(course.files.length),
        String(course.crossings),
        String(total),
        often.join(', '),
      ]);
    }
  }
  rows.sort((a, b) => (a[0]! < b[0]! ? -1 : a[0]! > b[0]! ? 1 : 0));
  const head = ['life', 'tree', 'files', 'crossings', 'returns', 'most of them to'];
  if (!values.json) console.log(markdownTable(head, rows));
  return 0;
}

async function coursesOf(tree: string): Promise<ReadonlyMap<string, Course>> {
  const folder = mkdtempSync(join(tmpdir(), 'allpath-lives-'));
  process.env['NODE_OPTIONS'] = `--import=${join(import.meta.dirname, 'trace-hook.ts')}`;
  process.env['ALLPATH_TRACE_TREE'] = tree;
  process.env['ALLPATH_TRACE_FOLDER'] = folder;
  const demo = await Demo.start({ gateways: 1, program: join(tree, 'bin/allpath') });
  try {
    const initiator = await connect(demo, 'first');
    const found = new Map<string, Course>();
    for (const [name, life] of Object.entries(lives)) {
      for (let i = 0; i < WARM_UPS; i++) await life(demo, initiator);
      const trace = await traced(demo.processOf(0).pid, folder, found.size + 1, () =>
        life(demo, initiator),
      );
      found.set(name, courseOf(trace));
    }
    initiator.destroy();
    return found;
  } finally {
    await demo.stop();
    rmSync(folder, { recursive: true });
  }
}

async function traced(
  pid: number,
  folder: string,
  count: number,
  body: () => Promise<void>,
): Promise<readonly string[]> {
  const file = join(folder, `${pid}-${count}`);
  process.kill(pid, 'SIGUSR2');
  await waitFor('the begin of the trace', () => existsSync(`${file}.begun`), LIMIT_MS);
  await body();
  process.kill(pid, 'SIGUSR2');
  await waitFor('the trace', () => existsSync(`${file}.json`), LIMIT_MS);
  return JSON.parse(readFileSync(`${file}.json`, 'utf8')) as readonly string[];
}

async function connect(demo: Demo, name: string): Promise<Initiator> {
  const initiatorName = `iqn.2026-11.com.example:${name}`;
  const options = { ...demo.address(0), initiatorName, targetName: demoTargetName };
  const initiator = await Initiator.connect(options);
  // Reports the unit attention of a new nexus.
  await initiator.execute({ cdb: testUnitReady() });
  return initiator;
}

function expectGood({ status }: { readonly status: number }): void {
  if (status !== 0) throw new Error(`a command ended with status ${status}`);
}
