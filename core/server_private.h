/*
 * server_private: what the files of the server share.
 */
#pragma once

#include "core/certificates.h"
#include "core/confine.h"
#include "core/control.h"
#include "core/log_command.h"
#include "core/minute.h"
#include "core/notify.h"
#include "core/server.h"
#include "core/spare.h"
#include "core/watch.h"

struct Server {
        MotetServer base; /* first: what modules and lower layers hold is this pointer */
        Config *config;
        char *config_file; /* NULL: from text, cannot be read again */
        Modules *modules;
        Listens *listens;
        Certificates *certificates;
        Control *control; /* NULL: not serving, or driven */
        Notify *notify;   /* NULL: not inside server_run() */
        Watch *watch;     /* the same */
        LogCommands *log_commands;
        LoopTimer stop_timer;
        int64_t stop_deadline;
        int64_t started;       /* loop_now() of server_start() */
        int data_lock;         /* descriptor of data_dir, locked; -1: driven */
        GPtrArray *last_words; /* (own) of MotetCommand that end with the server */
        Minute *minute;        /* NULL: not serving */
        Spare *spare;          /* NULL: not serving, or driven */
        Confine *confine;      /* NULL: not confined */
        ServerReload reload;   /* the last one */
        LoopTimer manager_timer;
        char *told;      /* (own) STATUS= the manager heard last; NULL: none */
        GError *failure; /* (own) why it stops by itself; NULL */
        bool is_ready;   /* the manager was told so */
        bool driven;
        bool serve;
        bool log_to_stderr;
};

/** server_manager_text: Returns: (own) what STATUS= says: how the server fares, in one line */
char *server_manager_text(Server *server);
/** server_manager_start: READY=1 follows once the storage has answered, and STATUS= whenever it
 * changes; when it cannot answer the server stops, with server->failure */
void server_manager_start(Server *server);
void server_manager_stop(Server *server);
/** server_manager_reloading / server_manager_reloaded: around a reload, also one that is refused */
void server_manager_reloading(Server *server);
void server_manager_reloaded(Server *server);

/** server_apply_log: where lines go and which are written, as @config says */
bool server_apply_log(const Server *server, const Config *config, GError **error);
void server_apply_limits(Server *server, const Config *config);
/** server_add_hosts: makes the hosts of @config that are not there yet; @added_out (may be NULL)
 * gets them */
void server_add_hosts(Server *server, const Config *config, GPtrArray *added_out);
/** server_fire: fires an event of the server as a whole */
void server_fire(Server *server, const char *name);
