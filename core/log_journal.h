/*
 * log_journal: writes entries to systemd's journal in its native protocol.
 */
#pragma once

#include "core/log_record.h"

#define LOG_JOURNAL_SOCKET "/run/systemd/journal/socket"

/**
 * log_journal_open:
 * @path: of the journal's socket
 * @error: set to MOTET_ERROR_IO when nobody listens there
 *
 * Returns: a descriptor for log_journal_write(), -1 with @error set
 */
int log_journal_open(const char *path, GError **error);
/**
 * log_journal_write:
 *
 * @patience_ms: how long to wait for a journal that is busy; -1: for ever
 *
 * Sends one entry with MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, MODULE, and HOST, JID and SESSION
 * where they are known. Async-signal-safe.
 *
 * Returns: false when it could not be sent
 */
bool log_journal_write(int fd, const char *path, const LogRecord *record, int patience_ms);
/** log_journal_send: one entry of @n bytes, through a sealed file when it is too large for a
 * datagram. Returns: false with errno set */
bool log_journal_send(int fd, const char *path, const char *entry, size_t n, int patience_ms);
