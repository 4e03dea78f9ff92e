/*
 * denial: why a file cannot be opened, where the error number does not say it all.
 */
#pragma once

#include <motet/types.h>

/**
 * denial_advice:
 * @mode: R_OK or W_OK, for what it was opened
 * @code: the error number
 *
 * Returns: (borrowed) what to tell an operator when it is no missing right that denies @path, but
 * that this process is confined; otherwise NULL
 */
const char *denial_advice(const char *path, int mode, int code);
/** denial_text: Returns: (own) that, or what g_strerror() says of @code */
char *denial_text(const char *path, int mode, int code);
