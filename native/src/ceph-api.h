// Our own declarations of the part of Ceph's stable C interface that is used here: the build needs
// neither the development packages nor the libraries. Facts from rados/librados.h and rbd/librbd.h
// of Ceph 16.2; all functions exist since 14.2 or earlier, unless a comment says otherwise.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <ctime>

using rados_t = void *;
using rados_ioctx_t = void *;
using rados_completion_t = void *;
using rados_write_op_t = void *;
using rados_read_op_t = void *;
using rados_omap_iter_t = void *;
using rados_xattrs_iter_t = void *;
using rados_object_list_cursor = void *;
using rados_callback_t = void (*)(rados_completion_t, void *);
using rados_watchcb2_t = void (*)(void *, uint64_t notify_id, uint64_t handle, uint64_t notifier,
                                  void *data, size_t length);
using rados_watcherrcb_t = void (*)(void *, uint64_t cookie, int error);

struct rados_pool_stat_t {
  uint64_t num_bytes, num_kb, num_objects, num_object_clones, num_object_copies;
  uint64_t num_objects_missing_on_primary, num_objects_unfound, num_objects_degraded;
  uint64_t num_rd, num_rd_kb, num_wr, num_wr_kb, num_user_bytes;
  uint64_t compressed_bytes_orig, compressed_bytes, compressed_bytes_alloc;
};

struct rados_cluster_stat_t {
  uint64_t kb, kb_used, kb_avail, num_objects;
};

struct rados_object_list_item {
  size_t oid_length;
  char *oid;
  size_t nspace_length;
  char *nspace;
  size_t locator_length;
  char *locator;
};

using rbd_image_t = void *;
using rbd_completion_t = void *;
using rbd_image_options_t = void *;
using rbd_callback_t = void (*)(rbd_completion_t, void *);
using rbd_update_callback_t = void (*)(void *);
using librbd_progress_fn_t = int (*)(uint64_t offset, uint64_t total, void *);

struct rbd_image_info_t {
  uint64_t size, obj_size, num_objs;
  int order;
  char block_name_prefix[24];
  int64_t parent_pool;
  char parent_name[96];
};

struct rbd_image_spec_t {
  char *id;
  char *name;
};

struct rbd_linked_image_spec_t {
  int64_t pool_id;
  char *pool_name;
  char *pool_namespace;
  char *image_id;
  char *image_name;
  bool trash;
};

struct rbd_snap_spec_t {
  uint64_t id;
  int namespace_type;
  char *name;
};

struct rbd_snap_info_t {
  uint64_t id;
  uint64_t size;
  const char *name;
};

constexpr int kCreateExclusive = 1;  // LIBRADOS_CREATE_EXCLUSIVE
constexpr int kCreateIdempotent = 0;

