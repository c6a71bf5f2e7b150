/**
 * Settings that every client of ours gets on top of its conf file; names are Ceph's.
 *
 * - `rbd_cache`: a cache of librbd's would show gateways different data.
 * - `rbd_skip_partial_discard`: the default silently keeps what is not a whole 64 KiB unit.
 * - `rbd_disable_zero_copy_writes`: librbd copies what it writes at submission. Without (`false`) a
 *   256 KiB write costs a half, but it ends only when librados lets go of the buffer, which for a
 *   blocklisted client is never: a write that hangs instead of -ESHUTDOWN (Ceph 16.2.15).
 * - `rbd_non_blocking_aio`: a submission goes through librbd on the thread that makes it, up to the
 *   messenger, instead of being handed to librbd's thread, whose wake-up a lone operation would pay
 *   with a fifth of its CPU. It waits only when `objecter_inflight_*` is exceeded: not for an OSD
 *   that is stopped, nor for a header that changes (`test/cluster/image-submission.test.ts`).
 * - threads: one of each costs less CPU for each operation than the default two.
 * - `objecter_*`: a client learns of a new map after half a second instead of five or ten; more
 *   operations may fly than the default 1024, beyond which a submission would block its thread.
 * - `rados_*_op_timeout`: none, whatever the conf file says: an operation that librados gives up
 *   may be done later just the same, so that only a fence is an end of it.
 * - `client_mount_timeout`: connecting without a monitor ends after 10 s instead of 300.
 * - `mon_client_*`: a silent monitor is left for another one within seconds.
 * - logs: librbd would print each operation that ends with an error.
 */
export const cephSettings: Readonly<Record<string, string>> = {
  rbd_cache: 'false',
  rbd_skip_partial_discard: 'false',
  rbd_disable_zero_copy_writes: 'true',
  rbd_non_blocking_aio: 'false',
  ms_async_op_threads: '1',
  librados_thread_count: '1',
  objecter_tick_interval: '0.5',
  objecter_timeout: '1',
  objecter_inflight_ops: '65536',
  objecter_inflight_op_bytes: '4294967296',
  rados_osd_op_timeout: '0',
  rados_mon_op_timeout: '0',
  client_mount_timeout: '10',
  mon_client_ping_interval: '2',
  mon_client_ping_timeout: '6',
  err_to_stderr: 'false',
  log_to_stderr: 'false',
};

/**
 * Over those, for clients that serve no volume. Removing an image makes librbd look up its pools,
 * which blocks the thread on which it does so while another must take a map of the cluster.
 */
export const TOOL_SETTINGS: Readonly<Record<string, string>> = { librados_thread_count: '4' };
