/*
 * Tests of core/module_dev.h while something is under way: stanzas that wait in the module, another
 * module that is developed, callers who leave and a server that stops meanwhile.
 */
#include "core/module_dev.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test_answer.h"
#include "support/test_server.h"

#define LOOK (500 * G_TIME_SPAN_MILLISECOND)
#define WAITS (5 * G_TIME_SPAN_SECOND) /* a stanza, in keeper */
#define KEEPER "modules: {keeper: }\n"

typedef struct {
        char *installed, *build; /* folders */
        TestServer *server;
        MotetSession *romeo, *juliet;
        TestAnswer first, second;
        time_t n_builds; /* each is newer than the one before, however coarse a file's time is */
} Fixture;

/* Develops @name, which is in the build folder. */
static void
begin(Fixture *fixture, const char *name, TestAnswer *answer)
{
        g_autofree char *path = g_strdup_printf("%s/mod_%s.so", fixture->build, name);
        const char *const words[] = {"module", "dev", path, NULL};

        test_answer_hand(answer, path);
        command_run(test_server_core(fixture->server), words, &test_answer_owner, answer);
        test_server_settle(fixture->server);
}

static void
leave(Fixture *fixture, TestAnswer *answer)
{
        answer->unread = -1;
        test_server_advance(fixture->server, LOOK);
}

static void
assert_told(const TestAnswer *answer, const char *part)
{
        if (!strstr(answer->text->str, part))
                g_error("\"%s\" is not in: %s", part, answer->text->str);
}

static void
assert_not_told(const TestAnswer *answer, const char *part)
{
        if (strstr(answer->text->str, part))
                g_error("\"%s\" is in: %s", part, answer->text->str);
}

/* As a linker does: into the file that is there. */
static void
build_to(Fixture *fixture, const char *folder, const char *from, const char *name)
{
        g_autofree char *source =
                g_strdup_printf("%s/test_modules/mod_%s.so", g_getenv("MOTET_TEST_BUILD"), from);
        g_autofree char *path = g_strdup_printf("%s/mod_%s.so", folder, name);
        const struct timespec times[2] = {{.tv_sec = ++fixture->n_builds},
                                          {.tv_sec = fixture->n_builds}};
        g_autofree char *bytes = NULL;
        gsize n;

        g_assert_true(g_file_get_contents(source, &bytes, &n, NULL));
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
        g_assert_cmpint(write(fd, bytes, n), ==, (ssize_t)n);
        g_assert_cmpint(futimens(fd, times), ==, 0);
        close(fd);
}

/* A new build of @name, handed over to its session. */
static void
build_next(Fixture *fixture, const char *from, const char *name)
{
        g_autofree char *path = g_strdup_printf("%s/mod_%s.so", fixture->build, name);

        build_to(fixture, fixture->build, from, name);
        test_answer_hand(&fixture->first, path);
        test_server_advance(fixture->server, 2 * LOOK);
}

static char *
make_folder(void)
{
        char *made = g_dir_make_tmp("motet-dev-XXXXXX", NULL);
        g_autofree char *path = realpath(made, NULL);

        g_free(made);
        return g_strdup(path);
}

static void
set_up(Fixture *fixture, gconstpointer yaml)
{
        fixture->installed = make_folder();
        fixture->build = make_folder();
        test_answer_init(&fixture->first);
        test_answer_init(&fixture->second);
        build_to(fixture, fixture->build, "keeper", "keeper");
        build_to(fixture, fixture->build, "alpha", "alpha");
        build_to(fixture, fixture->installed, "keeper", "keeper");
        g_autofree char *text = g_strdup_printf("modules_dir: %s\n"
                                                "hosts: {example.org: , example.net: }\n%s",
                                                fixture->installed, (const char *)yaml);
        fixture->server = test_server_new_config(text);
        fixture->romeo = test_server_bind(fixture->server, "romeo@example.org/orchard");
        fixture->juliet = test_server_bind(fixture->server, "juliet@example.net/balcony");
}

static int
remove_entry(const char *path, const struct stat *file, int type, struct FTW *place)
{
        (void)file;
        (void)type;
        (void)place;
        return remove(path);
}

static void
tear_down(Fixture *fixture, gconstpointer data)
{
        (void)data;
        test_server_free(fixture->server);
        nftw(fixture->installed, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        nftw(fixture->build, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        test_answer_clear(&fixture->first);
        test_answer_clear(&fixture->second);
        g_free(fixture->installed);
        g_free(fixture->build);
}

static bool
runs(const Fixture *fixture, const char *name)
{
        return test_server_module(fixture->server, name, test_server_host(fixture->server)) != NULL;
}

/* From now on a stanza of @session is under way in keeper. */
static void
keep_busy(MotetSession *session)
{
        g_autofree char *ask = g_strdup_printf(
                "<iq type='get' id='w' to='%s'><wait xmlns='urn:test:keeper'/></iq>",
                motet_host_name(motet_session_host(session)));

        test_session_receive(session, ask);
}

/* Tests */

static void
test_two_modules_are_developed_at_once(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, "keeper", &fixture->first);
        begin(fixture, "alpha", &fixture->second);
        assert_told(&fixture->second, "runs on example.org, example.net and is watched");
        build_next(fixture, "keeper_two", "keeper");
        assert_told(&fixture->first, "new code");
        assert_not_told(&fixture->second, "new code");

        leave(fixture, &fixture->first);
        g_assert_cmpint(fixture->first.code, ==, 0);
        g_assert_true(runs(fixture, "alpha"));
        g_assert_false(runs(fixture, "keeper"));
        leave(fixture, &fixture->second);
        g_assert_cmpint(fixture->second.code, ==, 0);
        g_assert_false(runs(fixture, "alpha"));
}

/* Of a module that keeps no state a new build begins anew, and one without a version has the
 * server's. */
static void
test_a_build_without_state_begins_anew(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, "alpha", &fixture->first);
        build_next(fixture, "alpha", "alpha");

        assert_told(&fixture->first, "new code on example.org, example.net, it begins anew\n");
}

