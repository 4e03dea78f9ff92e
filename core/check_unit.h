/*
 * check_unit: what systemd would give the server: its unit with drop-ins, and the process that
 * runs.
 */
#pragma once

#include <motet/types.h>
#include <sys/socket.h>

typedef struct {
        char *value; /* the last one, or of settings that are lists all, joined by spaces */
        char *file;  /* where it stands */
} CheckUnitSetting;

typedef struct {
        char *file;           /* (own) of the unit; NULL: there is none */
        GHashTable *settings; /* (own) of its one section: name -> CheckUnitSetting */
} CheckUnit;

/** check_unit_read: section [Service] of the server's unit; @root: what paths begin with, "" but in
 * tests */
void check_unit_read(const char *root, CheckUnit *unit);
/** check_unit_read_socket: section [Socket] of the unit whose sockets are handed to it, which few
 * have */
void check_unit_read_socket(const char *root, CheckUnit *unit);
void check_unit_clear(CheckUnit *unit);
/** check_unit_setting: Returns: (borrowed) NULL when nobody sets @name */
const CheckUnitSetting *check_unit_setting(const CheckUnit *unit, const char *name);
/** check_unit_is_for: whether there is a unit that starts the server with @config_file */
bool check_unit_is_for(const CheckUnit *unit, const char *config_file);

/** check_unit_server: who listens on the control socket at @path. Returns: false when nobody
 * does */
bool check_unit_server(const char *path, struct ucred *out);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CheckUnit, check_unit_clear)
