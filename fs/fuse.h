/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuse - libfuse's low-level interface, always of the same version. */
#ifndef KALAM_FS_FUSE_H
#define KALAM_FS_FUSE_H

#define FUSE_USE_VERSION 314

#include <fuse_lowlevel.h>

#endif