static void
test_one_is_replaced_at_a_time(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, "keeper", &fixture->first);
        keep_busy(fixture->romeo);
        build_next(fixture, "keeper_two", "keeper");
        begin(fixture, "alpha", &fixture->second);

        assert_told(&fixture->second, "module keeper is being replaced at this moment");
        g_assert_cmpint(fixture->second.code, !=, 0);
        test_server_advance(fixture->server, WAITS);
        assert_told(&fixture->first, "new code");
}

/* Patience has an end (10 s), and the older code goes on. */
static void
test_a_module_that_is_always_busy_keeps_its_code(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, "keeper", &fixture->first);
        keep_busy(fixture->romeo);
        build_next(fixture, "keeper_two", "keeper");
        for (int i = 0; i < 3; i++) {
                test_server_advance(fixture->server, WAITS - 2 * G_TIME_SPAN_SECOND);
                keep_busy(i % 2 ? fixture->romeo : fixture->juliet);
        }
        test_server_advance(fixture->server, 2 * G_TIME_SPAN_SECOND);

        assert_told(&fixture->first, "nothing was changed: module keeper is busy");
        assert_not_told(&fixture->first, "new code");
        g_assert_cmpint(fixture->first.code, ==, -1);
}

/* Nobody is left to be told of the new code: it is not taken any more. */
static void
test_who_leaves_while_code_waits(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, "keeper", &fixture->first);
        keep_busy(fixture->romeo);
        build_next(fixture, "keeper_two", "keeper");
        leave(fixture, &fixture->first);
        g_assert_cmpint(fixture->first.code, ==, -1);
        test_server_advance(fixture->server, WAITS);

        g_assert_cmpint(fixture->first.code, ==, 0);
        assert_not_told(&fixture->first, "new code");
        g_assert_false(runs(fixture, "keeper"));
}

static void
test_who_leaves_while_another_is_replaced(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, "alpha", &fixture->second);
        begin(fixture, "keeper", &fixture->first);
        keep_busy(fixture->romeo);
        build_next(fixture, "keeper_two", "keeper");
        leave(fixture, &fixture->second);
        g_assert_true(runs(fixture, "alpha"));
        test_server_advance(fixture->server, WAITS);

        assert_told(&fixture->first, "new code");
        g_assert_cmpint(fixture->second.code, ==, 0);
        g_assert_false(runs(fixture, "alpha"));
}

/* Each of the moments at which a session waits ends with the server. */
static void
test_the_server_stops_before_it_has_begun(Fixture *fixture, gconstpointer data)
{
        (void)data;
        keep_busy(fixture->romeo);
        begin(fixture, "keeper", &fixture->first);
        g_assert_cmpstr(fixture->first.text->str, ==, "");
        test_server_free(g_steal_pointer(&fixture->server));

        g_assert_cmpint(fixture->first.code, ==, 0);
}

static void
test_the_server_stops_while_code_waits(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, "keeper", &fixture->first);
        keep_busy(fixture->romeo);
        build_next(fixture, "keeper_two", "keeper");
        test_server_free(g_steal_pointer(&fixture->server));

        g_assert_cmpint(fixture->first.code, ==, 0);
        assert_not_told(&fixture->first, "new code");
}

static void
test_the_server_stops_while_it_ends(Fixture *fixture, gconstpointer data)
{
        (void)data;
        begin(fixture, "keeper", &fixture->first);
        keep_busy(fixture->romeo);
        leave(fixture, &fixture->first);
        g_assert_cmpint(fixture->first.code, ==, -1);
        test_server_free(g_steal_pointer(&fixture->server));

        g_assert_cmpint(fixture->first.code, ==, 0);
}

#define ADD(name, yaml, func)                                                                      \
        g_test_add("/module-dev/" name, Fixture, yaml, set_up, func, tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("two-modules-are-developed-at-once", "", test_two_modules_are_developed_at_once);
        ADD("a-build-without-state-begins-anew", "", test_a_build_without_state_begins_anew);
        ADD("one-is-replaced-at-a-time", "", test_one_is_replaced_at_a_time);
        ADD("a-module-that-is-always-busy-keeps-its-code", "",
            test_a_module_that_is_always_busy_keeps_its_code);
        ADD("who-leaves-while-code-waits", "", test_who_leaves_while_code_waits);
        ADD("who-leaves-while-another-is-replaced", "", test_who_leaves_while_another_is_replaced);
        ADD("the-server-stops-before-it-has-begun", KEEPER,
            test_the_server_stops_before_it_has_begun);
        ADD("the-server-stops-while-code-waits", "", test_the_server_stops_while_code_waits);
        ADD("the-server-stops-while-it-ends", "", test_the_server_stops_while_it_ends);
        return g_test_run();
}
