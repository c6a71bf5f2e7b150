/** The parts of a cluster that a client of Allpath may use. */
interface ClientCapsOptions {
  readonly pool: string;
  /** Empty: the whole pool. */
  readonly namespace: string;
  /** Further pools that hold data of its images: erasure-coded ones. */
  readonly dataPools: readonly string[];
}

/** Capabilities, by the service that grants them. */
interface ClientCaps extends Readonly<Record<string, string>> {
  readonly mon: string;
  readonly osd: string;
}

/**
 * The least privileges with which gateways and commands work: `profile rbd` of the monitor (maps,
 * and adding to the blocklist, which fencing needs), and that of the OSDs for these pools alone.
 */
export function clientCaps({ pool, namespace, dataPools }: ClientCapsOptions): ClientCaps {
  const within = namespace === '' ? '' : ` namespace=${namespace}`;
  const osd = [pool, ...dataPools].map((name) => `profile rbd pool=${name}${within}`);
  return { mon: 'profile rbd', osd: osd.join(', ') };
}

/** The command that makes the user, for an administrator of the cluster to paste into a shell. */
export function createUserCommand(user: string, { mon, osd }: ClientCaps): string {
  return `ceph auth get-or-create client.${user} mon '${mon}' osd '${osd}' -o ${keyringPath(user)}`;
}

/** The command that replaces the capabilities of an existing user by these. */
export function changeUserCommand(user: string, { mon, osd }: ClientCaps): string {
  return `ceph auth caps client.${user} mon '${mon}' osd '${osd}'`;
}

/** Where librados looks for the key of a user, unless its configuration says otherwise. */
function keyringPath(user: string): string {
  return `/etc/ceph/ceph.client.${user}.keyring`;
}
