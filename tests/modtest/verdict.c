/*
 * verdict: how a test fails, and what shows that a module is at fault: its log, and memory it lost.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/log.h"
#include "modtest/modtest_private.h"

/* LeakSanitizer's, in programs that are built with it. Returns: not 0 when it has told a leak. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

void
modtest_fail(const char *file, int line, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        g_autofree char *text = g_strdup_vprintf(format, args);
        va_end(args);
        if (g_test_initialized())
                g_assertion_message(NULL, file, line, "modtest", text);
        fflush(stdout);
        fprintf(stderr, "%s:%d: %s\n", file, line, text);
        /* Not exit(3): what is left of the server is no leak of anybody. */
        _exit(EXIT_FAILURE);
}

void
modtest_fail_if(char *wrong, const char *file, int line)
{
        g_autofree char *text = wrong;

        if (text)
                modtest_fail(file, line, "%s", text);
}

static char *
find_leak(const char *what)
{
        bool has_leaked = __lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check();

        return has_leaked ? g_strconcat(what, ": see what LeakSanitizer says above", NULL) : NULL;
}

char *
modtest_find_leak(void)
{
        return find_leak("memory was allocated that nobody has freed");
}

char *
modtest_find_held(void)
{
        return find_leak("a static variable of a module held memory when the module ended, which "
                         "its unload should have freed");
}

void
modtest_begin(void)
{
        g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR);
}

static void
add_line(MotetLogLevel level, const char *source, const char *text, void *data)
{
        static const char *const levels[] = {
                [MOTET_LOG_ERROR] = "error",
                [MOTET_LOG_WARN] = "warn",
                [MOTET_LOG_INFO] = "info",
                [MOTET_LOG_DEBUG] = "debug",
        };
        GString *log = data;

        g_string_append_printf(log, "%s %s: %s\n", levels[level], source, text);
}

void
modtest_catch_log(GString *log)
{
        /* That modules start and stop is what every test is made of. */
        log_command_level("module_instance", MOTET_LOG_INFO);
        log_set_level(log ? MOTET_LOG_DEBUG : MOTET_LOG_INFO);
        log_set_rate(0);
        log_set_func(log ? add_line : NULL, log);
}
