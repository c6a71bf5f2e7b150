// Finds names in comments and Markdown pages that the tree does not have: files, folders, links,
// and names of code.

import { dirname, join, matchesGlob, normalize } from 'node:path';
import { withoutComments } from './source-text.ts';

/** Names that belong to others. One that no text mentions must leave the list. */
const foreign: readonly { readonly owner: string; readonly names: readonly string[] }[] = [
  { owner: 'languages and systems', names: ['JavaScript', 'TypeScript', 'FreeBSD'] },
  { owner: 'conventions for names', names: ['camelCase'] },
  { owner: 'RFC 7143', names: ['DataSegmentLength', 'ExpStatSN', 'TotalAHSLength'] },
  { owner: 'SBC', names: ['SYNC_NV'] },
  { owner: 'SPC', names: ['ALL_TG_PT', 'SPEC_I_PT'] },
  { owner: 'makers of tape libraries', names: ['StorageTek'] },
  { owner: 'SCST', names: ['scst_lib', 'scst_pres'] },
  {
    owner: 'Linux and its C library',
    names: [
      'CLOCK_MONOTONIC',
      'EX_SOFTWARE',
      'HEAP_MAX_SIZE',
      'IOCB_CMD_PWRITEV',
      'IOV_MAX',
      'MAX_ERRNO',
      'PR_SET_PDEATHSIG',
      'SO_RCVBUF',
      'UIO_MAXIOV',
      'linux/aio_abi.h',
      'nohup',
      'top',
    ],
  },
  {
    owner: 'Ceph',
    names: [
      'LIBRADOS_CREATE_EXCLUSIVE',
      'NotifyMessage',
      'ObjectWriteOperation',
      'QoS',
      'cls_rbd_parent',
      'copy_from',
      'dump_ops_in_flight',
      'io_context_pool',
      'ms_tcp_prefetch_max_size',
      'osd_heartbeat_grace',
      'rados/librados.h',
      'rbd/librbd.h',
      'v14_2_0',
    ],
  },
  {
    owner: 'initiators',
    names: [
      'DsmInterpretError',
      'DsmIsPathActive',
      'NEWS.md',
      'TimeOutValue',
      'docs/system/devices/scsi/migrate-pr.rst',
      'iPXE',
      'iscsi_co_block_status',
      'register_dev',
      'scsi_task',
    ],
  },
  { owner: 'Node and npm packages', names: ['NODE_ENV', 'lmdb', 'npx', 'transactionSync', 'zlib'] },
  { owner: 'the build', names: ['native/build/ceph.node'] },
];

/** What a tree has, and what is foreign to it. */
export interface Vocabulary {
  readonly files: readonly string[];
  readonly folders: ReadonlySet<string>;
  /** Words of code and of strings; private fields begin with `#`. */
  readonly words: ReadonlySet<string>;
  /** The headings of each page, as links name them. */
  readonly headings: ReadonlyMap<string, ReadonlySet<string>>;
  readonly foreign: ReadonlySet<string>;
}

