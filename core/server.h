/*
 * server: the whole assembled: configuration, hosts, modules, listeners, control socket; start,
 * reload, stop.
 */
#pragma once

#include "core/certificates.h"
#include "core/config.h"
#include "core/host.h"
#include "core/listens.h"
#include "core/module.h"
#include "core/plan.h"

typedef struct MotetCommand MotetCommand;
typedef struct Server Server;

typedef struct {
        const char *config_file;
        Config *config; /* (take) instead of a file, for tests */
        bool driven;    /* clock driven by tests; reads no certificates, opens no control socket */
        /* started as root: become the configuration's user, or who owns the data, before any module
           runs */
        bool become_user;
        /* meant for server_start(): root without a user to become is refused, certificates are
           checked; otherwise only warnings are logged, to standard error */
        bool serve;
        bool log_to_stderr;                     /* wherever the configuration says */
        bool safe_mode;                         /* only modules shipped with the server run */
        void (*random)(void *buffer, size_t n); /* NULL: RAND_bytes */
} ServerParams;

/** server_new: reads and checks the configuration, makes hosts and loads modules; opens no port.
 * NULL with @findings or @error */
Server *server_new(const ServerParams *params, ConfigFindings *findings, GError **error);
/** server_start: reads certificates, opens listeners and the control socket, fires server-
 * started; on failure nothing is left open */
bool server_start(Server *server, GError **error);
/** server_run: until the server has stopped; SIGTERM and SIGINT stop, SIGHUP reloads; tells
 * systemd (core/notify.h). Returns: false with @error when it stopped because its storage does not
 * answer */
bool server_run(Server *server, GError **error);
/** server_stop: fires server-stopping, closes every stream with system-shutdown, then quits the
 * loop; within limits.close_timeout and a second */
void server_stop(Server *server);
/**
 * server_reload:
 * @plan: gets what is to be changed, before it is; also when the reload is refused
 *
 * Reads the configuration again and applies it whole or not at all: false with errors in @findings
 * or with @error set, and all is as before.
 */
bool server_reload(Server *server, ReloadPlan *plan, ConfigFindings *findings, GError **error);
/** server_reload_dry: the same, but nothing is changed and no module is started. Returns: whether
 * nothing speaks against it */
bool server_reload_dry(Server *server, ReloadPlan *plan, ConfigFindings *findings, GError **error);
/** server_reload_to: server_reload() with @config (take) instead of the file */
bool server_reload_to(Server *server, Config *config, ReloadPlan *plan, ConfigFindings *findings,
                      GError **error);
void server_free(Server *server);
MotetServer *server_base(Server *server);
Modules *server_modules(Server *server);
Listens *server_listens(Server *server);
Certificates *server_certificates(Server *server);
const Config *server_config(const Server *server);
/** server_uptime: Returns: µs since server_start() */
int64_t server_uptime(const Server *server);
/** ServerReload: how the last reload ended, dry ones not counted */
typedef struct {
        int64_t when; /* µs since 1970; 0: there was none */
        bool is_done; /* otherwise refused */
        uint64_t n_done, n_refused;
} ServerReload;

const ServerReload *server_last_reload(const Server *server);
/** server_reload_text: Returns: (own) "last reload 2026-01-01T12:00:00Z: done"; NULL: there was
 * none */
char *server_reload_text(const Server *server);
/** server_finish_when_stopped: (take) @command ends, with success, as the very last thing this
 * server does */
void server_finish_when_stopped(Server *server, MotetCommand *command);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Server, server_free)
