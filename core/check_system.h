/*
 * check_system: what the machine and systemd allow the server, read from files.
 */
#pragma once

#include <motet/types.h>

typedef struct {
        char *unit;               /* (own) file of the systemd unit; NULL: there is none */
        uint64_t descriptors;     /* of the running server, else what it would be given */
        char *descriptors_source; /* (own) "the running server", "LimitNOFILE of FILE" */
        uint64_t memory;          /* bytes; 0: not known */
        const char *memory_source;
} CheckSystem;

/** check_system_read: @root: what paths begin with, "" but in tests; @socket: the control socket,
 * to find a running server by */
void check_system_read(const char *root, const char *socket, CheckSystem *system);
void check_system_clear(CheckSystem *system);

/** check_system_sysctl: number @index of the sysctl @name, "net.core.somaxconn". Returns: false
 * when this kernel does not have it */
bool check_system_sysctl(const char *root, const char *name, unsigned index, uint64_t *out);
