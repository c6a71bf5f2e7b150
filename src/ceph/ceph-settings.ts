/** A setting of librados or librbd that every client of Allpath sets. */
interface CephSetting {
  readonly value: string;
  readonly reason: string;
  /**
   * librbd also reads this setting from the metadata of an image and of its pool, which override
   * the client: an image is served only with one of these values there.
   */
  readonly images?: readonly string[];
}

const OFF = ['false', '0', 'no'];
const ON = ['true', '1', 'yes'];
const NONE = ['0'];

const staleRead = 'a replica may return older data than another gateway has already read';
const throttle =
  'as a limit for all clients it would delay commands that must end in time; the limit of an ' +
  'image is obeyed, by each gateway on its own';
const ownCreation = "the document decides, or else Ceph's built-in default";
const injected = 'only for tests of Ceph: it breaks guarantees of a client';

/**
 * All settings that can change the meaning of an image, or reorder, delay or cache its operations.
 * A client sets them by `rados_conf_set`, which wins over a conf file, the environment and the
 * monitors' configuration database. `otherSettings` has all the others.
 */
export const cephSettingTable: Readonly<Record<string, CephSetting>> = {
  rbd_cache: {
    value: 'false',
    images: OFF,
    reason: 'a cache of librbd shows gateways different data, and acknowledges writes too early',
  },
  rbd_parent_cache_enabled: {
    value: 'false',
    images: OFF,
    reason: 'reads of a parent wait for a daemon that caches it',
  },
  rbd_persistent_cache_mode: {
    value: 'disabled',
    images: ['disabled', ''],
    reason: 'acknowledged writes would exist only in a file of one host',
  },
  rbd_plugins: { value: '', images: [''], reason: 'a plugin may cache, or do anything else' },
  rbd_read_from_replica_policy: { value: 'default', images: ['default'], reason: staleRead },
  rbd_balance_snap_reads: { value: 'false', images: OFF, reason: staleRead },
  rbd_localize_snap_reads: { value: 'false', images: OFF, reason: staleRead },
  rbd_balance_parent_reads: { value: 'false', images: OFF, reason: staleRead },
  rbd_localize_parent_reads: { value: 'false', images: OFF, reason: staleRead },
  rbd_clone_copy_on_read: {
    value: 'false',
    images: OFF,
    reason: 'a read must not write: it is repeated after a fence, and must not need space',
  },
  rbd_skip_partial_discard: {
    value: 'false',
    reason: 'by default a discard silently skips its parts that are not whole units',
  },
  rbd_disable_zero_copy_writes: {
    value: 'true',
    images: ON,
    reason:
      'without the copy at submission a write ends only when librados lets go of the buffer, ' +
      'which for a blocklisted client is never: a 256 KiB write would cost half, and hang',
  },
  rbd_qos_iops_limit: { value: '0', reason: throttle },
  rbd_qos_bps_limit: { value: '0', reason: throttle },
  rbd_qos_read_iops_limit: { value: '0', reason: throttle },
  rbd_qos_write_iops_limit: { value: '0', reason: throttle },
  rbd_qos_read_bps_limit: { value: '0', reason: throttle },
  rbd_qos_write_bps_limit: { value: '0', reason: throttle },
  rbd_io_scheduler_simple_max_delay: {
    value: '0',
    images: NONE,
    reason: 'a write must not be delayed to be merged with later ones',
  },
  rbd_non_blocking_aio: {
    value: 'false',
    reason:
      'a submission goes to the messenger on the thread that makes it: handing it to another one ' +
      'costs a lone operation a fifth of its CPU; it waits only beyond objecter_inflight_*',
  },
  rbd_op_threads: {
    value: '1',
    reason: 'more would raise librados_thread_count when an image opens',
  },
  rbd_move_to_trash_on_remove: {
    value: 'false',
    reason: 'a deleted disk frees its space',
  },
  rbd_move_parent_to_trash_on_remove: {
    value: 'false',
    reason: 'a deleted disk frees its space; deleting one with clones is refused',
  },
  rbd_default_format: { value: '2', reason: ownCreation },
  rbd_default_order: { value: '22', reason: ownCreation },
  rbd_default_stripe_unit: { value: '0', reason: ownCreation },
  rbd_default_stripe_count: { value: '0', reason: ownCreation },
  rbd_default_data_pool: { value: '', reason: ownCreation },
  librados_thread_count: {
    value: '1',
    reason: 'more threads cost CPU per operation; no blocking call runs on it (ceph-addon.md)',
  },
  ms_async_op_threads: { value: '1', reason: 'more threads cost CPU for each operation' },
  rados_osd_op_timeout: {
    value: '0',
    reason: 'an operation that librados gives up may still land: only a fence ends it',
  },
  rados_mon_op_timeout: {
    value: '0',
    reason: 'as rados_osd_op_timeout; Allpath bounds its waits itself',
  },
  objecter_tick_interval: {
    value: '0.5',
    reason: 'watches ping, and operations without an OSD get a new map, after 0.5 s instead of 5 s',
  },
  objecter_timeout: { value: '1', reason: 'an unanswered operation gets a new map after 1 s' },
  objecter_inflight_ops: {
    value: '65536',
    reason: 'beyond it a submission blocks its thread; gateways have their own bounds',
  },
  objecter_inflight_op_bytes: { value: '4294967296', reason: 'as objecter_inflight_ops' },
  objecter_retry_writes_after_first_reply: { value: 'false', reason: injected },
  objecter_inject_no_watch_ping: { value: 'false', reason: injected },
  objecter_debug_inject_relock_delay: { value: 'false', reason: injected },
  client_mount_timeout: { value: '10', reason: 'without a monitor a connection ends after 10 s' },
  mon_client_ping_interval: { value: '2', reason: 'a silent monitor is left within seconds' },
  mon_client_ping_timeout: { value: '6', reason: 'a silent monitor is left within seconds' },
  err_to_stderr: { value: 'false', reason: 'librbd prints each operation that ends with an error' },
  log_to_stderr: { value: 'false', reason: 'as err_to_stderr' },
};

/** The settings that every client sets, by name. */
export const cephSettings: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(cephSettingTable).map(([name, { value }]) => [name, value]),
);

/**
 * Over those, for clients that serve no volume. Removing an image makes librbd look up its pools,
 * which blocks the thread on which it does so while another must take a map of the cluster.
 */
export const TOOL_SETTINGS: Readonly<Record<string, string>> = { librados_thread_count: '4' };
