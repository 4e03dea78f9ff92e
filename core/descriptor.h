/*
 * descriptor: what read(2), write(2) and unix sockets leave to their caller.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/** descriptor_write_all: writes all @n bytes, however often it is interrupted or only a part is
 * taken. @fd blocks.
 * Returns: false with errno set, and some of it written */
bool descriptor_write_all(int fd, const char *bytes, size_t n);
/** descriptor_send: as send(2) on a unix socket, without SIGPIPE; a copy of @handed goes with the
 * first byte, -1: none */
ssize_t descriptor_send(int fd, const char *bytes, size_t n, int handed);
/**
 * descriptor_receive:
 * @handed_out: (own) the one descriptor that came with these bytes; -1: none did. Of several all
 * are closed
 *
 * As recv(2), and never waits; no byte behind one with a descriptor is taken with it.
 *
 * Source: unix(7), SCM_RIGHTS
 */
ssize_t descriptor_receive(int fd, char *bytes, size_t n, int *handed_out);