const WORD = /#?[A-Za-z_$][\w$]*/g;
const FILE = /(?<![\w/.:@<>$-])(?:[\w.*{},-]+\/)*[\w.*{},-]*\w\.(?:ts|mjs|cc|h|md)\b(?![\w/])/g;
/** By its path from the root: a folder, or a file that is no source. */
const PLACE = /(?<![\w/.:@<>$-])(?:src|test|bench|scripts|docs|native|bin)\/[\w./{},*-]*/g;
const LINK = /\]\(([^)\s]+)\)/g;
const QUOTED = /`([^`]+)`/g;
const CODE_NAME = /^#?[A-Za-z_$][\w$]*(?:\.#?[A-Za-z_$][\w$]*)*(?:\(\))?$/;
/** In plain text: names of several words, written as code writes them. */
const BARE_NAME =
  /(?<![\w$#/.-])(?:[a-z]+[A-Z]\w*|[A-Z][a-z]+[A-Z]\w*|[A-Z]+_[A-Z_]+[A-Z\d])\b(?!_?\*)/g;

export function vocabularyOf(files: readonly string[], read: (file: string) => string): Vocabulary {
  // This file names what the tree does not have.
  const named = files.filter((file) => !file.endsWith('/prose-names.ts'));
  const code = named
    .filter((file) => /\.(ts|mjs|cc|h)$/.test(file))
    .map((file) => withoutComments(read(file)));
  const data = named.filter((file) => file.endsWith('.json')).map(read);
  const pages = files.filter((file) => file.endsWith('.md'));
  return {
    files,
    folders: new Set(files.flatMap((file) => foldersOf(dirname(file)))),
    words: new Set([...code, ...data].flatMap((text) => text.match(WORD) ?? [])),
    headings: new Map(pages.map((page) => [page, headingsOf(read(page))])),
    foreign: new Set(foreign.flatMap(({ names }) => names)),
  };
}

function foldersOf(folder: string): readonly string[] {
  return folder === '.' ? [] : [folder, ...foldersOf(dirname(folder))];
}

/** The names by which links reach the headings of a page. */
function headingsOf(page: string): ReadonlySet<string> {
  const titles = [...page.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title);
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\w\s-]/g, '')
        .replaceAll(' ', '-'),
    ),
  );
}

/** The names in a paragraph of `file` that the vocabulary lacks. */
export function unknownNames(text: string, file: string, known: Vocabulary): readonly string[] {
  const links = [...text.matchAll(LINK)].map(([, to = '']) => to);
  const plain = text.replace(LINK, '] ');
  const places = (plain.match(PLACE) ?? []).map((place) => place.replace(/[./,]+$/, ''));
  const unknown = [
    ...links.filter((to) => !hasTarget(to, file, known)),
    ...(plain.match(FILE) ?? []).filter((path) => !hasFile(path, file, known)),
    ...places.filter((place) => !hasPlace(place, known)),
    ...codeNamesIn(plain).filter((name) => !known.words.has(name)),
  ];
  return [...new Set(unknown)].filter((name) => !known.foreign.has(name));
}

/** Every name of code that a text mentions. */
function codeNamesIn(text: string): readonly string[] {
  const quoted = [...text.matchAll(QUOTED)]
    .map(([, name = '']) => name)
    .filter((name) => CODE_NAME.test(name))
    .flatMap((name) => name.replace('()', '').split('.'));
  const plain = text.replace(QUOTED, '').replace(/https?:\S+/g, '');
  return [...quoted, ...(plain.match(BARE_NAME) ?? [])];
}

/** A path may begin at the root, in any folder, or beside the file that names it. */
function hasFile(path: string, file: string, { files }: Vocabulary): boolean {
  const beside = normalize(join(dirname(file), path));
  const isPattern = /[*{]/.test(path);
  return files.some(
    (each) =>
      each === beside ||
      each === path ||
      each.endsWith(`/${path}`) ||
      (isPattern && matchesGlob(each, `**/${path}`)),
  );
}

function hasPlace(path: string, { files, folders }: Vocabulary): boolean {
  if (folders.has(path) || files.includes(path)) return true;
  // Sources are checked as files.
  if (/\.(ts|mjs|cc|h|md)$/.test(path)) return true;
  return /[*{]/.test(path) && [...files, ...folders].some((each) => matchesGlob(each, path));
}

function hasTarget(to: string, file: string, { files, folders, headings }: Vocabulary): boolean {
  if (/^\w+:/.test(to)) return true;
  const [path = '', heading] = to.split('#');
  const target = path === '' ? file : normalize(join(dirname(file), path)).replace(/\/$/, '');
  if (!files.includes(target) && !folders.has(target)) return false;
  return heading === undefined || headings.get(target)?.has(heading) === true;
}

/** Entries of the list of foreign names that none of these texts mentions. */
export function unusedForeign(texts: readonly string[], known: Vocabulary): readonly string[] {
  const all = texts.join('\n');
  return [...known.foreign].filter((name) => !all.includes(name));
}
