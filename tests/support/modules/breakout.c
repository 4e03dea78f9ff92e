/*
 * breakout: tries what a confined server may not do, and says how that ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <motet/command.h>
#include <motet/error.h>
#include <motet/module.h>
#include <motet/task.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const MotetOption options[] = {
        {"place", MOTET_OPTION_PATH, NULL, 0, 0, NULL, "A file that it may read."},
        {0},
};

/* Returns: 0 or the error number */
static int
try_open(const char *path, int flags)
{
        int fd = open(path, flags | O_CLOEXEC, 0600);
        int code = fd < 0 ? errno : 0;

        if (fd >= 0)
                close(fd);
        return code;
}

static int
try_socket(int family)
{
        int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, 0);
        int code = fd < 0 ? errno : 0;

        if (fd >= 0)
                close(fd);
        return code;
}

static int
try_execute(const char *path)
{
        char *const argv[] = {(char *)path, NULL};

        return execve(path, argv, argv + 1) < 0 ? errno : 0;
}

static int
attempt(const char *how, const char *what)
{
        if (strcmp(how, "read") == 0)
                return try_open(what, O_RDONLY);
        if (strcmp(how, "write") == 0)
                return try_open(what, O_WRONLY | O_CREAT);
        if (strcmp(how, "execute") == 0)
                return try_execute(what);
        return try_socket(AF_PACKET);
}

static void
answer(MotetCommand *command, int code)
{
        motet_command_print(command, "%s", code == 0 ? "done" : g_strerror(code));
        motet_command_finish(command, NULL);
}

static void
try_here(MotetModule *self, MotetCommand *command)
{
        (void)self;
        answer(command,
               attempt(motet_command_arg(command, "how"), motet_command_arg(command, "what")));
}

/* On a thread, which was made before or after. */
typedef struct {
        char *how, *what;
        int code;
        MotetCommand *command;
} Attempt;

static void
try_in_job(void *data)
{
        Attempt *job = data;

        job->code = attempt(job->how, job->what);
}

static void
job_done(MotetModule *self, void *data)
{
        Attempt *job = data;

        (void)self;
        answer(job->command, job->code);
}

static void
job_free(void *data)
{
        Attempt *job = data;

        g_free(job->how);
        g_free(job->what);
        g_free(job);
}

static void
try_there(MotetModule *self, MotetCommand *command)
{
        Attempt *job = g_new0(Attempt, 1);

        job->how = g_strdup(motet_command_arg(command, "how"));
        job->what = g_strdup(motet_command_arg(command, "what"));
        job->command = command;
        if (!motet_offload(self, try_in_job, job_done, job, job_free))
                motet_command_finish(command, g_error_new_literal(MOTET_ERROR, MOTET_ERROR_IO,
                                                                  "no worker is free"));
}

static const MotetArg args[] = {
        {.name = "how",
         .type = MOTET_ARG_WORD,
         .words = MOTET_LIST("read", "write", "execute", "socket")},
        {.name = "what"},
        {0},
};

static const MotetCommandDecl commands[] = {
        {.name = "breakout here", .args = args, .help = "On the core thread.", .run = try_here},
        {.name = "breakout there", .args = args, .help = "On a worker.", .run = try_there},
        {0},
};

const MotetModuleInfo motet_module = {
        .abi = MOTET_ABI,
        .name = "breakout",
        .summary = "Try what is not allowed",
        .scope = MOTET_SCOPE_SERVER,
        .options = options,
        .commands = commands,
};
