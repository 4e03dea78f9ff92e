/*
 * Tests of core/confine_files.h and core/denial.h. What is given up does not come back, so each is
 * in a process of its own; skipped where the kernel has no Landlock.
 *
 * Source: SECURITY-DEFAULTS R29.
 */
#include "core/confine_files.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/denial.h"

enum { GOOD = 42 };

/* A folder with folders "data", "certs", "run", "other" and "there", each with a file "file". */
typedef struct {
        char *dir;
} House;

static const char *const rooms[] = {"data", "certs", "run", "other", "there"};

static char *
path_of(const House *house, const char *name)
{
        return g_build_filename(house->dir, name, NULL);
}

static void
set_up(House *house, gconstpointer data)
{
        (void)data;
        house->dir = g_dir_make_tmp("motet-test-XXXXXX", NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(rooms); i++) {
                g_autofree char *room = path_of(house, rooms[i]);
                g_autofree char *file = g_build_filename(room, "file", NULL);
                g_assert_cmpint(g_mkdir(room, 0700), ==, 0);
                g_assert_true(g_file_set_contents(file, "x", 1, NULL));
        }
}

static void
remove_all(const char *path)
{
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        const char *name;

        while (dir && (name = g_dir_read_name(dir))) {
                g_autofree char *entry = g_build_filename(path, name, NULL);
                remove_all(entry);
        }
        g_remove(path);
}

static void
tear_down(House *house, gconstpointer data)
{
        (void)data;
        remove_all(house->dir);
        g_free(house->dir);
}

/* Runs @body in a process that is confined to @files (take). */
static void
assert_confined(const House *house, ConfineFiles *files, bool (*body)(const House *house))
{
        pid_t pid = fork();
        int status;

        if (pid == 0)
                _exit(confine_files_enforce(files, NULL) && body(house) ? GOOD : 2);
        confine_files_free(files);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_true(WIFEXITED(status));
        g_assert_cmpint(WEXITSTATUS(status), ==, GOOD);
}

static void
add(const House *house, ConfineFiles *files, const char *name, unsigned rights)
{
        g_autofree char *path = path_of(house, name);

        confine_files_add(files, path, rights);
}

/* Returns: 0 or the error number */
static int
try_open(const House *house, const char *name, int flags)
{
        g_autofree char *path = path_of(house, name);
        int fd = open(path, flags | O_CLOEXEC, 0600);
        int code = fd < 0 ? errno : 0;

        if (fd >= 0)
                close(fd);
        return code;
}

static int
try_bind(const House *house, const char *name)
{
        g_autofree char *path = path_of(house, name);
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        g_strlcpy(address.sun_path, path, sizeof address.sun_path);
        int code = bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ? errno : 0;
        close(fd);
        return code;
}

static int
try_rename(const House *house, const char *from, const char *to)
{
        g_autofree char *old = path_of(house, from);
        g_autofree char *new = path_of(house, to);

        return rename(old, new) < 0 ? errno : 0;
}

static ConfineFiles *
usual_files(const House *house)
{
        ConfineFiles *files = confine_files_new();

        add(house, files, "data", CONFINE_READ | CONFINE_WRITE);
        add(house, files, "certs", CONFINE_READ);
        add(house, files, "run", CONFINE_SOCKETS);
        return files;
}

static bool
keep_to_them(const House *house)
{
        g_autofree char *data = path_of(house, "data/new");

        return try_open(house, "data/new", O_RDWR | O_CREAT | O_EXCL) == 0 &&
               truncate(data, 10) == 0 && try_rename(house, "data/new", "data/newer") == 0 &&
               try_open(house, "certs/file", O_RDONLY) == 0 &&
               try_open(house, "certs", O_RDONLY | O_DIRECTORY) == 0 &&
               try_open(house, "certs/file", O_WRONLY) == EACCES &&
               try_open(house, "certs/new", O_WRONLY | O_CREAT) == EACCES &&
               try_open(house, "other/file", O_RDONLY) == EACCES &&
               try_open(house, "other", O_RDONLY | O_DIRECTORY) == EACCES &&
               try_open(house, "data/../other/file", O_RDONLY) == EACCES &&
               try_rename(house, "data/newer", "other/newer") == EACCES &&
               try_bind(house, "run/socket") == 0 && try_bind(house, "other/socket") == EACCES &&
               try_open(house, "run/file", O_RDONLY) == EACCES;
}

/* R29: data is written, certificates are read and not written, and nothing else is opened. */
static void
test_only_what_was_named_is_opened(House *house, gconstpointer data)
{
        (void)data;
        assert_confined(house, usual_files(house), keep_to_them);
}

