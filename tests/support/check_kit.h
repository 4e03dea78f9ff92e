/*
 * check_kit: a configuration and a made-up machine in a folder of their own, and what checks find
 * in them.
 */
#pragma once

#include "core/check.h"

typedef struct {
        char *dir, *config, *root;
        GString *output;
        GError *error;
} CheckKit;

void check_kit_set_up(CheckKit *kit, gconstpointer data);
void check_kit_tear_down(CheckKit *kit, gconstpointer data);
/** check_kit_put: writes a file, mode 0600, below the folder; "/motet.yaml" is the configuration,
 * what is below "/root" the machine */
void check_kit_put(const CheckKit *kit, const char *path, const char *text);
/** check_kit_path: Returns: (own) @path in the folder */
char *check_kit_path(const CheckKit *kit, const char *path);
/** check_kit_use: the configuration of one host, example.org, with @more lines, and the built
 * modules that @drop_ins (name, text, ..., NULL) configure */
void check_kit_use(CheckKit *kit, const char *more, ...) G_GNUC_NULL_TERMINATED;
/** check_kit_run: runs the checks that @words say. Returns: the exit code */
int check_kit_run(CheckKit *kit, const char *words);
/** check_kit_assert: runs @check; its findings are exactly @ids, "a.b c.d", in order */
void check_kit_assert(CheckKit *kit, const char *check, const char *ids);
/** check_kit_assert_told: @part is in the last output, with "DIR" for the folder */
void check_kit_assert_told(const CheckKit *kit, const char *part);
