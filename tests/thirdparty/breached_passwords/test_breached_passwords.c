/*
 * Tests of breached_passwords: what is in the list, and waiting for it.
 */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <motet/modtest.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define ROMEO "romeo@example.org/orchard"
#define CHANGE                                                                                     \
        "<iq type='set' id='%s'><query xmlns='jabber:iq:register'><username>romeo</username>"      \
        "<password>%s</password></query></iq>"
#define ERROR                                                                                      \
        "<iq type='error' id='*' to='" ROMEO "'><error type='%s'>"                                 \
        "<%s xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"

/* List: a file of hashes, in a folder of its own. */
typedef struct {
        char *folder, *path;
} List;

static int
compare_lines(const void *a, const void *b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static List
list_new(const char *const *passwords)
{
        List list = {.folder = g_dir_make_tmp("breached-XXXXXX", NULL)};
        g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GString) text = g_string_new(NULL);

        for (; *passwords; passwords++) {
                g_autofree char *hash =
                        g_compute_checksum_for_string(G_CHECKSUM_SHA1, *passwords, -1);
                g_autofree char *upper = g_ascii_strup(hash, -1);
                g_ptr_array_add(lines, g_strdup_printf("%s:%zu\r\n", upper, strlen(*passwords)));
        }
        g_ptr_array_sort(lines, compare_lines);
        for (guint i = 0; i < lines->len; i++)
                g_string_append(text, lines->pdata[i]);
        list.path = g_build_filename(list.folder, "hashes", NULL);
        g_assert_true(g_file_set_contents(list.path, text->str, -1, NULL));
        return list;
}

