// Loaded before a program (`node --import`): records each entry into a function of the product's
// source, in order, between two SIGUSR2, and then writes the names of their files to a file.

import { renameSync, writeFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { functionStarts } from './function-starts.ts';

/** The root of the tree that is traced. */
const TREE = process.env['ALLPATH_TRACE_TREE'] ?? '';
/** Gets `PID-N.begun` and then `PID-N.json` of each trace. */
const FOLDER = process.env['ALLPATH_TRACE_FOLDER'] ?? '';
const ENTRIES_MAX = 2_000_000;

const files: string[] = [];
let entries: number[] | undefined;
let written = 0;

Object.assign(globalThis, {
  noteFileEntered: (file: number) => {
    if (entries !== undefined && entries.length < ENTRIES_MAX) entries.push(file);
  },
});
process.on('SIGUSR2', () => {
  if (entries === undefined) {
    entries = [];
    written += 1;
    writeFileSync(`${FOLDER}/${process.pid}-${written}.begun`, '');
    return;
  }
  const names = entries.map((file) => files[file]);
  entries = undefined;
  // First under another name, so that a reader finds the whole file.
  const file = `${FOLDER}/${process.pid}-${written}.json`;
  writeFileSync(`${file}.new`, JSON.stringify(names));
  renameSync(`${file}.new`, file);
});

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.startsWith('file:') || !url.endsWith('.ts') || loaded.source == null) return loaded;
    const path = relative(TREE, fileURLToPath(url));
    if (!path.startsWith('src/')) return loaded;
    const source = String(loaded.source);
    const traced = withNotes(source, files.push(path) - 1);
    return { ...loaded, source: isValid(traced) ? traced : source };
  },
});

function withNotes(source: string, file: number): string {
  let [out, from] = ['', 0];
  for (const at of functionStarts(source)) {
    out += `${source.slice(from, at)}globalThis.noteFileEntered(${file});`;
    from = at;
  }
  return out + source.slice(from);
}

function isValid(source: string): boolean {
  try {
    stripTypeScriptTypes(source);
    return true;
  } catch {
    return false;
  }
}
