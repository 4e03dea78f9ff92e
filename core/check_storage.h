/*
 * check_storage: whether data can be stored.
 */
#pragma once

#include <sys/statvfs.h>

#include "core/check.h"

/** check_storage_room: adds findings when @system, where data are kept, is nearly full */
void check_storage_room(CheckContext *context, const struct statvfs *system);
