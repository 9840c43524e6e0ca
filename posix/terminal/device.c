/* SPDX-License-Identifier: MIT
 * The path in /dev of an open device. */
#include "posix/terminal/device.h"
#include "protocol/tty.h"
#include "sys/syscall.h"

enum status device_path(handle_t device, struct span room, struct view *out)
{
    struct handle_info info;
    TRY(sys_handle_info(device, &info));
    switch (info.kind) {
    case OBJECT_NULL_DEVICE:
        *out = VIEW_OF_LITERAL("/dev/null");
        return OK;
    case OBJECT_ZERO_DEVICE:
        *out = VIEW_OF_LITERAL("/dev/zero");
        return OK;
    case OBJECT_RESOURCE: {
        struct tty_name_in in = {.path_space = room};
        struct tty_name_out answer;
        TRY(tty_name(device, &in, &answer));
        *out = answer.path;
        return OK;
    }
    default:
        return ERR_NOT_SUPPORTED;
    }
}
