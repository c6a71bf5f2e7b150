// The tree follows its own rules: layers, sizes, names, what may not be reached for. Style that is
// a test is not argued about in review. Each rule also proves itself on a planted violation.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, extname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FAILURE_CODES } from '../src/control/failure-codes.ts';
import { awkwardComments, awkwardTexts } from './support/awkward-texts.ts';
import { deadExports, importedNames } from './support/dead-exports.ts';
import { failureCodesOf, hiddenFailureCodes } from './support/failure-codes.ts';
import { importCircles } from './support/import-circles.ts';
import { cephFolders, importProblem, layerOf, layers } from './support/layers.ts';
import { emptyHandlers, floatingPromises } from './support/lost-outcomes.ts';
import { brokenEnds, paragraphsOfCode, paragraphsOfMarkdown } from './support/prose.ts';
import { unknownNames, unusedForeign, vocabularyOf } from './support/prose-names.ts';
import { codeOf, importsOf } from './support/source-text.ts';
import { missingTest, testedElsewhere } from './support/tested-elsewhere.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const linesMax = 500;
const columnsMax = 100;

/** Folders and files that are no part of the tree, as .gitignore names them; git is not needed. */
const ignored = new Set([
  '.git',
  ...read('.gitignore')
    .split('\n')
    .map((line) => line.replace(/\/$/, '')),
]);
const files = globSync('**/*', {
  cwd: root,
  withFileTypes: true,
  exclude: (entry) => ignored.has(entry.name),
})
  .filter((entry) => entry.isFile() && !/\.(log|tgz)$/.test(entry.name))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)));
const typescript = files.filter((file) => file.endsWith('.ts'));
const product = typescript.filter((file) => /^(src|lab)\//.test(file));

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** Applies a rule to files; fails with every finding at once. */
function everywhere(among: readonly string[], rule: (source: string, file: string) => string[]) {
  const found = among.flatMap((file) => rule(read(file), file).map((text) => `${file}: ${text}`));
  assert.deepEqual(found, [], `\n${found.join('\n')}`);
}

test('every import keeps the layers', () => {
  assert.ok(product.length > 0);
  everywhere(product, layerProblems);
});

function layerProblems(source: string, file: string): string[] {
  return importsOf(source).flatMap(({ from, typesOnly, line }) => {
    const problem = importProblem(file, from, typesOnly);
    return problem === undefined ? [] : [`line ${line} imports ${problem}`];
  });
}

test('a planted import against the layers is found', () => {
  const findings = (file: string, source: string) => layerProblems(source, `src/${file}`).length;
  assert.equal(findings('scsi/a.ts', "import { x } from '../iscsi/contracts.ts';"), 1);
  assert.equal(findings('scsi/a.ts', "import { x } from '../volume/volume.ts';"), 0);
  assert.equal(findings('host/a.ts', "import type { X } from '../iscsi/contracts.ts';"), 1);
  assert.equal(findings('membership/ceph/a.ts', "import { x } from '../../ceph/client.ts';"), 0);
  assert.equal(findings('membership/a.ts', "import { x } from '../ceph/client.ts';"), 1);
  assert.equal(findings('scsi/a.ts', "import type {\n  X,\n} from '../volume/memory.ts';"), 1);
  assert.equal(findings('scsi/a.ts', "export { x } from '../records/records.ts';"), 1);
  assert.equal(findings('scsi/a.ts', "const x = await import('../gateway/gateway.ts');"), 1);
  assert.equal(findings('scsi/a.ts', "import 'node:fs';"), 1);
  assert.equal(findings('scsi/a.ts', "// import { x } from '../cli/main.ts';"), 0);
  assert.equal(findings('records/local/a.ts', "import { x } from '../../host/process.ts';"), 0);
  assert.equal(findings('records/a.ts', "import { x } from '../host/process.ts';"), 1);
  assert.equal(findings('volume/rbd/a.ts', "import { x } from '../../ceph/rbd-image.ts';"), 0);
  assert.equal(findings('volume/a.ts', "import { x } from '../ceph/rbd-image.ts';"), 1);
  assert.equal(findings('base/a.ts', "import { x } from '../../test/support/run.ts';"), 1);
  assert.equal(findings('cli/a.ts', "import { x } from '../../lab/demo/x.ts';"), 0);
  assert.equal(findings('gateway/a.ts', "import { x } from '../../lab/demo/x.ts';"), 1);
  assert.equal(findings('elsewhere/a.ts', "import { x } from '../base/assert.ts';"), 1);
});

test('no files import each other, not even their types', () => {
  const sources = new Map(product.map((file) => [file, read(file)]));
  assert.deepEqual(circlesAmong(sources), []);
});

function circlesAmong(sources: ReadonlyMap<string, string>): readonly string[] {
  const graph = new Map(
    [...sources].map(([file, source]) => [
      file,
      importsOf(source).map(({ from }) => join(dirname(file), from)),
    ]),
  );
  return importCircles(graph).map((circle) => circle.join(', '));
}

test('a planted circle of types is found', () => {
  const sources = new Map([
    ['src/a/one.ts', "import type { B } from '../b/two.ts';"],
    ['src/b/two.ts', "import { c } from './three.ts';"],
    ['src/b/three.ts', "import { type A, a } from '../a/one.ts';"],
    ['src/b/four.ts', "import { c } from './three.ts';"],
  ]);
  assert.deepEqual(circlesAmong(sources), ['src/a/one.ts, src/b/three.ts, src/b/two.ts']);
});

test('docs/internals/layers.md says what the table says', () => {
  const rows = read('docs/internals/layers.md').matchAll(
    /^\| `(?:src\/)?(\w+)` \|.*\| ([^|]*) \|$/gm,
  );
  const documented = new Map(
    [...rows].map(([, folder = '', cell = ''], index) => [folder, namesIn(cell, index)]),
  );
  const wanted = new Map(
    layers.map(({ folder, imports, types = [], localImports = [], cephImports = [] }) => {
      const local = localImports.length > 0 ? ['local/', ...localImports] : [];
      const onCeph = cephImports.length > 0 ? [`${cephFolders[folder]}/`, ...cephImports] : [];
      return [folder, [...imports, ...types, ...local, ...onCeph].sort()];
    }),
  );
  assert.deepEqual(documented, wanted);
});

/** The folders and files that a cell of the layers' table names. */
function namesIn(cell: string, row: number): readonly string[] {
  if (cell === 'all above')
    return layers
      .slice(0, row)
      .map(({ folder }) => folder)
      .sort();
  return [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, name = '']) => expand(name)).sort();
}

