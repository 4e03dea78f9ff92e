/*
 * Tests of core/certificates.h: what is renewed on disk, in whatever way, is taken while the server
 * runs, and what cannot be used leaves the former certificate in force. The clock is driven, the
 * files are real.
 */
#include "core/certificates.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/certificates_kit.h"

/* Renewing */

static void
test_a_renewed_one_is_taken_within_ten_seconds(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_start(kit);
        certificates_kit_pass(kit, LOOK);
        certificates_kit_assert_told_nothing(kit);
        certificates_kit_put(kit, "a.example", 180);
        certificates_kit_pass(kit, PICK_UP);

        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 180);
        g_assert_cmpint(certificates_kit_days_of(kit, "b.example"), ==, 90);
        g_assert_cmpint(certificates_kit_days_of(kit, ""), ==, 180);
        /* The driven clock begins on 2026-01-01. */
        certificates_kit_assert_told(kit, "certificate for a.example renewed: expires 2026-06-30");
        certificates_kit_pass(kit, G_TIME_SPAN_HOUR);
        certificates_kit_assert_told_nothing(kit);
}

static void
test_what_is_served_is_the_same_object_while_nothing_changes(CertificatesKit *kit,
                                                             gconstpointer data)
{
        g_autofree char *path = certificate_maker_path(&kit->maker, "certs/a.example.crt");

        (void)data;
        certificates_kit_start(kit);
        const Certificate *before = tls_server_certificate(kit->tls, "a.example");
        g_assert_cmpint(chmod(path, 0644), ==, 0);
        certificates_kit_pass(kit, PICK_UP);

        g_assert_true(tls_server_certificate(kit->tls, "a.example") == before);
        certificates_kit_assert_told_nothing(kit);
}

static void
test_one_line_for_a_certificate_of_many_hosts(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_use_config(
                kit, "hosts:\n  a.example:\n  b.example:\n  c.example:\n  d.example:\n"
                     "  e.example:\n");
        certificates_kit_put_dated(kit, "DNS:*.example", "all", -DAY_S, 90 * DAY_S);
        certificates_kit_load(kit);
        certificates_watch(kit->certificates);
        certificates_kit_put_dated(kit, "DNS:*.example", "all", -DAY_S, 180 * DAY_S);
        certificates_kit_pass(kit, PICK_UP);

        certificates_kit_assert_told(
                kit, "certificate for a.example, b.example, c.example and 2 more renewed");
}

/* Nobody waits for hundreds of contexts to be made. */
static void
test_many_are_renewed_a_few_at_a_time(CertificatesKit *kit, gconstpointer data)
{
        enum { AT_ONCE = 64 };
        g_autoptr(GString) text = g_string_new("hosts:\n");

        (void)data;
        for (unsigned i = 0; i <= AT_ONCE; i++) {
                g_autofree char *name = g_strdup_printf("h%u.example", i);
                g_string_append_printf(text, "  %s:\n", name);
                certificates_kit_put(kit, name, 90);
        }
        certificates_kit_use_config(kit, text->str);
        certificates_kit_load(kit);
        certificates_watch(kit->certificates);
        for (unsigned i = 0; i <= AT_ONCE; i++) {
                g_autofree char *name = g_strdup_printf("h%u.example", i);
                certificates_kit_put(kit, name, 180);
        }
        certificates_kit_pass(kit, LOOK + G_TIME_SPAN_SECOND);
        g_assert_cmpuint(certificates_kit_n_lines_with(kit, "renewed"), ==, AT_ONCE);
        g_assert_cmpint(certificates_kit_days_of(kit, "h64.example"), ==, 90);
        certificates_kit_pass(kit, 10 * G_TIME_SPAN_MILLISECOND);

        g_assert_cmpuint(certificates_kit_n_lines_with(kit, "renewed"), ==, AT_ONCE + 1);
        g_assert_cmpint(certificates_kit_days_of(kit, "h64.example"), ==, 180);
}

