/*
 * speaker: commands of every kind of argument and of every way to end.
 */
#include <motet/command.h>
#include <motet/error.h>
#include <motet/module.h>
#include <motet/task.h>
#include <string.h>

static void
greet(MotetModule *self, MotetCommand *command)
{
        const char *what = motet_command_arg(command, "what");

        motet_command_print(command, "%s: %s %s", motet_host_name(motet_module_host(self)),
                            what ? what : "hello", motet_command_arg(command, "jid"));
        motet_command_finish(command, NULL);
}

static void
list(MotetModule *self, MotetCommand *command)
{
        motet_command_print(command, "%s", motet_host_name(motet_module_host(self)));
        motet_command_finish(command, NULL);
}

static void
keep(MotetModule *self, MotetCommand *command)
{
        (void)self;
        motet_command_print(command, "%s has %zu characters", motet_command_arg(command, "jid"),
                            strlen(motet_command_arg(command, "password")));
        motet_command_finish(command, NULL);
}

static void
break_down(MotetModule *self, MotetCommand *command)
{
        motet_command_print(command, "%s", motet_host_name(motet_module_host(self)));
        motet_command_finish(command, g_error_new(MOTET_ERROR, MOTET_ERROR_EXISTS, "it is there"));
}

static void
flood(MotetModule *self, MotetCommand *command)
{
        guint64 n = 0;
        g_autofree char *line = g_strnfill(1019, 'x');

        (void)self;
        g_ascii_string_to_unsigned(motet_command_arg(command, "lines"), 10, 0, G_MAXUINT, &n, NULL);
        for (; n > 0; n--)
                motet_command_print(command, "%s", line);
        motet_command_finish(command, NULL);
}

static void
finish_later(MotetModule *self, MotetTimer *timer, void *data)
{
        (void)self;
        (void)timer;
        motet_command_print(data, "late");
        motet_command_finish(data, NULL);
}

static void
wait_a_second(MotetModule *self, MotetCommand *command)
{
        motet_timer_add(self, NULL, G_TIME_SPAN_SECOND, finish_later, command);
}

static const MotetArg greet_args[] = {
        {"jid", MOTET_ARG_JID, false},
        {"what", MOTET_ARG_STRING, true},
        {0},
};
static const MotetArg flood_args[] = {{"lines", MOTET_ARG_STRING, false}, {0}};
static const MotetArg host_args[] = {{"host", MOTET_ARG_HOST, true}, {0}};
static const MotetArg keep_args[] = {
        {"jid", MOTET_ARG_JID, false},
        {"password", MOTET_ARG_SECRET, false},
        {0},
};

static void
repeat(MotetModule *self, MotetCommand *command)
{
        const char *tone = motet_command_arg(command, "tone");

        (void)self;
        motet_command_print(command, "%s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT, tone,
                            motet_command_number(command, "--times"),
                            motet_command_number(command, "--every"));
        motet_command_finish(command, NULL);
}

static const char *const tones[] = {"loud", "quiet", NULL};
static const MotetArg repeat_args[] = {
        {"jid", MOTET_ARG_ADDRESS, false},
        {"tone", MOTET_ARG_WORD, false, .words = tones},
        {"--times", MOTET_ARG_NUMBER, true, .min = 1, .max = 5},
        {"--every", MOTET_ARG_PERIOD, true, .min = G_TIME_SPAN_SECOND, .max = G_TIME_SPAN_MINUTE},
        {0},
};

static const MotetCommandDecl commands[] = {
        {"greet", greet_args, "greet an account", greet},
        {"greet list", host_args, "list the hosts that greet", list, .right = MOTET_FOR_ADMIN},
        {"greet keep", keep_args, "count the letters of a password", keep, .right = MOTET_FOR_SELF},
        {"greet repeat", repeat_args, "greet again and again", repeat, .right = MOTET_FOR_ADMIN},
        {"greet break", host_args, "fail", break_down},
        {"greet flood", flood_args, "print many lines", flood},
        {"greet wait", host_args, "take a second", wait_a_second},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "speaker",
        .summary = "Speak",
        .commands = commands,
};
