/*
 * listens: the listeners that modules declared with motet_listen(): opened when the server serves,
 * all or none.
 */
#pragma once

#include <motet/conn.h>

#include "core/activation.h"
#include "core/host.h"

typedef struct Listens Listens;

Listens *listens_new(MotetServer *server);
/** listens_free: after every module was stopped, and its listeners with it */
void listens_free(Listens *listens);
/** listens_take_activation: @activation (take) has sockets to listen with instead of new ones, as
 * long as @listens is there. They are kept when a listener goes, for the next one at the same
 * place */
void listens_take_activation(Listens *listens, Activation *activation);
/** listens_open: opens all that are declared; on failure none is left open. Error as of
 * motet_listen(), or MOTET_ERROR_CONFIG when a socket of the activation is left over */
bool listens_open(Listens *listens, GError **error);
/** listens_hand_over: what @to declared where @from listens already gets its socket: nobody who
 * connects meanwhile is refused */
void listens_hand_over(Listens *listens, MotetModule *from, MotetModule *to);
/** listens_close: closes all sockets; nothing is accepted any more, also from listeners declared
 * later */
void listens_close(Listens *listens);
/** listens_foreach: calls @func for each declared listener with its address and, when it is
 * open, the port it has */
void listens_foreach(const Listens *listens,
                     void (*func)(const MotetListen *spec, uint16_t port, void *data), void *data);
