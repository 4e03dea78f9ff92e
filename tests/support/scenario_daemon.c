/*
 * scenario_daemon: a folder with a configuration, and a process that serves it.
 */
#include "support/scenario_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <motet/error.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/control.h"
#include "support/scenario_client.h"
#include "support/scenario_shipped.h"
#include "support/tls_pair.h"

#define TIMEOUT_MS 240000
#define EXIT_INTERVAL_MS 2
#define UNPRIVILEGED "nobody" /* what the server becomes when the tests are run by root */

struct ScenarioDaemon {
        const ScenarioPlaces *places;
        char *dir, *config, *socket, *log; /* paths */
        GPid pid;                          /* 0: does not run */
        uint16_t port, tls_port;
};

static bool
fail_errno(GError **error, const char *what)
{
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_IO, "%s: %s", what, g_strerror(errno));
        return false;
}

/* The folder */

static int
give_away(const char *path, const struct stat *file, int type, struct FTW *place)
{
        const struct passwd *user = getpwnam(UNPRIVILEGED);

        (void)file;
        (void)type;
        (void)place;
        return user ? lchown(path, user->pw_uid, user->pw_gid) : -1;
}

static bool
give_folder_away(const ScenarioDaemon *daemon, GError **error)
{
        if (getuid() != 0 || nftw(daemon->dir, give_away, 16, FTW_PHYS) == 0)
                return true;
        return fail_errno(error, daemon->dir);
}

static int
remove_entry(const char *path, const struct stat *file, int type, struct FTW *place)
{
        (void)file;
        (void)type;
        (void)place;
        return remove(path);
}

static bool
write_file(const ScenarioDaemon *daemon, const char *name, const char *text, GError **error)
{
        g_autofree char *path = g_build_filename(daemon->dir, name, NULL);

        return g_file_set_contents(path, text, -1, error);
}

static bool
make_folder(const ScenarioDaemon *daemon, const char *name, GError **error)
{
        g_autofree char *path = g_build_filename(daemon->dir, name, NULL);

        return g_mkdir_with_parents(path, 0700) == 0 || fail_errno(error, path);
}

/* Configuration */

/* Options of c2s are ours: a scenario cannot know which ports are free. */
static bool
write_module(const ScenarioDaemon *daemon, const char *module, const char *options, bool enabled,
             GError **error)
{
        g_autofree char *name = g_strdup_printf("plugins.d/%s.yaml", module);
        g_autoptr(GString) text = g_string_new(enabled ? "enabled: true\n" : "enabled: false\n");

        if (strcmp(module, "c2s") == 0)
                g_string_append(text, "options: {ports: [0], direct_tls_ports: [0], "
                                      "interfaces: [127.0.0.1]}\n");
        else if (options && *options)
                g_string_append_printf(text, "options: %s\n", options);
        return write_file(daemon, name, text->str, error);
}

static bool
write_shipped_modules(const ScenarioDaemon *daemon, const ScenarioSetup *setup, GError **error)
{
        g_auto(GStrv) modules = scenario_shipped_modules(daemon->places);

        for (char **module = modules; *module; module++) {
                if (!g_hash_table_contains(setup->options, *module) &&
                    !write_module(daemon, *module, NULL,
                                  !g_hash_table_contains(setup->disabled, *module), error))
                        return false;
        }
        return true;
}

static bool
write_modules(const ScenarioDaemon *daemon, const ScenarioSetup *setup, GError **error)
{
        GHashTableIter iter;
        void *module, *options;

        g_hash_table_iter_init(&iter, setup->options);
        while (g_hash_table_iter_next(&iter, &module, &options)) {
                if (!write_module(daemon, module, options, true, error))
                        return false;
        }
        return write_shipped_modules(daemon, setup, error);
}

