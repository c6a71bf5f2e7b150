import { resolve } from 'node:path';
import type { CephLocation, StoreLocation } from '../gateway/store-location.ts';
import type { CliCall, OptionSpec } from './command-spec.ts';
import { cephNameValue, cephUserValue, textValue } from './option-values.ts';
import { UsageError } from './usage-error.ts';

/** Unless `--user` says otherwise: the user that `ceph caps` makes. */
const USER_DEFAULT = 'allpath';

/** Where the store is: a folder of this host, or a pool of a Ceph cluster. */
export const STORE_OPTIONS: readonly OptionSpec[] = [
  { flags: '--store <dir>', description: 'Folder of the store.', parse: storePathValue },
  {
    flags: '--ceph <conf>',
    description: 'Instead of --store: the ceph.conf of the cluster that holds the store.',
    parse: textValue,
  },
  { flags: '--pool <pool>', description: 'With --ceph: pool of the store.', parse: cephNameValue },
  {
    flags: '--user <id>',
    description: `With --ceph: Ceph user, without "client."; default ${USER_DEFAULT}.`,
    parse: cephUserValue,
  },
  {
    flags: '--namespace <name>',
    description: 'With --ceph: namespace of the pool.',
    parse: cephNameValue,
  },
];

type Options = Readonly<Record<string, unknown>>;

/** The location that these options give; undefined without them. Throws a `UsageError`. */
export function storeLocation(options: Options): StoreLocation | undefined {
  const { store, ceph, pool } = options;
  if (ceph === undefined) {
    const idle = ['pool', 'user', 'namespace'].filter((name) => options[name] !== undefined);
    if (idle.length > 0) throw new UsageError(`--${idle[0]} goes with --ceph <conf>`);
    return store === undefined || store === '' ? undefined : { dir: String(store) };
  }
  if (store !== undefined) throw new UsageError('--store and --ceph exclude each other');
  if (pool === undefined) throw new UsageError('--ceph needs --pool <pool>');
  return {
    ceph: {
      conf: resolve(String(ceph)),
      pool: String(pool),
      user: userOf(options),
      namespace: String(options['namespace'] ?? ''),
    },
  };
}

export function userOf(options: Options): string {
  return String(options['user'] ?? USER_DEFAULT);
}

/** The words that give another process the same store. */
export function storeWords(location: StoreLocation): readonly string[] {
  return 'dir' in location ? ['--store', location.dir] : cephWords(location.ceph);
}

function cephWords({ conf, pool, user, namespace }: CephLocation): readonly string[] {
  const words = ['--ceph', conf, '--pool', pool];
  if (user !== USER_DEFAULT) words.push('--user', user);
  return namespace === '' ? words : [...words, '--namespace', namespace];
}

/** The store of a command that needs one. */
export function storeOf({ store }: Pick<CliCall, 'store'>): StoreLocation {
  if (store === undefined) throw new UsageError('needs --store <dir>');
  return store;
}

/** Empty counts as not given: a variable that a script has not set. */
function storePathValue(text: string): string {
  return text === '' ? text : textValue(text);
}