// clang-format off
#define RADOS_FUNCTIONS(F) \
  F(int, rados_create, rados_t *, const char *) \
  F(int, rados_conf_read_file, rados_t, const char *) \
  F(int, rados_conf_set, rados_t, const char *, const char *) \
  F(int, rados_connect, rados_t) \
  F(void, rados_shutdown, rados_t) \
  F(int, rados_cluster_fsid, rados_t, char *, size_t) \
  F(int, rados_wait_for_latest_osdmap, rados_t) \
  F(int, rados_cluster_stat, rados_t, rados_cluster_stat_t *) \
  F(int, rados_blocklist_add, rados_t, char *, uint32_t) \
  F(uint64_t, rados_get_instance_id, rados_t) \
  F(int, rados_getaddrs, rados_t, char **) \
  F(int, rados_mon_command, rados_t, const char **, size_t, const char *, size_t, char **, \
    size_t *, char **, size_t *) \
  F(void, rados_buffer_free, char *) \
  F(int, rados_ioctx_create, rados_t, const char *, rados_ioctx_t *) \
  F(int, rados_ioctx_create2, rados_t, int64_t, rados_ioctx_t *) \
  F(void, rados_ioctx_destroy, rados_ioctx_t) \
  F(void, rados_ioctx_set_namespace, rados_ioctx_t, const char *) \
  F(int64_t, rados_ioctx_get_id, rados_ioctx_t) \
  F(int, rados_ioctx_pool_stat, rados_ioctx_t, rados_pool_stat_t *) \
  F(int, rados_ioctx_selfmanaged_snap_set_write_ctx, rados_ioctx_t, uint64_t, uint64_t *, int) \
  F(rados_object_list_cursor, rados_object_list_begin, rados_ioctx_t) \
  F(rados_object_list_cursor, rados_object_list_end, rados_ioctx_t) \
  F(int, rados_object_list_is_end, rados_ioctx_t, rados_object_list_cursor) \
  F(void, rados_object_list_cursor_free, rados_ioctx_t, rados_object_list_cursor) \
  F(int, rados_object_list, rados_ioctx_t, rados_object_list_cursor, rados_object_list_cursor, \
    size_t, const char *, size_t, rados_object_list_item *, rados_object_list_cursor *) \
  F(void, rados_object_list_free, size_t, rados_object_list_item *) \
  F(int, rados_aio_create_completion2, void *, rados_callback_t, rados_completion_t *) \
  F(int, rados_aio_get_return_value, rados_completion_t) \
  F(uint64_t, rados_aio_get_version, rados_completion_t) \
  F(void, rados_aio_release, rados_completion_t) \
  F(rados_write_op_t, rados_create_write_op, void) \
  F(void, rados_release_write_op, rados_write_op_t) \
  F(void, rados_write_op_assert_exists, rados_write_op_t) \
  F(void, rados_write_op_assert_version, rados_write_op_t, uint64_t) \
  F(void, rados_write_op_cmpext, rados_write_op_t, const char *, size_t, uint64_t, int *) \
  F(void, rados_write_op_cmpxattr, rados_write_op_t, const char *, uint8_t, const char *, size_t) \
  F(void, rados_write_op_omap_cmp2, rados_write_op_t, const char *, uint8_t, const char *, size_t, \
    size_t, int *) \
  F(void, rados_write_op_setxattr, rados_write_op_t, const char *, const char *, size_t) \
  F(void, rados_write_op_rmxattr, rados_write_op_t, const char *) \
  F(void, rados_write_op_create, rados_write_op_t, int, const char *) \
  F(void, rados_write_op_write, rados_write_op_t, const char *, size_t, uint64_t) \
  F(void, rados_write_op_write_full, rados_write_op_t, const char *, size_t) \
  F(void, rados_write_op_remove, rados_write_op_t) \
  F(void, rados_write_op_truncate, rados_write_op_t, uint64_t) \
  F(void, rados_write_op_zero, rados_write_op_t, uint64_t, uint64_t) \
  F(void, rados_write_op_omap_set2, rados_write_op_t, const char *const *, const char *const *, \
    const size_t *, const size_t *, size_t) \
  F(void, rados_write_op_omap_rm_keys2, rados_write_op_t, const char *const *, const size_t *, \
    size_t) \
  F(void, rados_write_op_omap_clear, rados_write_op_t) \
  F(void, rados_write_op_exec, rados_write_op_t, const char *, const char *, const char *, size_t, \
    int *) \
  F(int, rados_aio_write_op_operate, rados_write_op_t, rados_ioctx_t, rados_completion_t, \
    const char *, time_t *, int) \
  F(rados_read_op_t, rados_create_read_op, void) \
  F(void, rados_release_read_op, rados_read_op_t) \
  F(void, rados_read_op_getxattrs, rados_read_op_t, rados_xattrs_iter_t *, int *) \
  F(void, rados_read_op_stat, rados_read_op_t, uint64_t *, time_t *, int *) \
  F(void, rados_read_op_read, rados_read_op_t, uint64_t, size_t, char *, size_t *, int *) \
  F(void, rados_read_op_omap_get_vals2, rados_read_op_t, const char *, const char *, uint64_t, \
    rados_omap_iter_t *, unsigned char *, int *) \
  F(void, rados_read_op_omap_get_vals_by_keys2, rados_read_op_t, const char *const *, size_t, \
    const size_t *, rados_omap_iter_t *, int *) \
  F(int, rados_aio_read_op_operate, rados_read_op_t, rados_ioctx_t, rados_completion_t, \
    const char *, int) \
  F(int, rados_getxattrs_next, rados_xattrs_iter_t, const char **, const char **, size_t *) \
  F(void, rados_getxattrs_end, rados_xattrs_iter_t) \
  F(int, rados_omap_get_next2, rados_omap_iter_t, char **, char **, size_t *, size_t *) \
  F(void, rados_omap_get_end, rados_omap_iter_t) \
  F(int, rados_aio_watch2, rados_ioctx_t, const char *, rados_completion_t, uint64_t *, \
    rados_watchcb2_t, rados_watcherrcb_t, uint32_t, void *) \
  F(int, rados_watch_check, rados_ioctx_t, uint64_t) \
  F(int, rados_aio_unwatch, rados_ioctx_t, uint64_t, rados_completion_t) \
  F(int, rados_aio_watch_flush, rados_t, rados_completion_t) \
  F(int, rados_aio_notify, rados_ioctx_t, const char *, rados_completion_t, const char *, int, \
    uint64_t, char **, size_t *) \
  F(int, rados_notify_ack, rados_ioctx_t, const char *, uint64_t, uint64_t, const char *, int) \
  F(void, rados_set_pool_full_try, rados_ioctx_t)