static void
test_a_trouble_of_many_hosts_is_one_line(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_put_dated(kit, "DNS:a.example,DNS:b.example", "both", -DAY_S, 90 * DAY_S);
        certificates_kit_load(kit);
        certificates_watch(kit->certificates);
        certificate_maker_write(&kit->maker, "certs/both.crt", "-----BEGIN CERTIFICATE-----");
        certificates_kit_pass(kit, G_TIME_SPAN_MINUTE);

        certificates_kit_assert_told(kit, "certificate for a.example, b.example is not renewed");
        g_assert_nonnull(certificates_trouble(kit->certificates, "a.example"));
        g_assert_nonnull(certificates_trouble(kit->certificates, "b.example"));
}

/* rooms.example.org without a name of its own in there: said of each such host, but not what is
 * true of the certificate as such. */
static void
test_what_is_wrong_for_one_host_is_told_of_it(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_use_config(kit, "hosts:\n  a.example:\n  x.a.example:\n  y.a.example:\n");
        certificates_kit_put(kit, "a.example", 90);
        certificates_kit_load(kit);
        certificates_watch(kit->certificates);
        certificates_kit_put(kit, "a.example", 180);
        certificates_kit_pass(kit, PICK_UP);

        g_assert_cmpuint(kit->log->len, ==, 3);
        g_assert_cmpuint(
                certificates_kit_n_lines_with(kit, "a.example, x.a.example, y.a.example renewed"),
                ==, 1);
        g_assert_cmpuint(certificates_kit_n_lines_with(kit, "is not for x.a.example"), ==, 1);
        g_assert_cmpuint(certificates_kit_n_lines_with(kit, "is not for y.a.example"), ==, 1);
}

static void
test_files_named_for_a_host_are_renewed(CertificatesKit *kit, gconstpointer data)
{
        const CertificateSpec spec = {.names = "DNS:a.example", .to = 180 * DAY_S};

        (void)data;
        certificates_kit_use_config(kit, "hosts:\n  a.example:\n    certificate: x\n    key: y\n");
        certificate_maker_put(&kit->maker, &(CertificateSpec){.names = "DNS:a.example"}, "x", "y");
        certificates_kit_load(kit);
        certificates_watch(kit->certificates);
        certificate_maker_put(&kit->maker, &spec, "x", "y");
        certificates_kit_pass(kit, PICK_UP);

        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 180);
        certificates_kit_assert_told(kit, "certificate for a.example renewed");
}

/* certbot writes the new version beside the old one, then switches the links. */
static void
test_switched_links_are_followed(CertificatesKit *kit, gconstpointer data)
{
        const CertificateSpec spec = {.names = "DNS:a.example", .to = 180 * DAY_S};

        (void)data;
        certificates_kit_use_config(kit, "hosts:\n  a.example:\ncertificates:\n  folder: live\n");
        certificate_maker_put(&kit->maker, &(CertificateSpec){.names = "DNS:a.example"},
                              "archive/fullchain1.pem", "archive/privkey1.pem");
        certificate_maker_link(&kit->maker, "live/a.example/fullchain.pem",
                               "../../archive/fullchain1.pem");
        certificate_maker_link(&kit->maker, "live/a.example/privkey.pem",
                               "../../archive/privkey1.pem");
        certificates_kit_load(kit);
        certificates_watch(kit->certificates);
        certificate_maker_put(&kit->maker, &spec, "archive/fullchain2.pem", "archive/privkey2.pem");
        certificates_kit_pass(kit, PICK_UP);
        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 90);
        certificate_maker_link(&kit->maker, "live/a.example/privkey.pem",
                               "../../archive/privkey2.pem");
        certificate_maker_link(&kit->maker, "live/a.example/fullchain.pem",
                               "../../archive/fullchain2.pem");
        certificates_kit_pass(kit, PICK_UP);

        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 180);
        certificates_kit_assert_told(kit, "certificate for a.example renewed");
}