function expand(name: string): readonly string[] {
  const braces = /^(.*)\{(.*)\}(.*)$/.exec(name);
  if (braces === null) return [name];
  return (braces[2] ?? '').split(',').map((choice) => `${braces[1]}${choice}${braces[3]}`);
}

test('below the commands nothing reaches for clock, timers, randomness, process or console', () => {
  const pure = product.filter((file) => layerOf(file)?.pure);
  everywhere(pure, (source, file) => worldProblems(source, file.includes('/local/')));
});

/** A driver that lives on this machine may name its own process; nothing else of the world. */
function worldProblems(source: string, isLocalDriver: boolean): string[] {
  const banned =
    /(?<![\w.#$])(Date|setTimeout|setInterval|setImmediate|performance|process|console|crypto)(?=[.(])|\bMath\.random\b|\bnew Date\b/g;
  return [...codeOf(source).matchAll(banned)]
    .map(([name]) => name)
    .filter((name) => !(isLocalDriver && name === 'process'));
}

test('a planted reach for the world is found, a mention of it is not', () => {
  const template = ['`$', '{process.pid}`'].join('');
  assert.deepEqual(worldProblems('const t = Date.now();', false), ['Date']);
  assert.deepEqual(worldProblems('setTimeout(() => {}, 1);', false), ['setTimeout']);
  assert.deepEqual(worldProblems('const r = Math.random();', false), ['Math.random']);
  assert.deepEqual(worldProblems(template, false), ['process']);
  assert.deepEqual(worldProblems(template, true), []);
  assert.deepEqual(
    worldProblems('// Date.now() is banned\n"console.log"; this.process.x();', false),
    [],
  );
  assert.deepEqual(worldProblems("const r = /'/; x('Date.now()');", false), []);
});

test('the guard reads code as it is: comments, strings, templates, patterns', () => {
  const kept = (source: string) => codeOf(source).replace(/\s+/g, ' ').trim();
  assert.equal(kept('a(); // b\n/* c */ d();'), 'a(); d();');
  assert.equal(kept("a('it\\'s // b'); c();"), 'a( ); c();');
  const nested = ['`x ', '{ f({ a: `y ', '{b} z` }) } w`; c();'].join('$');
  assert.equal(kept(nested), 'f({ a: b }) ; c();');
  assert.equal(kept('a = b / c / d; e(/["\'/]/g); f();'), 'a = b / c / d; e( g); f();');
});

test('every export is imported by another file', () => {
  const imported = importedNames(typescript, read);
  everywhere(product, (source, file) =>
    deadExports(source, imported.get(file)).map((name) => `nobody imports ${name}`),
  );
});

test('a planted export that nobody imports is found', () => {
  const sources: Record<string, string> = {
    'src/a.ts': 'export const used = 1;\nexport interface Unused {}\n// export const no = 1;\n',
    'src/b.ts': "import { type Other, used as mine } from './a.ts';\nexport class Loaded {}\n",
    'test/c.ts': "const b = await import('../src/b.ts');\n",
  };
  const imported = importedNames(Object.keys(sources), (file) => sources[file]!);
  const dead = (file: string) => deadExports(sources[file]!, imported.get(file));
  assert.deepEqual(dead('src/a.ts'), ['Unused']);
  assert.deepEqual(dead('src/b.ts'), []);
  assert.deepEqual(deadExports('export async function f() {}', undefined), ['f']);
});

test('texts and comments are plain English', () => {
  everywhere(product, awkwardTexts);
  const planted = ["'it is ' +\n  'no name'", ['`it is no $', '{name}`'].join(''), "'Who asks'"];
  planted.push("'It, too.'", "'it, too'", '"any more"', '`so many`', "'anew'", "'judge'");
  for (const text of planted) assert.equal(awkwardTexts(`x(${text});`).length, 1, text);
  assert.deepEqual(awkwardTexts("x('there is no disk', 'it, too, is');\n// is no name, anew"), []);
  everywhere(proseFiles, (text, file) => (file.endsWith('.md') ? [] : awkwardComments(text)));
  const comment = '// Not any\n// more, anew, say; it, too. Lets go of all, is heard of, mends it.';
  assert.equal(awkwardComments(comment).length, 7);
  assert.deepEqual(awkwardComments("// Anything more; too many say so.\nx('anew, any more');"), []);
});

test('no default export, no enum, no namespace', () => {
  const banned =
    /^\s*(export default\b|(export )?(declare )?((const )?enum|namespace)\s+[\w.]+\s*\{)/gm;
  const found = (source: string) =>
    [...codeOf(source).matchAll(banned)].map(([text]) => text.trim());
  // `node --test` takes a reporter from the default export of its module.
  everywhere(
    typescript.filter((file) => file !== 'scripts/ring-report.ts'),
    found,
  );
  for (const planted of ['export default f;', 'const enum E {', 'export namespace n.m {']) {
    assert.equal(found(planted).length, 1, planted);
  }
  // Pools of Ceph have namespaces as well.
  assert.deepEqual(found('const place = {\n  namespace,\n};'), []);
});

test('a test file awaits nothing at its top behind its first suite', () => {
  everywhere(typescript, (source, file) => (file.endsWith('.test.ts') ? lateAwaits(source) : []));
  const loop = ['for (const n of [1, 2]) {', '  const x = await f(n);', '  suite(x);', '}'];
  assert.equal(lateAwaits(loop.join('\n')).length, 1);
  assert.equal(lateAwaits("test('a', f);\nconst b = await c();").length, 1);
  assert.deepEqual(
    lateAwaits("const b = await c();\ntest('a', async () => {\n  await d();\n});"),
    [],
  );
});

/**
 * node:test runs the `after` hooks of a file once the tests that it knows of have ended, though the
 * file itself still waits: what a later suite needs may be gone before it begins.
 */
function lateAwaits(source: string): string[] {
  const lines = source.split('\n');
  const registers = /^ {0,2}(test|describe|suite|\w+Contract)\(/;
  const first = lines.findIndex((line) => registers.test(line));
  return lines.flatMap((line, at) => {
    if (!/^(const [^=]*= )?await /.test(line.trim()) || first < 0) return [];
    const opener = lines.slice(0, at + 1).findLastIndex((each) => /^[^\s})/*]/.test(each));
    const inLoop = /^for /.test(lines[opener]!) && opener < first && /^ {2}\S/.test(line);
    return (opener === at && at > first) || (inLoop && at < first) ? [`line ${at + 1}`] : [];
  });
}

test('the page of errors has every code that a source fails with, and no other', () => {
  const listed = new Set(FAILURE_CODES.flatMap(({ codes }) => Object.keys(codes)));
  // Issues of the schema have codes of their own.
  const others = ['src/config/schema.ts', 'src/control/failure-codes.ts'];
  const failing = files.filter(
    (file) => /^(src|lab)\/.*\.ts$/.test(file) && !others.includes(file),
  );
  everywhere(failing, (source, file) => [
    ...failureCodesOf(source).filter((code) => !listed.has(code)),
    ...(hiddenFailureCodes(source, file) ? ['the code of a failure is not written there'] : []),
  ]);
  const sources = failing.map(read);
  const unused = [...listed].filter((code) => !sources.some((text) => text.includes(`'${code}'`)));
  assert.deepEqual(unused, []);
  assert.deepEqual(failureCodesOf("throw new Failure<X>(\n  'planted',\n  'x');"), ['planted']);
  assert.deepEqual(failureCodesOf("type XFailureCode =\n  | 'one'\n  | 'two';"), ['one', 'two']);
  assert.deepEqual(failureCodesOf("const error = { code: 'planted', message };"), ['planted']);
  assert.ok(hiddenFailureCodes('throw new Failure(code, message);', 'src/a.ts'));
});

test('no handler of an event is empty: a loss that nobody hears of stays one', () => {
  everywhere(product, emptyHandlers);
  assert.deepEqual(emptyHandlers('watch({ onLost: () => {} });'), ['onLost does nothing']);
  assert.deepEqual(emptyHandlers('x = { onLost() {\n  // later\n} };'), ['onLost does nothing']);
  assert.deepEqual(emptyHandlers('{ onEnd: async (a: A) => undefined }'), ['onEnd does nothing']);
  assert.deepEqual(emptyHandlers('{ onEnd: () => this.#end() }; onEnd: () => void = f;'), []);
});

test(`no file is longer than ${linesMax} lines, no line than ${columnsMax} columns`, () => {
  const text = files.filter((file) => /\.(ts|mjs|sh)$/.test(file));
  everywhere(text, (source) => {
    const lines = source.split('\n');
    const wide = lines.flatMap((line, index) =>
      // A pattern, an address or the title of a test cannot be broken; a comment can.
      line.length > columnsMax &&
      !/https?:|^\s*(await )?(t\.)?(test|describe|it)\(|^\s*\/[^*].*\/[a-z]*[;,]?$/.test(line)
        ? [`line ${index + 1} has ${line.length} columns`]
        : [],
    );
    return lines.length > linesMax ? [...wide, `${lines.length} lines`] : wide;
  });
});

test('files are kebab-case nouns, and none is a drawer for everything', () => {
  everywhere(typescript, (_, file) => {
    const name = basename(file).replace(/(\.test|\.bench)?\.ts$/, '');
    const drawers = ['utils', 'util', 'helpers', 'helper', 'types', 'misc', 'common', 'index'];
    const isKebab = /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name);
    return isKebab && !drawers.includes(name) ? [] : [`the name ${name}`];
  });
});

test('a promise of Node is never left floating', () => {
  // Biome's noFloatingPromises does not see the types of Node's own modules.
  everywhere(typescript, floatingPromises);
  const from = "import { rm } from 'node:fs/promises';\nimport { once } from 'node:events';\n";
  assert.deepEqual(floatingPromises(`${from}  rm('x');`), ['line 3: rm']);
  assert.deepEqual(floatingPromises(`${from}  once(a, 'b');`), ['line 3: once']);
  assert.deepEqual(floatingPromises('  fs.promises.rm(path);'), ['line 1: fs.promises.rm']);
  assert.deepEqual(floatingPromises(`${from}  await rm('x');\nreturn once(a, 'b');`), []);
});

test('the linter finds a planted floating promise, a default export and a long function', () => {
  const folder = mkdtempSync(join(tmpdir(), 'allpath-tidy-'));
  try {
    const config = JSON.parse(read('biome.json')) as Record<string, unknown>;
    const { vcs: _, ...rest } = config;
    writeFileSync(join(folder, 'biome.json'), JSON.stringify(rest));
    writeFileSync(
      join(folder, 'store.ts'),
      'export interface Store {\n  flush(): Promise<void>;\n}\n',
    );
    const body = '  store.flush();\n'.repeat(71);
    writeFileSync(
      join(folder, 'planted.ts'),
      "import type { Store } from './store.ts';\n" +
        `export default function f(store: Store) {\n${body}}\n`,
    );
    const report = lint(folder);
    for (const rule of ['noFloatingPromises', 'noDefaultExport', 'noExcessiveLinesPerFunction']) {
      assert.ok(report.includes(rule), `${rule} found nothing:\n${report}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function lint(folder: string): string {
  const biome = join(root, 'node_modules', '.bin', 'biome');
  try {
    return execFileSync(biome, ['lint', '--reporter=summary', '.'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return `${stdout}\n${stderr}`;
  }
}

const proseFiles = files.filter((file) => /\.(ts|mjs|cc|h|md)$/.test(file));
const paragraphsIn = (source: string, file: string) =>
  file.endsWith('.md') ? paragraphsOfMarkdown(source) : paragraphsOfCode(source);

test('no sentence of a comment or a page stops in the middle', () => {
  everywhere(proseFiles, (source, file) => [...brokenEnds(paragraphsIn(source, file))]);
});

test('a planted sentence without an end is found, a list or a table is none', () => {
  const inCode = (source: string) => brokenEnds(paragraphsOfCode(source)).length;
  const inPage = (source: string) => brokenEnds(paragraphsOfMarkdown(source)).length;
  assert.equal(inPage('A gateway is killed. On Ceph there is\n\n## Next\n\n1. It dies.\n'), 1);
  assert.equal(inPage('On Ceph there is\na monitor.\n\n## Next\n'), 0);
  assert.equal(inPage('Disks live\n\n- on Ceph, or\n- elsewhere\n'), 1);
  assert.equal(inPage('Disks live\n\n- on Ceph, or\n- elsewhere.\n\n```sh\nls\n```\n'), 0);
  assert.equal(inPage('| a | b |\n|---|---|\n| c | `d` |\n'), 0);
  assert.equal(inCode('/** A gateway that is\n *\n * Its own. */\nf();\n'), 1);
  assert.equal(inCode('// A gateway that is\n// its own.\nf(); // four bytes\n'), 0);
  assert.equal(inCode('/*\n * Fields:\n *\n *   u8 format, the value\n *\n * They end. */'), 0);
});

test('what a comment or a page names is in the tree', () => {
  // The change log names what earlier versions had.
  const checked = proseFiles.filter((file) => file !== 'CHANGELOG.md');
  const known = vocabularyOf(files, read);
  everywhere(checked, (source, file) =>
    paragraphsIn(source, file).flatMap(({ line, text }) =>
      unknownNames(text, file, known).map(
        (name) => `line ${line}: there is no ${name} (foreign names: test/support/prose-names.ts)`,
      ),
    ),
  );
  const all = checked.flatMap((file) => paragraphsIn(read(file), file).map(({ text }) => text));
  assert.deepEqual(unusedForeign(all, known), [], 'foreign names that nothing mentions');
});

test('a planted name that does not exist is found', () => {
  const sources: Record<string, string> = {
    'src/scsi/kept.ts': "class Kept {\n  #isKept = takeIt('a string');\n} // planted",
    'docs/guide/page.md': '# The page\n\n## How it is kept\n',
  };
  const known = vocabularyOf(Object.keys(sources), (file) => sources[file]!);
  const unknown = (text: string) => unknownNames(text, 'docs/guide/other.md', known);
  assert.deepEqual(
    unknown('`Kept` has `#isKept`, from `takeIt()`: [page](page.md#how-it-is-kept)'),
    [],
  );
  assert.deepEqual(unknown('`src/scsi/kept.ts`, scsi/kept.ts, kept.ts, src/scsi/, src/*/*.ts'), []);
  assert.deepEqual(unknown('`isKept` of `Kept`'), ['isKept']);
  assert.deepEqual(unknown('`planted` and `Kept.planted`'), ['planted']);
  assert.deepEqual(unknown('a KeptOne, keptOne'), ['KeptOne', 'keptOne']);
  assert.deepEqual(unknown('see scsi/lost.ts, src/lost/'), ['scsi/lost.ts', 'src/lost']);
  assert.deepEqual(unknown('see [it](page.md#lost) or [it](lost.md)'), ['page.md#lost', 'lost.md']);
});

test('unit tests mirror the folders of the source', () => {
  // A test bears its file's name; one of several files together lies in their folder.
  const unit = typescript.filter((file) => /^test\/unit\/.*\.test\.ts$/.test(file));
  const folders = new Set(product.map((file) => dirname(file)));
  everywhere(unit, (_, file) => {
    const folder = dirname(file.replace(/^test\/unit\//, ''));
    const isThere = folders.has(folder) || folders.has(`src/${folder}`);
    return isThere ? [] : [`there is no folder ${folder}`];
  });
});

test('a long source file has a test of the same path, or names the test that proves it', () => {
  const isThere = (file: string) => files.includes(file);
  everywhere(product, (source, file) => missingTest(file, source.split('\n').length - 1, isThere));
  const unknown = Object.keys(testedElsewhere).filter((file) => !isThere(file));
  assert.deepEqual(unknown, [], 'listed, and not in the tree');
  assert.equal(missingTest('src/a.ts', 150, () => false).length, 1);
  assert.equal(missingTest('src/a.ts', 149, () => false).length, 0);
  assert.equal(missingTest('src/a.ts', 150, (file) => file === 'test/unit/a.test.ts').length, 0);
});

test('every test says what it proves', () => {
  const tests = typescript.filter((file) => file.endsWith('.test.ts'));
  everywhere(tests, (source) => {
    // At the file's head, or as the first line inside of a test.
    const head = source.slice(0, source.search(/^(test|describe|for|await)\b/m));
    const said = /^(\/\/|\/\*)/m.test(head) || /=> \{\n\s*\/\/ /.test(source);
    return said ? [] : ['no comment says what it proves'];
  });
});

test('every dependency has its reason in docs/dependencies.md, and nothing else has', () => {
  const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const kinds = ['dependencies', 'optionalDependencies', 'devDependencies'];
  const names = kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {}));
  const rows = read('docs/dependencies.md').matchAll(/^\| (`[^|]*) \|/gm);
  const explained = [...rows].flatMap(([, cell]) => [...cell!.matchAll(/`([^`]+)`/g)]);
  assert.deepEqual(explained.map(([, name]) => name).sort(), names.sort());
});

test('every decision is in the index of docs/decisions', () => {
  const folder = 'docs/decisions';
  if (!existsSync(join(root, folder))) return;
  const decisions = readdirSync(join(root, folder)).filter((name) => /^\d{4}-.*\.md$/.test(name));
  const index = decisions.length > 0 ? read(`${folder}/README.md`) : '';
  const missing = decisions.filter((name) => !index.includes(name));
  assert.deepEqual(missing, []);
});

test('what a reader looks for first is there', () => {
  for (const file of [
    'README.md',
    'ARCHITECTURE.md',
    'CONTRIBUTING.md',
    'SECURITY.md',
    'CHANGELOG.md',
    'LICENSE',
  ]) {
    assert.ok(files.includes(file), `there is no ${file}`);
  }
  const { version } = JSON.parse(read('package.json')) as { version: string };
  assert.match(read('CHANGELOG.md'), new RegExp(`^## ${version.replaceAll('.', '\\.')}\\b`, 'm'));
});

test('no path of a developer machine and no large file is in the tree', () => {
  const home = homedir();
  const places = [/\/home\/\w+\//, /\/Users\/\w+\//, /["'`(\s]\/work\//];
  const text = files.filter((file) => extname(file) !== '.png' && file !== 'package-lock.json');
  everywhere(text, (source, file) => {
    if (file === 'test/tidy.test.ts') return [];
    const found = places.flatMap((place) => place.exec(source)?.[0] ?? []);
    if (home.length > 6 && source.includes(home)) found.push(home);
    return source.length > 1_000_000 ? [...found, `${source.length} characters`] : found;
  });
});
