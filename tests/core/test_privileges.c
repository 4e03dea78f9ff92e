/*
 * Tests of core/privileges.h. Each that gives something up does so in a process of its own; those
 * that need root are skipped without.
 *
 * Source: SECURITY-DEFAULTS R28.
 */
#include "core/privileges.h"

#include <arpa/inet.h>
#include <motet/error.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether this process may bind a port below 1024. */
static bool
may_bind_low_port(void)
{
        const struct sockaddr_in address = {.sin_family = AF_INET,
                                            .sin_port = htons(1),
                                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int one = 1;

        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        bool is_bound = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
        close(fd);
        return is_bound;
}

static bool
skip_without_root(void)
{
        if (privileges_are_root())
                return false;
        g_test_skip("needs root");
        return true;
}

static void
test_root_becomes_the_user_for_good(void)
{
        if (skip_without_root())
                return;
        if (!g_test_subprocess()) {
                g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
                g_test_trap_assert_passed();
                return;
        }

        const struct passwd *nobody = getpwnam("nobody");
        g_autoptr(GError) error = NULL;
        uid_t real, effective, saved;

        privileges_become("nobody", &error);

        g_assert_no_error(error);
        g_assert_cmpint(getresuid(&real, &effective, &saved), ==, 0);
        g_assert_true(real == nobody->pw_uid && effective == nobody->pw_uid &&
                      saved == nobody->pw_uid);
        g_assert_true(getegid() == nobody->pw_gid);
        g_assert_cmpint(setuid(0), ==, -1);
        g_assert_cmpint(getgroups(0, NULL), <=, 1);
}

static void
test_low_ports_stay_until_they_are_dropped(void)
{
        if (skip_without_root())
                return;
        if (!g_test_subprocess()) {
                g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
                g_test_trap_assert_passed();
                return;
        }

        bool could = may_bind_low_port();
        g_assert_true(privileges_become("nobody", NULL));
        g_assert_true(may_bind_low_port() == could);
        g_assert_true(privileges_drop_ports(NULL));
        g_assert_false(may_bind_low_port());
}

static void
test_users_that_cannot_be_are_refused(void)
{
        g_autoptr(GError) missing = NULL, root = NULL;

        g_assert_false(privileges_become("no-such-user-here", &missing));
        g_assert_error(missing, MOTET_ERROR, MOTET_ERROR_CONFIG);
        g_assert_false(privileges_become("root", &root));
        g_assert_error(root, MOTET_ERROR, MOTET_ERROR_CONFIG);
}

static void
test_root_becomes_the_owner_of_a_folder(void)
{
        if (skip_without_root())
                return;
        if (!g_test_subprocess()) {
                g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
                g_test_trap_assert_passed();
                return;
        }

        g_autofree char *dir = g_dir_make_tmp("motet-test-XXXXXX", NULL);
        g_assert_true(privileges_become_owner(dir, NULL));
        g_assert_true(privileges_become_owner("/no/such/folder", NULL));
        g_assert_true(privileges_are_root());
        g_assert_cmpint(chown(dir, 12345, 12345), ==, 0);
        g_assert_true(privileges_become_owner(dir, NULL));
        g_assert_cmpuint(geteuid(), ==, 12345);
        g_assert_cmpuint(getegid(), ==, 12345);
        rmdir(dir);
}

/* R28: who cannot know the owner does not go on as root. */
static void
test_owner_that_cannot_be_known_is_refused(void)
{
        g_autofree char *path = g_strnfill(5000, 'x');
        g_autoptr(GError) error = NULL;

        path[0] = '/';
        g_assert_false(privileges_become_owner(path, &error));
        g_assert_error(error, MOTET_ERROR, MOTET_ERROR_IO);
}

static void
test_hardening_leaves_no_core_and_no_readers(void)
{
        if (!g_test_subprocess()) {
                g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
                g_test_trap_assert_passed();
                return;
        }

        struct rlimit core;
        privileges_harden();

        g_assert_cmpint(getrlimit(RLIMIT_CORE, &core), ==, 0);
        g_assert_cmpuint(core.rlim_cur, ==, 0);
        g_assert_cmpuint(core.rlim_max, ==, 0);
        g_assert_cmpuint(umask(0), ==, 077);
}

static void
test_descriptors_are_raised_to_the_hard_limit(void)
{
        if (!g_test_subprocess()) {
                g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
                g_test_trap_assert_passed();
                return;
        }

        const struct rlimit low = {100, 200};
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &low), ==, 0);
        g_assert_cmpuint(privileges_raise_descriptors(), ==, 200);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/privileges/root-becomes-the-user-for-good",
                        test_root_becomes_the_user_for_good);
        g_test_add_func("/privileges/low-ports-stay-until-they-are-dropped",
                        test_low_ports_stay_until_they_are_dropped);
        g_test_add_func("/privileges/users-that-cannot-be-are-refused",
                        test_users_that_cannot_be_are_refused);
        g_test_add_func("/privileges/root-becomes-the-owner-of-a-folder",
                        test_root_becomes_the_owner_of_a_folder);
        g_test_add_func("/privileges/owner-that-cannot-be-known-is-refused",
                        test_owner_that_cannot_be_known_is_refused);
        g_test_add_func("/privileges/hardening-leaves-no-core-and-no-readers",
                        test_hardening_leaves_no_core_and_no_readers);
        g_test_add_func("/privileges/descriptors-are-raised-to-the-hard-limit",
                        test_descriptors_are_raised_to_the_hard_limit);
        return g_test_run();
}