/* The key is written first, and the certificate much later: the pair in force stays, and that is
 * said once. */
static void
test_a_pair_that_does_not_match_yet_leaves_the_former(CertificatesKit *kit, gconstpointer data)
{
        const CertificateSpec spec = {.names = "DNS:a.example", .to = 180 * DAY_S};
        g_auto(MadeCertificate) made = {0};

        (void)data;
        certificates_kit_start(kit);
        certificate_maker_make(&kit->maker, &spec, &made);
        certificate_maker_write(&kit->maker, "certs/a.example.key", made.key);
        certificates_kit_pass(kit, G_TIME_SPAN_MINUTE);
        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 90);
        certificates_kit_assert_told(
                kit, "certificate for a.example is not renewed, the former one stays: ");
        g_assert_nonnull(
                strstr(certificates_trouble(kit->certificates, "a.example"), "no key that"));
        g_assert_null(certificates_trouble(kit->certificates, "b.example"));

        certificate_maker_write(&kit->maker, "certs/a.example.crt", made.certificate);
        certificates_kit_pass(kit, PICK_UP);
        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 180);
        certificates_kit_assert_told(kit, "certificate for a.example renewed");
        g_assert_null(certificates_trouble(kit->certificates, "a.example"));
}

/* Renewers take less than a second between two files; a look in between is no reason to alarm
 * anybody. */
static void
test_what_is_still_moving_is_left_alone(CertificatesKit *kit, gconstpointer data)
{
        const CertificateSpec spec = {.names = "DNS:a.example", .to = 180 * DAY_S};
        g_auto(MadeCertificate) made = {0};

        (void)data;
        certificates_kit_start(kit);
        certificate_maker_make(&kit->maker, &spec, &made);
        certificate_maker_write(&kit->maker, "certs/a.example.key", made.key);
        certificates_kit_pass(kit, LOOK);
        certificate_maker_write(&kit->maker, "certs/a.example.crt", made.certificate);
        certificates_kit_pass(kit, LOOK);

        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 180);
        certificates_kit_assert_told(kit, "certificate for a.example renewed");
}

/* Somebody who writes on and on must not keep a certificate from being renewed. */
static void
test_what_never_stands_still_is_taken_in_time(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_start(kit);
        certificates_kit_put(kit, "a.example", 180);
        for (unsigned i = 0; i < 10; i++) {
                g_autofree char *text = g_strnfill(i, '\n');
                certificate_maker_write(&kit->maker, "certs/other.pem", text);
                certificates_kit_pass(kit, G_TIME_SPAN_SECOND);
        }

        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 180);
}

static void
test_a_file_cut_short_leaves_the_former(CertificatesKit *kit, gconstpointer data)
{
        const CertificateSpec spec = {.names = "DNS:a.example", .to = 180 * DAY_S};
        g_auto(MadeCertificate) made = {0};

        (void)data;
        certificates_kit_start(kit);
        certificate_maker_make(&kit->maker, &spec, &made);
        g_autofree char *cut = g_strndup(made.certificate, 300);
        certificate_maker_write(&kit->maker, "certs/a.example.crt", cut);
        certificate_maker_write(&kit->maker, "certs/a.example.key", made.key);
        certificates_kit_pass(kit, G_TIME_SPAN_MINUTE);
        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 90);
        certificates_kit_assert_told(kit, "a.example.crt: what is in it is damaged");

        certificate_maker_write(&kit->maker, "certs/a.example.crt", made.certificate);
        certificates_kit_pass(kit, PICK_UP);
        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 180);
        certificates_kit_assert_told(kit, "renewed");
}