#define RBD_FUNCTIONS(F) \
  F(int, rbd_open, rados_ioctx_t, const char *, rbd_image_t *, const char *) \
  F(int, rbd_open_read_only, rados_ioctx_t, const char *, rbd_image_t *, const char *) \
  F(int, rbd_open_by_id, rados_ioctx_t, const char *, rbd_image_t *, const char *) \
  F(int, rbd_open_by_id_read_only, rados_ioctx_t, const char *, rbd_image_t *, const char *) \
  F(int, rbd_close, rbd_image_t) \
  F(int, rbd_stat, rbd_image_t, rbd_image_info_t *, size_t) \
  F(int, rbd_get_features, rbd_image_t, uint64_t *) \
  F(int, rbd_update_features, rbd_image_t, uint64_t, uint8_t) \
  F(int, rbd_get_stripe_unit, rbd_image_t, uint64_t *) \
  F(int, rbd_get_stripe_count, rbd_image_t, uint64_t *) \
  F(int, rbd_get_overlap, rbd_image_t, uint64_t *) \
  F(int, rbd_get_id, rbd_image_t, char *, size_t) \
  F(int, rbd_get_block_name_prefix, rbd_image_t, char *, size_t) \
  F(int64_t, rbd_get_data_pool_id, rbd_image_t) \
  F(int, rbd_get_parent, rbd_image_t, rbd_linked_image_spec_t *, rbd_snap_spec_t *) \
  F(void, rbd_linked_image_spec_cleanup, rbd_linked_image_spec_t *) \
  F(void, rbd_snap_spec_cleanup, rbd_snap_spec_t *) \
  F(int, rbd_snap_list, rbd_image_t, rbd_snap_info_t *, int *) \
  F(void, rbd_snap_list_end, rbd_snap_info_t *) \
  F(int, rbd_snap_get_namespace_type, rbd_image_t, uint64_t, int *) \
  F(int, rbd_snap_get_timestamp, rbd_image_t, uint64_t, timespec *) \
  F(int, rbd_snap_create, rbd_image_t, const char *) \
  F(int, rbd_snap_remove, rbd_image_t, const char *) \
  F(int, rbd_clone3, rados_ioctx_t, const char *, const char *, rados_ioctx_t, const char *, \
    rbd_image_options_t) \
  F(int, rbd_update_watch, rbd_image_t, uint64_t *, rbd_update_callback_t, void *) \
  F(int, rbd_update_unwatch, rbd_image_t, uint64_t) \
  F(int, rbd_resize2, rbd_image_t, uint64_t, bool, librbd_progress_fn_t, void *) \
  F(int, rbd_diff_iterate2, rbd_image_t, const char *, uint64_t, uint64_t, uint8_t, uint8_t, \
    int (*)(uint64_t, size_t, int, void *), void *) \
  F(int, rbd_metadata_get, rbd_image_t, const char *, char *, size_t *) \
  F(int, rbd_metadata_set, rbd_image_t, const char *, const char *) \
  F(int, rbd_metadata_remove, rbd_image_t, const char *) \
  F(int, rbd_list2, rados_ioctx_t, rbd_image_spec_t *, size_t *) \
  F(void, rbd_image_spec_list_cleanup, rbd_image_spec_t *, size_t) \
  F(void, rbd_image_options_create, rbd_image_options_t *) \
  F(void, rbd_image_options_destroy, rbd_image_options_t) \
  F(int, rbd_image_options_set_string, rbd_image_options_t, int, const char *) \
  F(int, rbd_image_options_set_uint64, rbd_image_options_t, int, uint64_t) \
  F(int, rbd_create4, rados_ioctx_t, const char *, uint64_t, rbd_image_options_t) \
  F(int, rbd_remove_with_progress, rados_ioctx_t, const char *, librbd_progress_fn_t, void *) \
  F(int, rbd_aio_create_completion, void *, rbd_callback_t, rbd_completion_t *) \
  F(ssize_t, rbd_aio_get_return_value, rbd_completion_t) \
  F(void, rbd_aio_release, rbd_completion_t) \
  F(int, rbd_aio_read, rbd_image_t, uint64_t, size_t, char *, rbd_completion_t) \
  F(int, rbd_aio_readv, rbd_image_t, const iovec *, int, uint64_t, rbd_completion_t) \
  F(int, rbd_aio_write, rbd_image_t, uint64_t, size_t, const char *, rbd_completion_t) \
  F(int, rbd_aio_writev, rbd_image_t, const iovec *, int, uint64_t, rbd_completion_t) \
  F(int, rbd_aio_discard, rbd_image_t, uint64_t, uint64_t, rbd_completion_t) \
  F(int, rbd_aio_writesame, rbd_image_t, uint64_t, size_t, const char *, size_t, \
    rbd_completion_t, int) \
  F(int, rbd_aio_write_zeroes, rbd_image_t, uint64_t, size_t, rbd_completion_t, int, int) \
  F(ssize_t, rbd_aio_compare_and_write, rbd_image_t, uint64_t, size_t, const char *, \
    const char *, rbd_completion_t, uint64_t *, int) \
  F(int, rbd_aio_flush, rbd_image_t, rbd_completion_t)
// clang-format on

struct CephApi {
#define CEPH_MEMBER(result, name, ...) result (*name)(__VA_ARGS__) = nullptr;
  RADOS_FUNCTIONS(CEPH_MEMBER)
  RBD_FUNCTIONS(CEPH_MEMBER)
#undef CEPH_MEMBER
};
