/*
 * Giving up root when a call of the system fails: each in turn, once (SECURITY-DEFAULTS R28). Each
 * attempt is a process of its own.
 */
#include "core/privileges.h"

#include <grp.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/failing/failing_calls.h"

enum { IS_DONE = 1, HAS_FAILED = 2, IS_WRONG = 4 };

static bool
skip_without_root(void)
{
        if (geteuid() == 0)
                return false;
        g_test_skip("only root can give it up");
        return true;
}

/* Returns: what a process says that does @step */
static int
run_in_child(int (*step)(void))
{
        int status = 0;
        pid_t pid = fork();

        g_assert_cmpint(pid, >=, 0);
        if (pid == 0)
                _exit(step());
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) & HAS_FAILED)
                failing_calls_was_in_child();
        return WEXITSTATUS(status);
}

/* What it says of itself is so: without an error nothing of root is left. */
static int
judge(bool is_done, const GError *error)
{
        bool is_root = geteuid() == 0 || getegid() == 0 || setuid(0) == 0;

        return (is_done ? IS_DONE : 0) |
               (is_done == !error && !(is_done && is_root) ? 0 : IS_WRONG);
}

static int
become_user(void)
{
        g_autoptr(GError) error = NULL;

        failing_calls_begin();
        bool is_done = privileges_become("nobody", &error);
        int failed = failing_calls_end() ? HAS_FAILED : 0;

        return judge(is_done, error) | failed;
}

/* A folder whose owner has no name. */
static int
become_owner(void)
{
        g_autofree char *dir = g_dir_make_tmp("motet-test-XXXXXX", NULL);
        g_autoptr(GError) error = NULL;

        if (chown(dir, 12345, 12345) < 0)
                return IS_WRONG;
        failing_calls_begin();
        bool is_done = privileges_become_owner(dir, &error);
        int failed = failing_calls_end() ? HAS_FAILED : 0;

        rmdir(dir);
        return judge(is_done, error) | failed;
}

typedef struct {
        int (*step)(void);
        unsigned n_refused;
} Attempts;

static void
attempt(void *data)
{
        Attempts *attempts = data;
        int said = run_in_child(attempts->step);

        g_assert_cmpint(said & IS_WRONG, ==, 0);
        attempts->n_refused += !(said & IS_DONE);
}

static void
test_root_is_given_up_or_that_is_told(void)
{
        Attempts user = {.step = become_user}, owner = {.step = become_owner};

        if (skip_without_root())
                return;
        failing_calls_each(EPERM, NULL, attempt, &user);
        g_assert_cmpuint(user.n_refused, >=, 4);

        failing_calls_each(EPERM, "setgroups", attempt, &owner);
        failing_calls_each(EPERM, "setresuid", attempt, &owner);
        g_assert_cmpuint(owner.n_refused, ==, 2);
}

static void
ask_for_descriptors(void *data)
{
        struct rlimit now;
        uint64_t *least = data;

        g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &now), ==, 0);
        failing_calls_begin();
        uint64_t n = privileges_raise_descriptors();
        failing_calls_end();
        g_assert_cmpuint(n, <=, now.rlim_max);
        *least = MIN(*least, n);
}

/* More is not promised than there is. */
static void
test_descriptors_that_cannot_be_had_are_not_promised(void)
{
        const struct rlimit low = {100, 200};
        uint64_t least = G_MAXUINT64;

        if (!g_test_subprocess()) {
                g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
                g_test_trap_assert_passed();
                return;
        }
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &low), ==, 0);
        failing_calls_each(EPERM, "setrlimit", ask_for_descriptors, &least);
        g_assert_cmpuint(least, ==, 100);
        failing_calls_each(EPERM, "getrlimit", ask_for_descriptors, &least);
        g_assert_cmpuint(least, ==, 0);
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/failing-privileges/root-is-given-up-or-that-is-told",
                        test_root_is_given_up_or_that_is_told);
        g_test_add_func("/failing-privileges/descriptors-that-cannot-be-had-are-not-promised",
                        test_descriptors_that_cannot_be_had_are_not_promised);
        return g_test_run();
}
