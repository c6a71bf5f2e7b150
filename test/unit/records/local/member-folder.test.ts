// Proves what members see of each other in their folder: entries whose process lives, each replaced
// in one step and in the room that it had; and that the files of the dead, and no others, go away.

import assert from 'node:assert/strict';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ownProcessIdentity, type ProcessIdentity } from '../../../../src/host/process-identity.ts';
import { MemberFolder } from '../../../../src/records/local/member-folder.ts';
import { RecordingLog } from '../../../support/recording-log.ts';

const self = ownProcessIdentity();
/** The process ids of Linux end below this. */
const dead: ProcessIdentity = { ...self, pid: 2 ** 22 + 1 };
const ofEarlierBoot: ProcessIdentity = { ...self, bootId: 'another boot' };
const ofOtherNamespace: ProcessIdentity = { ...dead, pidNamespace: '1' };
const BLOCK_BYTES = 4096;

let path: string;
let log: RecordingLog;
let folder: MemberFolder;

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'allpath-member-folder-'));
  log = new RecordingLog();
  folder = new MemberFolder(join(path, 'run'), self, log);
  await folder.create();
});

afterEach(() => rmSync(path, { recursive: true }));

function entry(
  name: string,
  { process = self, channels = [] }: { process?: ProcessIdentity; channels?: string[] } = {},
) {
  // In another order than the names.
  const inverted = [...name.repeat(16).slice(0, 16)].map((text) => 0xff - text.charCodeAt(0));
  const incarnation = Buffer.from(inverted).toString('hex');
  return { name, incarnation, process, channels };
}

const files = (): readonly string[] => readdirSync(folder.path).sort();
const namesOf = (entries: readonly { readonly name: string }[]) => entries.map(({ name }) => name);

test('members are listed by name, with their channels, as they showed themselves last', async () => {
  const a = entry('a', { channels: ['status'] });
  await folder.show(entry('b'));
  await folder.show(a);
  await folder.show({ ...a, channels: ['status', 'fence'] });
  assert.deepEqual(await folder.living(), [
    entry('a', { channels: ['status', 'fence'] }),
    entry('b'),
  ]);
});

test('an entry is replaced in whole blocks, by the file before last', async () => {
  const a = entry('a');
  const file = folder.entryPath(a.incarnation);
  await folder.show(a);
  const before = openSync(file, 'r');
  try {
    const { ino } = fstatSync(before);
    await folder.show({ ...a, channels: ['x'.repeat(BLOCK_BYTES)] });
    assert.equal(statSync(`${file}.tmp`).ino, ino);
    assert.equal(fstatSync(before).nlink, 1, 'it is there still');
  } finally {
    closeSync(before);
  }
  assert.equal(statSync(file).size, 2 * BLOCK_BYTES);
  for (let shown = 0; shown < 2; shown++) {
    await folder.show(a);
    assert.equal(statSync(file).size, BLOCK_BYTES);
  }
  assert.deepEqual(await folder.living(), [a]);
});

test('the files of a process that has ended go, and those of one that cannot be checked stay', async () => {
  const gone = [entry('dead', { process: dead }), entry('old', { process: ofEarlierBoot })];
  for (const each of [...gone, entry('far', { process: ofOtherNamespace }), entry('here')]) {
    await folder.show(each);
    writeFileSync(folder.entryPath(each.incarnation).replace(/json$/, 'sock'), '');
  }
  assert.deepEqual(namesOf(await folder.living()), ['far', 'here']);
  for (const { incarnation } of gone) {
    assert.ok(!files().some((file) => file.startsWith(incarnation)), incarnation);
  }
  assert.equal(files().length, 2 * 3);
});

test('a name is held by a process that lives though its files are gone', async () => {
  const here = entry('here');
  const far = entry('far', { process: ofOtherNamespace });
  const claims = [here, far, entry('dead', { process: dead })];
  assert.deepEqual(await folder.livingOf(claims), [here]);
  await folder.show(far);
  assert.deepEqual(await folder.livingOf(claims), [here, far]);
});

test('an entry under the name of another, and garbage, are said and passed over', async () => {
  const a = entry('a');
  const b = entry('b');
  await folder.show(a);
  const bytes = readFileSync(folder.entryPath(a.incarnation), 'utf8');
  writeFileSync(folder.entryPath(b.incarnation), bytes);
  const broken = [
    bytes.replace('"pid":', '"pod":'),
    bytes.replace('"channels":[]', '"channels":[1]'),
    bytes.replace(`"name":"a"`, `"name":1`),
    bytes.replace('"startTicks":', '"startTicks":0.5,"x":'),
    'no JSON',
  ];
  for (const [index, text] of broken.entries()) {
    assert.notEqual(text, bytes);
    writeFileSync(folder.entryPath(entry(`c${index}`).incarnation), text);
  }
  assert.deepEqual(namesOf(await folder.living()), ['a']);
  assert.deepEqual(log.lines.map(({ event }) => event).sort(), [
    'member_entry_misnamed',
    ...broken.map(() => 'member_entry_unreadable'),
  ]);
});

test('a sweep takes what no name holds, and what is made while it runs stays', async () => {
  const held = entry('held');
  const left = entry('left');
  const late = entry('late');
  await folder.show(held);
  await folder.show(left);
  writeFileSync(join(folder.path, 'README.json'), '');
  await folder.sweep(async () => {
    await folder.show(late);
    return [held];
  });
  const kept = [held, late].flatMap(({ incarnation }) => [
    `${incarnation}.json`,
    `${incarnation}.json.tmp`,
  ]);
  assert.deepEqual(files(), ['README.json', ...kept].sort());
});

test('a folder that is not there has no members; one that cannot be listed says so', async () => {
  rmSync(folder.path, { recursive: true });
  assert.deepEqual(await folder.living(), []);
  writeFileSync(folder.path, 'a file');
  await assert.rejects(folder.living(), {
    code: 'recordsUnavailable',
    message: /a file, not a folder/,
  });
});

test('a socket is reached by a short path however deep the store lies', async () => {
  const store = join(path, 'x'.repeat(200));
  mkdirSync(store);
  const deep = new MemberFolder(join(store, 'run'), self, log);
  await deep.create();
  const handle = await deep.openHandle();
  try {
    const socketPath = deep.socketPath(handle, 'a'.repeat(32));
    assert.ok(Buffer.byteLength(socketPath) < 107, socketPath);
    writeFileSync(socketPath, '');
    assert.deepEqual(readdirSync(deep.path), [`${'a'.repeat(32)}.sock`]);
  } finally {
    await handle.close();
  }
});
