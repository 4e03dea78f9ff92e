/*
 * control: commands over a unix socket (mode 0600, same user or root only).
 *
 * One request a connection. Request: the words, each percent-encoded, separated by one space, ended
 * by a line feed, at most 64 KiB. Answer: lines "out <text>", "err <text>", last "exit <code>",
 * texts percent-encoded likewise.
 *
 * A caller may hand over a descriptor (SCM_RIGHTS, unix(7)) with any byte of the request, and
 * further ones with bytes after it, which mean nothing else. The last one is kept for the command,
 * which may ask for it; all others are closed, at the latest with the connection.
 */
#pragma once

#include "core/server.h"

#define CONTROL_REQUEST_MAX 65536u /* bytes, line feed included */
#define CONTROL_WORDS_MAX 64u
#define CONTROL_CLIENTS_MAX 16u
#define CONTROL_REQUEST_TIME (10 * G_TIME_SPAN_SECOND)
/* Bytes not yet read by the caller; beyond, it is cut off. */
#define CONTROL_ANSWER_MAX (16u * 1024 * 1024)
#define CONTROL_HANDS_INTERVAL (500 * G_TIME_SPAN_MILLISECOND)

typedef struct Control Control;

/** control_new: Returns: (own) NULL with MOTET_ERROR_IO, also when another server answers at
 * @path */
Control *control_new(Server *server, const char *path, GError **error);
/** control_free: says what is left to say, without waiting long; no command is running any more */
void control_free(Control *control);

/**
 * control_call: the caller's side, blocking, for motetctl
 *
 * Returns: exit code, or -1 with MOTET_ERROR_MISSING when no server answers at @path,
 * MOTET_ERROR_IO when it may not be asked or went away without an answer
 */
int control_call(const char *path, const char *const *words,
                 void (*line)(void *data, bool is_error, const char *text), void *data,
                 GError **error);

/** ControlHands: what a caller hands over with its request and while it is answered. */
typedef struct {
        /* Asked with the request, and then each CONTROL_HANDS_INTERVAL. Returns: (own) a
         * descriptor, -1: none now */
        int (*next)(void *data);
        void *data;
} ControlHands;

/** control_call_handing: control_call() for a command that asks for descriptors */
int control_call_handing(const char *path, const char *const *words, const ControlHands *hands,
                         void (*line)(void *data, bool is_error, const char *text), void *data,
                         GError **error);

/** control_decode_words: one line, its line feed included or not, into at most CONTROL_WORDS_MAX
 * words. Returns: (own) NULL when malformed */
char **control_decode_words(const char *line, size_t n);
/** control_encode_words: Returns: (own) the request for @words, with its line feed */
char *control_encode_words(const char *const *words);
/** control_wipe: frees @text after overwriting it; it may have held a password. NULL is a no-op */
void control_wipe(char *text);