static void
test_what_cannot_be_read_leaves_the_former(CertificatesKit *kit, gconstpointer data)
{
        g_autofree char *path = certificate_maker_path(&kit->maker, "certs/a.example.key");
        bool is_root = geteuid() == 0;

        (void)data;
        certificates_kit_start(kit);
        g_autofree char *dir = certificate_maker_path(&kit->maker, "certs");
        g_autofree char *other = certificate_maker_path(&kit->maker, "certs/b.example.key");
        for (const char *const *each = (const char *const[]){kit->maker.dir, dir, NULL}; *each;
             each++)
                g_assert_cmpint(chmod(*each, 0755), ==, 0);
        g_assert_true(!is_root || chown(other, 65534, 65534) == 0);
        certificates_kit_put(kit, "a.example", 180);
        g_assert_cmpint(chmod(path, 0), ==, 0);
        g_autofree char *chain = certificate_maker_path(&kit->maker, "certs/a.example.crt");
        g_autofree char *other_chain = certificate_maker_path(&kit->maker, "certs/b.example.crt");
        g_assert_cmpint(chmod(chain, 0644), ==, 0);
        g_assert_cmpint(chmod(other_chain, 0644), ==, 0);

        /* Threads have their own effective user in the kernel; the C library sets that of all. */
        g_assert_true(!is_root || seteuid(65534) == 0);
        certificates_kit_pass(kit, G_TIME_SPAN_MINUTE);
        g_assert_true(!is_root || seteuid(0) == 0);

        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 90);
        certificates_kit_assert_told(kit, "let the server's user read it");
        g_assert_cmpint(chmod(path, 0600), ==, 0);
        certificates_kit_pass(kit, PICK_UP);
        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 180);
        certificates_kit_assert_told(kit, "renewed");
}

/* While the better one is being replaced, a worse one that is there is no reason to switch to and
 * fro. */
static void
test_a_worse_one_is_no_substitute_meanwhile(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_put_dated(kit, "DNS:*.example", "wild", -DAY_S, 300 * DAY_S);
        certificates_kit_start(kit);
        certificate_maker_write(&kit->maker, "certs/a.example.crt",
                                "-----BEGIN CERTIFICATE-----\nMIIB");
        certificates_kit_pass(kit, G_TIME_SPAN_MINUTE);
        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 90);
        certificates_kit_assert_told(kit, "a.example.crt: what is in it is damaged");

        /* Taken away on purpose, it is. */
        g_autofree char *path = certificate_maker_path(&kit->maker, "certs/a.example.crt");
        g_assert_cmpint(g_unlink(path), ==, 0);
        certificates_kit_pass(kit, PICK_UP);
        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 300);
        certificates_kit_assert_told(kit, "certificate for a.example renewed");
}

static void
test_files_that_vanish_leave_the_former(CertificatesKit *kit, gconstpointer data)
{
        g_autofree char *chain = certificate_maker_path(&kit->maker, "certs/a.example.crt");

        (void)data;
        certificates_kit_start(kit);
        g_assert_cmpint(g_unlink(chain), ==, 0);
        certificates_kit_pass(kit, G_TIME_SPAN_MINUTE);

        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 90);
        certificates_kit_assert_told(
                kit, "certificate for a.example is not renewed, the former one stays: no "
                     "certificate for a.example");
}

static void
test_a_moved_file_is_no_news(CertificatesKit *kit, gconstpointer data)
{
        g_autofree char *from = certificate_maker_path(&kit->maker, "certs/a.example.crt");
        g_autofree char *to = certificate_maker_path(&kit->maker, "certs/moved.crt");

        (void)data;
        certificates_kit_put(kit, "b.example", 90);
        certificates_kit_put(kit, "a.example", 20);
        certificates_kit_load(kit);
        certificates_watch(kit->certificates);
        certificates_kit_assert_told(kit, "certificate for a.example expires in 20 days");
        g_assert_cmpint(g_rename(from, to), ==, 0);
        certificates_kit_pass(kit, PICK_UP);

        g_assert_cmpstr(tls_server_certificate(kit->tls, "a.example")->file, ==, to);
        certificates_kit_assert_told_nothing(kit);
}

