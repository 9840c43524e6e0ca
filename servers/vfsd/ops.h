/* SPDX-License-Identifier: MIT
 * The operations that vfsd serves: one function for each message, in the file of its kind. */
#pragma once
#include "protocol/vfs_server.h"

#define VFSD_MESSAGE(name) enum status vfsd_##name(struct request *rq, const struct vfs_##name##_in *in, struct vfs_##name##_out *out)
/* open.c */
VFSD_MESSAGE(open);
VFSD_MESSAGE(open_handle);
enum status vfsd_scheme_open(struct request *rq, struct view path, uint32_t open_flags, uint32_t mode, handle_t *out_handle,
                             uint32_t *out_kind);
/* attributes.c */
VFSD_MESSAGE(stat);
VFSD_MESSAGE(access);
VFSD_MESSAGE(set_mode);
VFSD_MESSAGE(set_owner);
VFSD_MESSAGE(set_times);
VFSD_MESSAGE(set_size);
VFSD_MESSAGE(handle_set);
VFSD_MESSAGE(statistics);
enum status vfsd_scheme_sync(struct request *rq);
enum status vfsd_scheme_stat(struct request *rq, struct file_attributes *out);
/* names.c */
VFSD_MESSAGE(make);
VFSD_MESSAGE(symlink);
VFSD_MESSAGE(link);
VFSD_MESSAGE(unlink);
VFSD_MESSAGE(rename);
VFSD_MESSAGE(readlink);
/* sockets.c */
VFSD_MESSAGE(socket_bind);
VFSD_MESSAGE(socket_find);
/* views.c */
VFSD_MESSAGE(change_directory);
VFSD_MESSAGE(change_root);
VFSD_MESSAGE(current);
VFSD_MESSAGE(view);
VFSD_MESSAGE(handle_path);
/* mounts.c */
VFSD_MESSAGE(mount);
VFSD_MESSAGE(mount_type);
VFSD_MESSAGE(renew);
VFSD_MESSAGE(mounts);
VFSD_MESSAGE(sync);
/* disks.c */
VFSD_MESSAGE(mount_disk);
VFSD_MESSAGE(unmount);
/* devices.c */
VFSD_MESSAGE(device);
/* listing.c */
enum status vfsd_scheme_readdir(struct request *rq, uint64_t cookie, uint64_t capacity, struct view *out_records);
enum status vfsd_scheme_seek(struct request *rq, int64_t offset, uint32_t whence, uint64_t *out_offset);
