/** Where a store is. */
export type StoreLocation =
  /** A folder that gateways of one host share. */
  | { readonly dir: string }
  /** A pool of a Ceph cluster, for gateways of any number of hosts. */
  | { readonly ceph: CephLocation };

/** How a client reaches its part of a cluster. */
export interface CephLocation {
  /** The file ceph.conf. */
  readonly conf: string;
  readonly pool: string;
  /** Without `client.`. Its key is where the configuration says. */
  readonly user: string;
  /** Empty for the pool's default one. */
  readonly namespace: string;
}

/** A location in words, for people. */
export function describeLocation(location: StoreLocation): string {
  if ('dir' in location) return location.dir;
  const { conf, pool, user, namespace } = location.ceph;
  const place = namespace === '' ? pool : `${pool}/${namespace}`;
  return `pool ${place} of ${conf}, as client.${user}`;
}
