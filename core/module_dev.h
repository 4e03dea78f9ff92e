/*
 * module_dev: running a module from the folder it is built in, with each new build put in the place
 * of the one before, while its developer watches.
 *
 * The server never looks into that folder, which it may not be allowed to (core/confine.h): who
 * gives the command hands over an open file, and another one for each new build.
 *
 * No file of the configuration is changed: as long as a session lasts, the configuration in force
 * is overridden for the module, also by a reload. When it ends, what the files say is in force
 * again.
 */
#pragma once

#include "core/module.h"
#include "core/server.h"

typedef struct ModuleDev ModuleDev;

/* For whom a session is. */
typedef struct {
        void (*line)(void *data, const char *text);
        bool (*is_there)(void *data); /* false: nobody reads any more, the session is to end */
        int (*handed)(void *data);    /* Returns: (own) a new build, as a descriptor; -1: none */
        void (*ended)(void *data, GError *error); /* once, @error (take) NULL when it had begun */
        void *data;
} ModuleDevOwner;

/**
 * module_dev_begin:
 * @path: mod_<name>.so, the name of the file to who has opened it
 * @host: (borrowed) the name of a host; NULL: where the files say, or everywhere
 * @owner: (borrowed) copied; the first build must have been handed over
 *
 * Runs a copy of the module (module_copy.h) instead of the installed one, or although none is
 * installed or enabled, and replaces it, with its state, whenever a new build is handed over. The
 * session ends with its owner, at the latest with the server; ended() may be called before return.
 */
void module_dev_begin(Server *server, const char *path, const char *host,
                      const ModuleDevOwner *owner);
/** module_dev_end_all: of a server that is about to be freed: nothing is put back */
void module_dev_end_all(Server *server);
/** module_dev_override: makes a new configuration say what the sessions need */
void module_dev_override(const Modules *modules, Config *config);
/** module_dev_object: Returns: (borrowed) what a session runs as @name; NULL: there is none */
ModuleObject *module_dev_object(const Modules *modules, const char *name);
