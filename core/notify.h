/*
 * notify: telling systemd how the service fares, by its datagram protocol.
 *
 * Source: sd_notify(3), systemd.service(5) under Type=notify and WatchdogSec.
 */
#pragma once

#include "core/loop.h"

typedef struct Notify Notify;

/** notify_new: sends to $NOTIFY_SOCKET; without one everything here does nothing. With
 * $WATCHDOG_USEC the loop reports at half of it. */
Notify *notify_new(Loop *loop);
void notify_free(Notify *notify);
/** notify_send: @state: lines such as "READY=1\nSTATUS=…"; what the system has no room for now is
 * sent a second later */
void notify_send(Notify *notify, const char *state);
/** notify_reloading: RELOADING=1 with the monotonic time systemd asks for; follow with READY=1 */
void notify_reloading(Notify *notify);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Notify, notify_free)