static bool
write_main(const ScenarioDaemon *daemon, const ScenarioSetup *setup, GError **error)
{
        g_autoptr(GString) text = g_string_new("hosts:\n  localhost:\n");

        for (unsigned i = 0; i < setup->hosts->len; i++)
                g_string_append_printf(text, "  %s:\n", (const char *)setup->hosts->pdata[i]);
        g_string_append_printf(text, "modules_dir: %s\ndata_dir: data\ncontrol_socket: %s\n",
                               g_getenv("MOTET_TEST_MODULES"), daemon->socket);
        if (getuid() == 0)
                g_string_append(text, "user: " UNPRIVILEGED "\n");
        g_string_append(text, setup->main);
        return write_file(daemon, "motet.yaml", text->str, error);
}

static void
make_certificate(const ScenarioDaemon *daemon, const char *domain)
{
        g_autofree char *dir = g_build_filename(daemon->dir, "certs", NULL);
        g_autofree char *file = scenario_daemon_certificate(daemon, domain);
        const TlsFiles files = {.dir = dir};

        if (!g_file_test(file, G_FILE_TEST_EXISTS))
                tls_files_make(&files, domain);
}

static bool
configure(ScenarioDaemon *daemon, const ScenarioSetup *setup, GError **error)
{
        make_certificate(daemon, "localhost");
        for (unsigned i = 0; i < setup->hosts->len; i++)
                make_certificate(daemon, setup->hosts->pdata[i]);
        return write_main(daemon, setup, error) && write_modules(daemon, setup, error) &&
               give_folder_away(daemon, error);
}

/* The process */

static int
open_readiness(const char *path, GError **error)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        g_strlcpy(address.sun_path, path, sizeof address.sun_path);
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
            chmod(path, 0666) < 0) {
                fail_errno(error, path);
                return -1;
        }
        return fd;
}

/* In the child: it does not outlive this process. */
static void
bind_life(void *data)
{
        (void)data;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* Returns: (own) the command that runs the server, behind what MOTET_TEST_WRAP says, such as
 * valgrind. */
static GStrv
server_words(const ScenarioDaemon *daemon, GError **error)
{
        g_autofree char *program = g_build_filename(g_getenv("MOTET_TEST_BUILD"), "motetd", NULL);
        g_autoptr(GStrvBuilder) words = g_strv_builder_new();
        g_auto(GStrv) wrap = NULL;

        if (g_getenv("MOTET_TEST_WRAP")) {
                if (!g_shell_parse_argv(g_getenv("MOTET_TEST_WRAP"), NULL, &wrap, error))
                        return NULL;
                g_strv_builder_addv(words, (const char **)wrap);
        }
        g_strv_builder_add_many(words, program, "--config", daemon->config, "--foreground", NULL);
        return g_strv_builder_end(words);
}

static bool
spawn(ScenarioDaemon *daemon, const char *readiness, GError **error)
{
        g_auto(GStrv) words = server_words(daemon, error);
        g_auto(GStrv) environment =
                g_environ_setenv(g_get_environ(), "NOTIFY_SOCKET", readiness, 1);
        int log = open(daemon->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

        if (log < 0)
                return fail_errno(error, daemon->log);
        bool is_done =
                words && g_spawn_async_with_fds(NULL, words, environment,
                                                G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH,
                                                bind_life, NULL, &daemon->pid, -1, log, log, error);
        close(log);
        return is_done;
}

/* Returns: whether it has exited, which is a failure when it should begin. */
static bool
has_exited(ScenarioDaemon *daemon)
{
        if (waitpid(daemon->pid, NULL, WNOHANG) == 0)
                return false;
        daemon->pid = 0;
        return true;
}

static bool
await_readiness(ScenarioDaemon *daemon, int fd, GError **error)
{
        int64_t deadline = g_get_monotonic_time() + TIMEOUT_MS * (int64_t)1000;

        while (g_get_monotonic_time() < deadline) {
                struct pollfd ready = {.fd = fd, .events = POLLIN};
                char text[1024] = "";

                if (has_exited(daemon)) {
                        g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_MISSING,
                                            "motetd has exited instead of serving");
                        return false;
                }
                if (poll(&ready, 1, 100) == 1 && recv(fd, text, sizeof text - 1, 0) > 0 &&
                    strstr(text, "READY=1"))
                        return true;
        }
        g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_MISSING, "motetd does not get ready");
        return false;
}