static void
list_clear(List *list)
{
        g_remove(list->path);
        g_rmdir(list->folder);
        g_free(list->path);
        g_free(list->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(List, list_clear)

static Modtest *
start(const List *list)
{
        g_autofree char *options = g_strdup_printf("{file: %s, timeout: 5s}", list->path);
        Modtest *test = modtest_new();

        modtest_enable(test, "iq", NULL);
        modtest_enable(test, "breached_passwords", options);
        modtest_start(test);
        return test;
}

static void
choose(MotetSession *session, const char *password)
{
        g_autofree char *iq = g_strdup_printf(CHANGE, "r", password);

        modtest_send(session, iq);
}

static void
assert_error_at(MotetSession *session, const char *type, const char *condition, int line)
{
        g_autofree char *iq = g_strdup_printf(ERROR, type, condition);

        modtest_assert_received_at(session, iq, __FILE__, line);
        modtest_assert_received_nothing_at(session, __FILE__, line);
}
#define assert_error(session, type, condition) assert_error_at(session, type, condition, __LINE__)
/* Nobody here carries out what is not refused. */
#define assert_passed_on(session) assert_error(session, "cancel", "service-unavailable")
#define assert_refused(session) assert_error(session, "modify", "not-acceptable")

/* The first, the last and all between are found; what is not there is not. */
static void
test_known_passwords(void)
{
        char words[40][8];
        const char *passwords[41] = {NULL};
        for (unsigned i = 0; i < 40; i++) {
                g_snprintf(words[i], sizeof words[i], "word%u", i);
                passwords[i] = words[i];
        }
        g_auto(List) list = list_new(passwords);
        g_autoptr(Modtest) test = start(&list);
        MotetSession *romeo = modtest_bind(test, ROMEO);

        for (unsigned i = 0; i < 40; i++) {
                choose(romeo, words[i]);
                assert_refused(romeo);
        }
        for (unsigned i = 40; i < 80; i++) {
                g_autofree char *word = g_strdup_printf("word%u", i);
                choose(romeo, word);
                assert_passed_on(romeo);
        }
}

/* SASLprep (RFC 4013): what is compared is what will be the password: of a soft hyphen nothing
 * stays. */
static void
test_prepared(void)
{
        g_auto(List) list = list_new((const char *const[]){"wherefore", NULL});
        g_autoptr(Modtest) test = start(&list);
        MotetSession *romeo = modtest_bind(test, ROMEO);

        choose(romeo, "where\u00adfore");

        assert_refused(romeo);
}

/* A list of nothing, and files that are none. */
static void
test_unusable_lists(void)
{
        static const char *const contents[] = {"", "password\nsecret\n",
                                               "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8\n"};
        g_auto(List) list = list_new((const char *const[]){"a", NULL});
        g_autoptr(Modtest) test = start(&list);
        MotetSession *romeo = modtest_bind(test, ROMEO);

        for (size_t i = 0; i < G_N_ELEMENTS(contents); i++) {
                g_assert_true(g_file_set_contents(list.path, contents[i], -1, NULL));
                choose(romeo, "password");
                assert_passed_on(romeo);
        }
        modtest_assert_logged(test, "it has lines that are not");
        g_remove(list.path);
        choose(romeo, "password");
        assert_passed_on(romeo);
        modtest_assert_logged(test, "No such file or directory");
}

/* Without a file, nothing starts. */
static void
test_no_file(void)
{
        g_autoptr(Modtest) unset = modtest_new();
        modtest_enable(unset, "breached_passwords", NULL);
        g_autofree char *refusal = modtest_refusal(unset);
        g_assert_nonnull(strstr(refusal, "the option \"file\" is not set"));
        g_clear_pointer(&unset, modtest_free);

        g_autoptr(Modtest) absent = modtest_new();
        modtest_enable(absent, "breached_passwords", "{file: /nonexistent/hashes}");
        g_autofree char *other = modtest_refusal(absent);
        g_assert_nonnull(strstr(other, "/nonexistent/hashes: No such file or directory"));
}

/* Returns: a lock that is there until it is closed */
static int
lock(const List *list)
{
        int fd = open(list->path, O_RDONLY | O_CLOEXEC);

        g_assert_cmpint(flock(fd, LOCK_EX), ==, 0);
        return fd;
}

/* While somebody writes the list, requests wait, and other sessions do not. */
static void
test_waits_for_lock(void)
{
        g_auto(List) list = list_new((const char *const[]){"password", NULL});
        g_autoptr(Modtest) test = start(&list);
        MotetSession *romeo = modtest_bind(test, ROMEO);
        MotetSession *juliet = modtest_bind(test, "juliet@example.org/balcony");
        int fd = lock(&list);

        choose(romeo, "password");
        modtest_advance(test, G_TIME_SPAN_SECOND);
        modtest_advance(test, G_TIME_SPAN_SECOND);
        modtest_assert_received_nothing(romeo);
        modtest_send(juliet, "<iq type='get' id='1' to='example.org'><q xmlns='urn:q'/></iq>");
        modtest_assert_received(juliet,
                                "<iq type='error' id='1' from='example.org' to='*'><error "
                                "type='cancel'><service-unavailable "
                                "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
        close(fd);
        modtest_advance(test, G_TIME_SPAN_SECOND);

        assert_refused(romeo);
}

/* RFC 6120 8.3.2: who waits for too long is told that it may pass, and can go on. */
static void
test_deadline(void)
{
        g_auto(List) list = list_new((const char *const[]){"password", NULL});
        g_autoptr(Modtest) test = start(&list);
        MotetSession *romeo = modtest_bind(test, ROMEO);
        int fd = lock(&list);

        choose(romeo, "password");
        modtest_advance(test, 5 * G_TIME_SPAN_SECOND);
        assert_error(romeo, "wait", "resource-constraint");
        close(fd);
        modtest_advance(test, 5 * G_TIME_SPAN_SECOND);
        modtest_assert_received_nothing(romeo);

        choose(romeo, "password");
        assert_refused(romeo);
}

/* Who went away, and who waits while the module stops, leave nothing behind. */
static void
test_nobody_waits_any_more(void)
{
        g_auto(List) list = list_new((const char *const[]){"password", NULL});
        g_autoptr(Modtest) test = start(&list);
        MotetSession *romeo = modtest_bind(test, ROMEO);
        MotetSession *juliet = modtest_bind(test, "juliet@example.org/balcony");
        int fd = lock(&list);

        choose(romeo, "password");
        modtest_lose(romeo);
        modtest_advance(test, 2 * G_TIME_SPAN_SECOND);
        choose(juliet, "password");
        modtest_disable(test, "breached_passwords");
        modtest_reload(test);
        close(fd);

        modtest_assert_received(juliet,
                                "<iq type='error' id='r' to='*'><error type='cancel'>"
                                "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                                "</error></iq>");
}

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/breached_passwords/known-passwords", test_known_passwords);
        g_test_add_func("/breached_passwords/prepared-as-it-will-be", test_prepared);
        g_test_add_func("/breached_passwords/unusable-lists", test_unusable_lists);
        g_test_add_func("/breached_passwords/no-file", test_no_file);
        g_test_add_func("/breached_passwords/waits-for-the-lock", test_waits_for_lock);
        g_test_add_func("/breached_passwords/deadline-is-told", test_deadline);
        g_test_add_func("/breached_passwords/nobody-waits-any-more", test_nobody_waits_any_more);
        return g_test_run();
}