/* Nothing on disk changes, but the date does. */
static void
test_one_that_becomes_valid_is_taken_then(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_use_slow_config(kit);
        certificates_kit_start(kit);
        certificates_kit_put_dated(kit, "DNS:a.example", "next", 2 * DAY_S, 180 * DAY_S);
        certificates_kit_pass(kit, 2 * G_TIME_SPAN_DAY - G_TIME_SPAN_SECOND);
        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 90);
        certificates_kit_pass(kit, G_TIME_SPAN_HOUR);

        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 180);
        certificates_kit_assert_told(kit, "certificate for a.example renewed");
}

static void
test_a_renewed_one_of_no_use_is_warned_of(CertificatesKit *kit, gconstpointer data)
{
        const CertificateSpec spec = {.names = "DNS:z.example", .to = 180 * DAY_S};

        (void)data;
        certificates_kit_use_config(kit, "hosts:\n  a.example:\n    certificate: x\n    key: y\n");
        certificate_maker_put(&kit->maker, &(CertificateSpec){.names = "DNS:a.example"}, "x", "y");
        certificates_kit_load(kit);
        certificates_watch(kit->certificates);
        certificate_maker_put(&kit->maker, &spec, "x", "y");
        certificates_kit_pass(kit, PICK_UP);

        g_assert_cmpuint(certificates_kit_n_lines_with(kit, "renewed"), ==, 1);
        g_assert_cmpuint(certificates_kit_n_lines_with(kit, "is not for a.example"), ==, 1);
}

static void
test_the_period_is_configured(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_use_config(
                kit, "hosts:\n  a.example:\n  b.example:\ncertificates:\n  look_every: 10m\n");
        certificates_kit_start(kit);
        certificates_kit_put(kit, "a.example", 180);
        certificates_kit_pass(kit, 10 * G_TIME_SPAN_MINUTE - 1);
        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 90);
        certificates_kit_pass(kit, PICK_UP);

        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 180);
}

/* A step of @kit's test that is taken while a worker looks: the timers of a turn have fired, what
 * they offloaded comes back in a later one. */
typedef struct {
        LoopTimer timer;
        LoopJob job;
        CertificatesKit *kit;
} Meanwhile;

static void
queue_step(LoopTimer *timer)
{
        Meanwhile *meanwhile = (Meanwhile *)timer;

        loop_slow(meanwhile->kit->loop, &meanwhile->job);
}

/* Of a change on disk: the first look sees it, and the second one, a second later, reads it. */
static void
do_during_the_second_look(CertificatesKit *kit, LoopJobFunc step)
{
        Meanwhile meanwhile = {.timer.func = queue_step, .job.func = step, .kit = kit};

        loop_timer_arm(kit->loop, &meanwhile.timer, LOOK + G_TIME_SPAN_SECOND);
        certificates_kit_pass(kit, G_TIME_SPAN_MINUTE);
}

static void
free_certificates(LoopJob *job)
{
        CertificatesKit *kit = CONTAINER_OF(job, Meanwhile, job)->kit;

        g_clear_pointer(&kit->certificates, certificates_free);
}

static void
test_a_look_under_way_at_the_end_is_dropped(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_start(kit);
        certificates_kit_put(kit, "a.example", 180);
        do_during_the_second_look(kit, free_certificates);

        g_assert_cmpint(certificates_kit_days_of(kit, "a.example"), ==, 90);
}

static void
load_for_another_host(LoopJob *job)
{
        CertificatesKit *kit = CONTAINER_OF(job, Meanwhile, job)->kit;

        certificates_kit_use_config(kit, "hosts:\n  c.example:\n");
        certificates_kit_load(kit);
}

