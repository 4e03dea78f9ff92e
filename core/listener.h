/*
 * listener: a listening socket; accepts a bounded number of connections a turn and survives running
 * out of descriptors.
 */
#pragma once

#include "core/loop.h"

typedef struct Listener Listener;

/** ListenerFunc: (take) a connected non-blocking socket, and the peer's numeric address. May not
 * free the listener. */
typedef void (*ListenerFunc)(void *data, int fd, const char *peer);

/** listener_check_address: whether @address (NULL is none) is as in MotetListen; else
 * MOTET_ERROR_CONFIG */
bool listener_check_address(const char *address, GError **error);
/** ListenerPlace: where to listen */
typedef struct {
        const char *address; /* as in MotetListen */
        uint16_t port;       /* 0: any free one */
        int handed; /* (borrowed) a non-blocking socket that listens there already; -1: none, one is
                       bound */
} ListenerPlace;

/**
 * listener_new: listens
 * @place: (borrowed)
 *
 * Returns: (own), or NULL with MOTET_ERROR_CONFIG for a bad address, or MOTET_ERROR_IO naming
 * address, port and what to do
 */
Listener *listener_new(Loop *loop, const ListenerPlace *place, ListenerFunc func, void *data,
                       GError **error);
void listener_free(Listener *listener);
/** listener_port: the port bound, also when 0 was asked for */
uint16_t listener_port(const Listener *listener);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Listener, listener_free)
