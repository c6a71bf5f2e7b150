/** Settings of librados and librbd that are left as they are found, and why that is harmless. */
interface OtherSettings {
  /** `*` at the end stands for anything. */
  readonly names: readonly string[];
  readonly reason: string;
}

/** With `cephSettingTable`, all settings of librbd, librados and the objecter (Ceph 16). */
export const otherSettings: readonly OtherSettings[] = [
  {
    names: [
      'rbd_cache_*',
      'rbd_readahead_*',
      'rbd_persistent_cache_path',
      'rbd_persistent_cache_size',
    ],
    reason: 'there is no cache',
  },
  {
    names: [
      'rbd_auto_exclusive_lock_until_manual_request',
      'rbd_blocklist_*',
      'rbd_invalidate_object_map_on_timeout',
      'rbd_journal_*',
      'rbd_mirror_*',
      'rbd_mirroring_*',
      'rbd_request_timed_out_seconds',
    ],
    reason: 'they are of features with which an image is not served, or of another program',
  },
  {
    names: ['rbd_qos_*_burst', 'rbd_qos_*_burst_seconds', 'rbd_qos_schedule_tick_min'],
    reason: 'there is no limit to which they could apply',
  },
  {
    names: [
      'rbd_default_features',
      'rbd_default_pool',
      'rbd_default_map_options',
      'rbd_default_clone_format',
      'rbd_default_snapshot_quiesce_mode',
      'rbd_quiesce_notification_attempts',
    ],
    reason:
      'a client of ours names features and pool itself, and makes neither clones nor snapshots',
  },
  {
    names: ['rbd_discard_granularity_bytes', 'rbd_discard_on_zeroed_write_same'],
    reason: 'space is given back by rbd_write_zeroes, which is exact to the byte',
  },
  {
    names: [
      'rbd_compression_hint',
      'rbd_enable_alloc_hint',
      'rbd_sparse_read_threshold_bytes',
      'rbd_io_scheduler',
      'rbd_concurrent_management_ops',
    ],
    reason: 'they change how something is done, not what comes of it',
  },
  {
    names: ['rbd_mtime_update_interval', 'rbd_atime_update_interval'],
    reason: 'nobody waits for the time stamps of a header to be written',
  },
  {
    names: ['rbd_move_to_trash_on_remove_expire_seconds'],
    reason: 'nothing goes to the trash',
  },
  {
    names: ['rbd_validate_pool', 'rbd_validate_names'],
    reason: 'what they let through is refused later, or works',
  },
  {
    names: ['rbd_config_pool_override_update_timestamp', 'rbd_op_thread_timeout'],
    reason: 'librbd uses them for itself, or no longer',
  },
  {
    names: [
      'rbd_tracing',
      'rbd_blkin_trace_all',
      'rados_tracing',
      'objecter_completion_locks_per_session',
    ],
    reason: 'they cost time at most',
  },
];

/** Why a setting is left as it is found; undefined for one that is not listed. */
export function harmlessReason(name: string): string | undefined {
  return otherSettings.find(({ names }) => names.some((pattern) => isNamed(pattern, name)))?.reason;
}

function isNamed(pattern: string, name: string): boolean {
  const [before = '', ...after] = pattern.split('*');
  if (after.length === 0) return name === pattern;
  return name.startsWith(before) && name.slice(before.length).endsWith(after.join('*'));
}