static bool
execute_nothing(const House *house)
{
        char *const argv[] = {(char *)"/bin/true", NULL};

        (void)house;
        return execve(argv[0], argv, argv + 1) < 0 && errno == EACCES;
}

/* R28: also where seccomp is not there to refuse it. */
static void
test_nothing_is_executed(House *house, gconstpointer data)
{
        ConfineFiles *files = usual_files(house);

        (void)data;
        confine_files_add(files, "/", CONFINE_READ);
        assert_confined(house, files, execute_nothing);
}

static bool
open_behind_link(const House *house)
{
        return try_open(house, "certs/link", O_RDONLY) == 0 &&
               try_open(house, "there/file", O_RDONLY) == 0 &&
               try_open(house, "other/file", O_RDONLY) == EACCES;
}

/* certbot: live/NAME/cert.pem is a link to archive/NAME/cert1.pem. */
static void
test_links_are_followed(House *house, gconstpointer data)
{
        g_autofree char *link = path_of(house, "certs/link");
        ConfineFiles *files = confine_files_new();

        (void)data;
        g_assert_cmpint(symlink("../there/file", link), ==, 0);
        confine_files_add_folder_of(files, link, CONFINE_READ);
        assert_confined(house, files, open_behind_link);
}

/* A file that was replaced is another one: its folder is what counts. */
static bool
open_what_was_replaced(const House *house)
{
        return try_rename(house, "data/file", "data/former") == 0 &&
               try_open(house, "data/file", O_WRONLY | O_CREAT | O_APPEND) == 0;
}

static void
test_files_may_be_replaced(House *house, gconstpointer data)
{
        g_autofree char *log = path_of(house, "data/file");
        ConfineFiles *files = confine_files_new();

        (void)data;
        confine_files_add_folder_of(files, log, CONFINE_READ | CONFINE_WRITE);
        assert_confined(house, files, open_what_was_replaced);
}

static bool
is_told_confined(const House *house, const char *name, int mode)
{
        g_autofree char *path = path_of(house, name);
        g_autofree char *text = denial_text(path, mode, EACCES);

        return strstr(text, "confined") && strstr(text, "restart");
}

static bool
is_told(const House *house)
{
        g_autofree char *missing = denial_text("/no/such/file", R_OK, ENOENT);

        return is_told_confined(house, "other/file", R_OK) &&
               is_told_confined(house, "other", R_OK) &&
               is_told_confined(house, "other/new", W_OK) &&
               strcmp(missing, g_strerror(ENOENT)) == 0;
}

/* "Permission denied" would have an operator look at modes that are right. */
static void
test_what_is_denied_is_told_from_missing_rights(House *house, gconstpointer data)
{
        (void)data;
        assert_confined(house, usual_files(house), is_told);
}

static bool
allows(const House *house, const ConfineFiles *files, const char *name, unsigned rights)
{
        g_autofree char *path = path_of(house, name);

        return confine_files_allow(files, path, rights);
}

/* A reload asks before it tries. */
static void
test_what_is_allowed_can_be_asked(House *house, gconstpointer data)
{
        ConfineFiles *files = usual_files(house);
        pid_t pid = fork();
        int status;

        (void)data;
        if (pid == 0) {
                bool is_good = allows(house, files, "other", CONFINE_READ) &&
                               confine_files_enforce(files, NULL) &&
                               allows(house, files, "data/deep/new", CONFINE_WRITE) == false &&
                               allows(house, files, "data/new", CONFINE_WRITE) &&
                               allows(house, files, "certs/file", CONFINE_READ) &&
                               !allows(house, files, "certs/file", CONFINE_WRITE) &&
                               !allows(house, files, "other", CONFINE_READ) &&
                               !allows(house, files, "data/../other/file", CONFINE_READ);
                _exit(is_good ? GOOD : 2);
        }
        confine_files_free(files);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_true(WIFEXITED(status));
        g_assert_cmpint(WEXITSTATUS(status), ==, GOOD);
}

#define ADD(name_, func_) g_test_add("/confine-files/" name_, House, NULL, set_up, func_, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        if (confine_files_version() == 0) {
                g_test_message("this kernel has no Landlock");
                return 0;
        }
        ADD("only-what-was-named-is-opened", test_only_what_was_named_is_opened);
        ADD("nothing-is-executed", test_nothing_is_executed);
        ADD("links-are-followed", test_links_are_followed);
        ADD("files-may-be-replaced", test_files_may_be_replaced);
        ADD("what-is-denied-is-told-from-missing-rights",
            test_what_is_denied_is_told_from_missing_rights);
        ADD("what-is-allowed-can-be-asked", test_what_is_allowed_can_be_asked);
        return g_test_run();
}