static bool
spawn_ready(ScenarioDaemon *daemon, GError **error)
{
        g_autofree char *path = g_build_filename(daemon->dir, "notify", NULL);
        int fd = open_readiness(path, error);

        if (fd < 0)
                return false;
        bool is_ready = spawn(daemon, path, error) && await_readiness(daemon, fd, error);
        close(fd);
        unlink(path);
        return is_ready;
}

static bool
find_ports(ScenarioDaemon *daemon, GError **error)
{
        const char *const words[] = {"status", NULL};
        g_autoptr(GString) status = g_string_new(NULL);

        if (scenario_daemon_ask(daemon, words, status, error) < 0)
                return false;
        g_auto(GStrv) lines = g_strsplit(status->str, "\n", -1);
        daemon->port = daemon->tls_port = 0;
        for (char **line = lines; *line; line++) {
                const char *port = strstr(*line, " port ");
                if (!port)
                        continue;
                uint16_t number = (uint16_t)g_ascii_strtoull(port + 6, NULL, 10);
                if (g_str_has_suffix(*line, "(TLS)"))
                        daemon->tls_port = number;
                else
                        daemon->port = number;
        }
        return true;
}

bool
scenario_daemon_start(ScenarioDaemon *daemon, const ScenarioSetup *setup, GError **error)
{
        return configure(daemon, setup, error) && spawn_ready(daemon, error) &&
               find_ports(daemon, error);
}

/* Returns: false when it does not end in time. */
static bool
await_exit(GPid pid, int *status_out)
{
        for (int ms = 0; ms < TIMEOUT_MS; ms += EXIT_INTERVAL_MS) {
                if (waitpid(pid, status_out, WNOHANG) != 0)
                        return true;
                g_usleep(EXIT_INTERVAL_MS * 1000);
        }
        return false;
}

static bool
has_complaint(const char *log)
{
        static const char *const words[] = {"ERROR: AddressSanitizer", "LeakSanitizer",
                                            "runtime error:", "CRITICAL"};

        for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
                if (strstr(log, words[i]))
                        return true;
        }
        return false;
}

void
scenario_daemon_stop(ScenarioDaemon *daemon)
{
        kill(daemon->pid, SIGTERM);
}

bool
scenario_daemon_await_end(ScenarioDaemon *daemon, GError **error)
{
        int status = 0;

        bool has_ended = await_exit(daemon->pid, &status);
        g_autofree char *log = scenario_daemon_log(daemon);

        if (has_ended)
                daemon->pid = 0;
        if (has_ended && status == 0 && !has_complaint(log))
                return true;
        g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_MISSING,
                            !has_ended            ? "motetd does not stop"
                            : WIFSIGNALED(status) ? "motetd was ended by a signal"
                            : status != 0         ? "motetd failed"
                                                  : "motetd stopped, but see its log");
        return false;
}

bool
scenario_daemon_kill(ScenarioDaemon *daemon, GError **error)
{
        kill(daemon->pid, SIGKILL);
        if (!await_exit(daemon->pid, NULL)) {
                g_set_error_literal(error, MOTET_ERROR, MOTET_ERROR_IO, "motetd cannot be killed");
                return false;
        }
        daemon->pid = 0;
        return true;
}

ScenarioDaemon *
scenario_daemon_new(const ScenarioPlaces *places, GError **error)
{
        ScenarioDaemon *daemon = g_new0(ScenarioDaemon, 1);

        daemon->places = places;
        daemon->dir = g_dir_make_tmp("motet-scenario-XXXXXX", error);
        if (!daemon->dir) {
                g_free(daemon);
                return NULL;
        }
        daemon->config = g_build_filename(daemon->dir, "motet.yaml", NULL);
        daemon->socket = g_build_filename(daemon->dir, "motet.sock", NULL);
        daemon->log = g_build_filename(daemon->dir, "log", NULL);
        if (!make_folder(daemon, "plugins.d", error) || !make_folder(daemon, "certs", error)) {
                scenario_daemon_free(daemon);
                return NULL;
        }
        return daemon;
}

