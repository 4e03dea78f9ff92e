/*
 * modtest_private: what the files of the kit share.
 */
#pragma once

#include <motet/modtest.h>

#include "support/module_folder.h"
#include "support/test_server.h"

struct Modtest {
        GPtrArray *module_dirs; /* of char* */
        GPtrArray *hosts;       /* of char* */
        GHashTable *options;    /* module → its options as YAML, or ""; both (own) */
        GString *main;          /* lines of the main file */
        ModuleFolder *folder;   /* NULL before the start */
        TestServer *server;     /* NULL before the start */
        GString *log;
        const char *file; /* where it was started */
        int line;
};

/** modtest_begin: from now on critical messages end the program; again: a no-op */
void modtest_begin(void);
/** modtest_fail: ends the program: what was said about @file and @line is not so */
void modtest_fail(const char *file, int line, const char *format, ...)
        G_GNUC_PRINTF(3, 4) G_GNUC_NORETURN;
/** modtest_fail_if: @wrong: (take) NULL: all is well */
void modtest_fail_if(char *wrong, const char *file, int line);
/** modtest_server: Returns: (borrowed) the server, which must have been started */
TestServer *modtest_server(const Modtest *test, const char *file, int line);
/** modtest_catch_log: from now on the log, of all levels, goes to @log; NULL: to where it went
 * before */
void modtest_catch_log(GString *log);
/**
 * modtest_find_leak:
 *
 * Asks LeakSanitizer, where the program has it; it prints where the memory was allocated.
 *
 * Returns: (own) that memory is lost; NULL: it is not, or nobody knows
 */
char *modtest_find_leak(void);
/** modtest_find_held: the same once the code of modules is gone, and with it what their static
 * variables held */
char *modtest_find_held(void);

/** modtest_installed_modules: Returns: (own) the folder of the modules that were installed with
 * this library */
char *modtest_installed_modules(void);
/** modtest_installed_plugins: Returns: (own) that of their drop-ins as shipped */
char *modtest_installed_plugins(void);
/**
 * modtest_open_folder:
 * @dirs: of char*
 *
 * Returns: (own) the modules of @dirs, of the folders in $MOTET_MODULE_PATH, and of @installed,
 * where those that are installed are; NULL with @error
 */
ModuleFolder *modtest_open_folder(const GPtrArray *dirs, const char *installed, GError **error);
/** modtest_explain: (take) names the folders of modules in @text, which knows but @folder. Returns:
 * (own) */
char *modtest_explain(char *text, const ModuleFolder *folder);
/** modtest_run_scenario: runs @file. Returns: (own) what is wrong; NULL: nothing */
char *modtest_run_scenario(const char *file, ModuleFolder *modules, const char *plugins_dir);
