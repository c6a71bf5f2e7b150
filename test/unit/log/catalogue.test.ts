// Proves that every event of the catalogue is logged somewhere and no other can be, that each line
// says who and why in fields that the page explains, and that the page is that of the catalogue.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { catalogue, sections } from '../../../src/log/catalogue.ts';
import { type Log, silentLog } from '../../../src/log/log.ts';
import { type LogEvent, logEvent } from '../../../src/log/log-event.ts';
import { logFields } from '../../../src/log/log-fields.ts';
import { logReference } from '../../../src/log/reference.ts';
import { awkwardTexts } from '../../support/awkward-texts.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const rows: readonly LogEvent[] = Object.values(catalogue);

test('the page is up to date (node scripts/reference.ts)', () => {
  const page = readFileSync(join(root, 'docs/reference/log-events.md'), 'utf8');
  assert.equal(page, logReference());
  const named = [...page.matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name).sort();
  assert.deepEqual(named, [...Object.keys(catalogue), ...Object.keys(logFields)].sort());
});

test('every event of the catalogue is logged by a source', () => {
  const sources = globSync('{src,lab}/**/*.ts', { cwd: root })
    .filter((file) => !file.startsWith('src/log/events/'))
    .map((file) => readFileSync(join(root, file), 'utf8'));
  const names = Object.keys(catalogue);
  assert.deepEqual(unlogged(names, sources), []);
  assert.deepEqual(unlogged(['login'], ["const when = 'login';"]), ['login']);
  assert.deepEqual(unlogged(['login'], ["// log.write('logout') and 'login'"]), ['login']);
  assert.deepEqual(unlogged(['login'], ["this.#log.write('login', {});"]), []);
});

/** A name counts in a statement that writes to a log, or in the one before it, which chooses it. */
function unlogged(names: readonly string[], sources: readonly string[]): readonly string[] {
  const writes = /(?:[^;]*;)?[^;]*(?:log|limiter|lines)\.write\([^;]*;/gi;
  const statements = sources.flatMap((source) => {
    const code = source.replace(/^\s*(\/\/|\/?\*).*$/gm, '');
    return [...code.matchAll(writes)].map(([text]) => text);
  });
  return names.filter((name) => !statements.some((text) => text.includes(`'${name}'`)));
}

test('what is not in the catalogue does not compile', () => {
  const log: Log = silentLog;
  // @ts-expect-error: there is no such event.
  log.write('planted_event', {});
  // @ts-expect-error: it says which disk.
  log.write('disk_served_again', {});
  // @ts-expect-error: a disk is named.
  log.write('disk_served_again', { disk: 7 });
  // @ts-expect-error: it has no such field.
  log.write('disk_served_again', { disk: 'a', volume: 'a' });
  // @ts-expect-error: there is no such field.
  log.child({ planted: 'x' });
  log.write('fence_not_finished', { reason: 'a field with a question mark may be absent' });
  log.write('fence_not_finished', { reason: 'x', member: 'b' });
});

test('a row that says too little, or says it badly, is refused', () => {
  const good: LogEvent = catalogue.disk_not_served;
  const wrong: readonly Partial<LogEvent>[] = [
    { sentence: 'A disk is not served' },
    { sentence: 'a disk is not served.' },
    { meaning: 'no sentence' },
    { remedy: 'no sentence' },
    { fields: ['disk', 'disk?'] },
  ];
  for (const each of wrong) assert.throws(() => logEvent({ ...good, ...each }), /./);
  const { remedy: _, ...helpless } = good;
  assert.throws(() => logEvent(helpless), /a line at error has a remedy/);
  assert.equal(logEvent({ ...good }).sentence, good.sentence);
});

test('an event names only other events of the catalogue, and fields that its own line has', () => {
  assert.deepEqual(rows.flatMap(foreignNamesIn), []);
  const { disk_not_served: good } = catalogue;
  const planted = {
    ...good,
    meaning: '`disk_lost` follows.',
    remedy: 'See `volume` and `reason`.',
  };
  assert.deepEqual(foreignNamesIn(planted), ['disk_lost', 'volume']);
});

function foreignNamesIn({ meaning, remedy = '', fields }: LogEvent): readonly string[] {
  const quoted = [...`${meaning} ${remedy}`.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  const given: readonly string[] = fields.map((field) => field.replace('?', ''));
  return quoted.filter((name) => {
    if (name in logFields) return !given.includes(name);
    return /^[a-z]+(_[a-z]+)+$/.test(name) && !(name in catalogue);
  });
}

test('every field is in a line, and sentences of the catalogue are checked as all strings are', () => {
  const used = new Set<string>(rows.flatMap(({ fields }) => fields.map((f) => f.replace('?', ''))));
  // The log of a gateway has it in all lines.
  used.add('gateway');
  assert.deepEqual([...used].sort(), Object.keys(logFields).sort());
  const planted = "logEvent({ sentence: 'this gateway is no member', meaning: 'It ends, too.' });";
  assert.deepEqual(awkwardTexts(planted), ['is no member', ', too']);
  assert.ok(sections.every(({ title }) => /^[A-Z]/.test(title)));
});