/* What it brings holds nothing for the hosts that are served now. */
static void
test_a_look_for_other_hosts_is_dropped(CertificatesKit *kit, gconstpointer data)
{
        (void)data;
        certificates_kit_start(kit);
        certificates_kit_put(kit, "a.example", 180);
        certificates_kit_put(kit, "c.example", 90);
        do_during_the_second_look(kit, load_for_another_host);
        g_assert_false(tls_server_has_certificate(kit->tls, "a.example"));
        certificates_kit_assert_told_nothing(kit);
        certificates_kit_put(kit, "c.example", 180);
        certificates_kit_pass(kit, PICK_UP);

        g_assert_cmpint(certificates_kit_days_of(kit, "c.example"), ==, 180);
        certificates_kit_assert_told(kit, "certificate for c.example renewed");
}

#define ADD(path, func)                                                                            \
        g_test_add(path, CertificatesKit, NULL, certificates_kit_set_up, func,                     \
                   certificates_kit_tear_down)

int
main(int argc, char **argv)
{
        g_test_init(&argc, &argv, NULL);
        ADD("/certificates-renewal/a-renewed-one-is-taken-within-ten-seconds",
            test_a_renewed_one_is_taken_within_ten_seconds);
        ADD("/certificates-renewal/what-is-served-is-the-same-object-while-nothing-changes",
            test_what_is_served_is_the_same_object_while_nothing_changes);
        ADD("/certificates-renewal/one-line-for-a-certificate-of-many-hosts",
            test_one_line_for_a_certificate_of_many_hosts);
        ADD("/certificates-renewal/many-are-renewed-a-few-at-a-time",
            test_many_are_renewed_a_few_at_a_time);
        ADD("/certificates-renewal/a-trouble-of-many-hosts-is-one-line",
            test_a_trouble_of_many_hosts_is_one_line);
        ADD("/certificates-renewal/what-is-wrong-for-one-host-is-told-of-it",
            test_what_is_wrong_for_one_host_is_told_of_it);
        ADD("/certificates-renewal/files-named-for-a-host-are-renewed",
            test_files_named_for_a_host_are_renewed);
        ADD("/certificates-renewal/switched-links-are-followed", test_switched_links_are_followed);
        ADD("/certificates-renewal/a-pair-that-does-not-match-yet-leaves-the-former",
            test_a_pair_that_does_not_match_yet_leaves_the_former);
        ADD("/certificates-renewal/what-is-still-moving-is-left-alone",
            test_what_is_still_moving_is_left_alone);
        ADD("/certificates-renewal/what-never-stands-still-is-taken-in-time",
            test_what_never_stands_still_is_taken_in_time);
        ADD("/certificates-renewal/a-file-cut-short-leaves-the-former",
            test_a_file_cut_short_leaves_the_former);
        ADD("/certificates-renewal/what-cannot-be-read-leaves-the-former",
            test_what_cannot_be_read_leaves_the_former);
        ADD("/certificates-renewal/a-worse-one-is-no-substitute-meanwhile",
            test_a_worse_one_is_no_substitute_meanwhile);
        ADD("/certificates-renewal/files-that-vanish-leave-the-former",
            test_files_that_vanish_leave_the_former);
        ADD("/certificates-renewal/a-moved-file-is-no-news", test_a_moved_file_is_no_news);
        ADD("/certificates-renewal/one-that-becomes-valid-is-taken-then",
            test_one_that_becomes_valid_is_taken_then);
        ADD("/certificates-renewal/a-renewed-one-of-no-use-is-warned-of",
            test_a_renewed_one_of_no_use_is_warned_of);
        ADD("/certificates-renewal/the-period-is-configured", test_the_period_is_configured);
        ADD("/certificates-renewal/a-look-under-way-at-the-end-is-dropped",
            test_a_look_under_way_at_the_end_is_dropped);
        ADD("/certificates-renewal/a-look-for-other-hosts-is-dropped",
            test_a_look_for_other_hosts_is_dropped);
        return g_test_run();
}
