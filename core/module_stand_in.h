/*
 * module_stand_in: code from elsewhere in the place of an installed module, for a while, with the
 * configuration in force overridden for it.
 */
#pragma once

#include "core/server.h"

/**
 * module_stand_in_start:
 * @host: (borrowed) the name of a host; NULL: where the files say, or everywhere
 * @object: open and in the list of open modules; what new instances of @name are made of until the
 * end
 *
 * Runs @object with the options that the files have for it, and with the state of what ran before.
 * On failure call module_stand_in_end() all the same.
 */
bool module_stand_in_start(Server *server, const char *name, const char *host, ModuleObject *object,
                           GError **error);
/**
 * module_stand_in_end:
 * @path: (borrowed) what ran instead, to be told
 *
 * Brings back what the files say, with the state where the installed code understands it. No new
 * instance is made of what stood in any more.
 */
void module_stand_in_end(Server *server, const char *name, const char *path);
/** module_stand_in_tell: tells modules that what others are, and offer, has changed */
void module_stand_in_tell(Server *server);
