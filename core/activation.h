/*
 * activation: sockets that the service manager opened before it started the server.
 *
 * They go on listening while the server is started anew: who connects meanwhile waits instead of
 * being refused; and the server needs no right to open low ports.
 *
 * Source: sd_listen_fds(3), systemd.socket(5).
 */
#pragma once

#include <sys/types.h>

#include <motet/types.h>

typedef struct Activation Activation;

/** ActivationWords: what the environment says; each may be NULL */
typedef struct {
        const char *pid;   /* LISTEN_PID: for which process it is */
        const char *fds;   /* LISTEN_FDS: how many descriptors, from 3 on */
        const char *names; /* LISTEN_FDNAMES: one for each, between colons */
} ActivationWords;

/**
 * activation_parse:
 * @self: the process that reads them
 * @n_out: set to the number of descriptors; 0 when they are for another process or there are none
 * @names_out: set to (own) as many names; NULL when there are none
 *
 * Returns: false with MOTET_ERROR_CONFIG when the words cannot be understood
 */
bool activation_parse(const ActivationWords *words, pid_t self, unsigned *n_out, char ***names_out,
                      GError **error);
/** ACTIVATION_FIRST: the first descriptor that is handed over */
#define ACTIVATION_FIRST 3

/**
 * activation_read:
 * @first: ACTIVATION_FIRST, but in tests
 *
 * Takes the descriptors that the environment speaks of, and the variables out of it, so that
 * neither is handed on. Before any thread is started.
 *
 * Returns: (own), without sockets when none are handed over; NULL with MOTET_ERROR_CONFIG when the
 * words cannot be understood or one of the descriptors is no TCP socket that listens for IPv4 or
 * IPv6 alone
 */
Activation *activation_read(int first, GError **error);
/** activation_free: closes the sockets. NULL is a no-op */
void activation_free(Activation *activation);
/**
 * activation_find:
 * @address: as in MotetListen
 *
 * Returns: (borrowed) the descriptor that listens exactly there, which counts as used from now on;
 * -1 when none does
 */
int activation_find(Activation *activation, const char *address, uint16_t port);
/** activation_is_used: whether each socket was found; else MOTET_ERROR_CONFIG: whoever connects to
 * it would wait for ever */
bool activation_is_used(const Activation *activation, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Activation, activation_free)
