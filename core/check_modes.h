/*
 * check_modes: who may change or read the files that the server depends on.
 */
#pragma once

#include "core/check.h"

/** check_modes: adds findings of configuration, keys, data, log and control socket */
void check_modes(CheckContext *context);