void
scenario_daemon_free(ScenarioDaemon *daemon)
{
        if (!daemon)
                return;
        if (daemon->pid)
                scenario_daemon_kill(daemon, NULL);
        nftw(daemon->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        g_free(daemon->dir);
        g_free(daemon->config);
        g_free(daemon->socket);
        g_free(daemon->log);
        g_free(daemon);
}

/* Commands */

static void
add_line(void *data, bool is_error, const char *text)
{
        GString *output = data;

        (void)is_error;
        g_string_append_printf(output, "%s\n", text);
}

int
scenario_daemon_ask(ScenarioDaemon *daemon, const char *const *words, GString *output,
                    GError **error)
{
        return control_call(daemon->socket, words, add_line, output, error);
}

bool
scenario_daemon_reload(ScenarioDaemon *daemon, const ScenarioSetup *setup, GError **error)
{
        const char *const words[] = {"reload", NULL};
        g_autoptr(GString) output = g_string_new(NULL);

        if (!configure(daemon, setup, error))
                return false;
        int code = scenario_daemon_ask(daemon, words, output, error);
        if (code > 0)
                g_set_error(error, MOTET_ERROR, MOTET_ERROR_MISSING, "reload: %s", output->str);
        return code == 0 && find_ports(daemon, error);
}

/* Returns: a pipe's end where the password of a new account can be read; -1 with @error */
static int
open_password(GError **error)
{
        static const char line[] = SCENARIO_PASSWORD "\n";
        int fds[2];

        if (pipe2(fds, O_CLOEXEC) < 0 || write(fds[1], line, sizeof line - 1) < 0) {
                fail_errno(error, "pipe");
                return -1;
        }
        close(fds[1]);
        return fds[0];
}

static bool
run_program(const ScenarioDaemon *daemon, char **words, const char *output, int *status_out,
            GError **error)
{
        GPid pid;
        int in = open_password(error);
        int out = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        bool is_done = in >= 0 &&
                       g_spawn_async_with_fds(daemon->dir, words, NULL, G_SPAWN_DO_NOT_REAP_CHILD,
                                              bind_life, NULL, &pid, in, out, out, error);

        close(in);
        close(out);
        return is_done && await_exit(pid, status_out);
}

int
scenario_daemon_command(ScenarioDaemon *daemon, char **words, GString *output, GError **error)
{
        g_autofree char *program = g_build_filename(g_getenv("MOTET_TEST_BUILD"), "motetctl", NULL);
        g_autofree char *file = g_build_filename(daemon->dir, "output", NULL);
        g_autofree char *printed = NULL;
        g_autoptr(GPtrArray) all = g_ptr_array_new();
        int status = -1;

        g_ptr_array_add(all, program);
        g_ptr_array_add(all, (void *)"--config");
        g_ptr_array_add(all, daemon->config);
        g_ptr_array_add(all, (void *)"--password-stdin");
        for (; *words; words++)
                g_ptr_array_add(all, *words);
        g_ptr_array_add(all, NULL);
        if (!run_program(daemon, (char **)all->pdata, file, &status, error))
                return -1;
        if (g_file_get_contents(file, &printed, NULL, NULL))
                g_string_append(output, printed);
        unlink(file);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* What it is like */

uint16_t
scenario_daemon_port(ScenarioDaemon *daemon, bool tls)
{
        return tls ? daemon->tls_port : daemon->port;
}

char *
scenario_daemon_certificate(const ScenarioDaemon *daemon, const char *domain)
{
        g_autofree char *file = g_strconcat(domain, ".crt", NULL);

        return g_build_filename(daemon->dir, "certs", file, NULL);
}

char *
scenario_daemon_log(const ScenarioDaemon *daemon)
{
        char *log = NULL;

        return g_file_get_contents(daemon->log, &log, NULL, NULL) ? log : g_strdup("");
}
