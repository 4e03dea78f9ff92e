/*
 * fuzz_jid: any bytes as an address and as each part; what is prepared must prepare to itself.
 */
#include <motet/jid.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_part(const char *text, char *(*prepare)(const char *text))
{
        g_autofree char *once = prepare(text);
        if (!once)
                return;

        g_autofree char *twice = prepare(once);
        g_assert_cmpstr(once, ==, twice);
        g_assert_cmpuint(strlen(once), >, 0);
        g_assert_cmpuint(strlen(once), <=, MOTET_JID_PART_MAX);
        g_assert_true(g_utf8_validate(once, -1, NULL));
}

static void
check_address(const char *text)
{
        g_autoptr(MotetJid) jid = motet_jid_new(text);
        if (!jid)
                return;

        g_autoptr(MotetJid) same = motet_jid_new(motet_jid_string(jid));
        g_assert_true(motet_jid_equal(jid, same));
        g_autoptr(MotetJid) parts = motet_jid_new_parts(motet_jid_local(jid), motet_jid_domain(jid),
                                                        motet_jid_resource(jid));
        g_assert_true(motet_jid_equal(jid, parts));

        g_autoptr(MotetJid) bare = motet_jid_to_bare(jid);
        g_assert_cmpstr(motet_jid_string(bare), ==, motet_jid_bare(jid));
        g_assert_true(g_str_has_prefix(motet_jid_string(jid), motet_jid_bare(jid)));
        if (motet_jid_resource(jid)) {
                g_autoptr(MotetJid) full = motet_jid_with_resource(bare, motet_jid_resource(jid));
                g_assert_true(motet_jid_equal(jid, full));
        }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        g_autofree char *text = g_strndup((const char *)data, size);

        check_address(text);
        check_part(text, motet_jid_prepare_local);
        check_part(text, motet_jid_prepare_domain);
        check_part(text, motet_jid_prepare_resource);
        check_part(text, motet_jid_prepare_password);
        return 0;
}
