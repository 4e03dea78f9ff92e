/*
 * event_wait: tokens of parked chains.
 *
 * A token is held by the module that waits and by the chain it parks; it is freed when both have
 * let go. Whatever comes first settles it: resume, refusal, deadline, the end of its session or
 * host, the end of its module.
 */
#pragma once

#include "core/event.h"

/**
 * event_wait_parked: the handler that took @wait has returned MOTET_WAIT: from now on the chain
 * lives in @wait
 */
void event_wait_parked(MotetWait *wait);
/** event_wait_unused: the handler took @wait and returned another verdict */
void event_wait_unused(MotetWait *wait);
/** event_wait_n_held: Returns: how many tokens @instance has yet to resume, those included that
 * nobody waits for any more */
unsigned event_wait_n_held(const MotetModule *instance);
/**
 * event_wait_cancel_all: cancels the parked chains that belong to no session and run on @host (it
 * is going away); NULL: all
 */
void event_wait_cancel_all(MotetServer *server, const MotetHost *host);
