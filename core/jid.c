/*
 * jid: XMPP addresses, prepared.
 *
 * Parts are compared as the deployed network does: nodeprep, nameprep with IDNA2003 and
 * resourceprep (RFC 6122), code points unassigned in Unicode 3.2 let through as in query strings,
 * since names and resources of today use them. Of what RFC 7622 adds, the restrictions on
 * localparts are enforced too, its other mappings are not.
 *
 * Source: RFC 6122, RFC 7622, RFC 3454, RFC 3490, RFC 4013.
 */
#include <motet/jid.h>

#include <arpa/inet.h>
#include <idna.h>
#include <string.h>
#include <stringprep.h>

#define LABEL_MAX 63 /* bytes of a label as DNS sees it, RFC 1035 section 2.3.4 */

/* One allocation: full and bare and local, each with its NUL; domain and resource are tails of
 * them. */
struct MotetJid {
        unsigned refs;
        uint16_t bare_at;     /* in @text; 0 when the full address is the bare one */
        uint16_t local_at;    /* in @text; 0: no localpart */
        uint16_t domain_at;   /* in @text */
        uint16_t resource_at; /* in @text; 0: no resourcepart */
        char text[];          /* the whole address comes first */
};

/* A part is prepared in place, in a buffer that holds the longest one. */
#define PART_SIZE (MOTET_JID_PART_MAX + 1)

static bool
is_ascii(const char *text)
{
        for (; *text; text++) {
                if ((unsigned char)*text >= 0x80)
                        return false;
        }
        return true;
}

static void
lower(char *text)
{
        for (; *text; text++)
                *text = g_ascii_tolower(*text);
}

/*
 * libidn tells where GLib would end the process. For want of a few bytes a name must not be taken
 * for none, nor for another: it is tried again, and then ends likewise.
 */
#define TRIES 3
#define LABEL_FLAGS (IDNA_ALLOW_UNASSIGNED | IDNA_USE_STD3_ASCII_RULES)

static int
run_profile(char *part, size_t size, const Stringprep_profile *profile)
{
        for (int i = 0; i < TRIES; i++) {
                int code = stringprep(part, size, 0, profile);
                if (code != STRINGPREP_MALLOC_ERROR)
                        return code;
        }
        g_error("out of memory");
}

/* Runs a profile twice: a prepared part must prepare to itself, or it could never be compared. */
static bool
prepare(char part[static PART_SIZE], const Stringprep_profile *profile)
{
        char again[PART_SIZE];

        if (!g_utf8_validate(part, -1, NULL) ||
            run_profile(part, PART_SIZE, profile) != STRINGPREP_OK || *part == '\0')
                return false;

        g_strlcpy(again, part, sizeof again);
        bool is_stable = run_profile(again, sizeof again, profile) == STRINGPREP_OK &&
                         strcmp(part, again) == 0;
        explicit_bzero(again, sizeof again); /* it may be a password */
        return is_stable;
}

/* Where an ASCII character may stand in a part that is in its canonical form. */
enum {
        IN_LOCAL = 1, /* RFC 7622 3.3.1, and the controls and the space that nodeprep prohibits */
        IN_LABEL = 2, /* RFC 3490 UseSTD3ASCIIRules */
        IN_RESOURCE = 4,
        IS_UPPER = 8, /* in a localpart before it is prepared */
        IN_ALL = IN_LOCAL | IN_LABEL | IN_RESOURCE,
        IN_BOTH = IN_LOCAL | IN_RESOURCE,
};

static const uint8_t places[256] = {
        [' '] = IN_RESOURCE,
        ['!'] = IN_BOTH,
        ['"'] = IN_RESOURCE,
        ['#' ... '%'] = IN_BOTH,
        ['&' ... '\''] = IN_RESOURCE,
        ['(' ... ','] = IN_BOTH,
        ['-'] = IN_ALL,
        ['.'] = IN_BOTH,
        ['/'] = IN_RESOURCE,
        ['0' ... '9'] = IN_ALL,
        [':'] = IN_RESOURCE,
        [';'] = IN_BOTH,
        ['<'] = IN_RESOURCE,
        ['='] = IN_BOTH,
        ['>'] = IN_RESOURCE,
        ['?'] = IN_BOTH,
        ['@'] = IN_RESOURCE,
        ['A' ... 'Z'] = IN_RESOURCE | IS_UPPER,
        ['[' ... '`'] = IN_BOTH,
        ['a' ... 'z'] = IN_ALL,
        ['{' ... '~'] = IN_BOTH,
};

static bool
consists_of(const char *text, size_t len, uint8_t where)
{
        uint8_t common = where;

        for (size_t i = 0; i < len; i++)
                common &= places[(uint8_t)text[i]];
        return common != 0;
}

/* RFC 8264 section 9.17. Fullwidth and halfwidth forms are mapped before it applies (RFC 8265
 * section 3.3.2). */
static bool
has_compat(gunichar c)
{
        char text[8] = {0};

        if (c >= 0xff00 && c <= 0xffef)
                return false;
        g_unichar_to_utf8(c, text);
        g_autofree char *normal = g_utf8_normalize(text, -1, G_NORMALIZE_NFKC);
        return strcmp(normal, text) != 0;
}

/* RFC 8264 sections 9.6 and 9.9: letters by category that identifiers must not hold, old Hangul
 * among them. */
static bool
is_excepted(gunichar c)
{
        return c == 0x640 || c == 0x7fa || c == 0x302e || c == 0x302f ||
               (c >= 0x3031 && c <= 0x3035) || c == 0x303b || (c >= 0x1100 && c <= 0x11ff) ||
               (c >= 0xa960 && c <= 0xa97c) || (c >= 0xd7b0 && c <= 0xd7fb);
}

/* What RFC 8264's IdentifierClass allows beyond ASCII: letters, digits and marks. */
static bool
is_identifier(gunichar c)
{
        switch (g_unichar_type(c)) {
        case G_UNICODE_LOWERCASE_LETTER:
        case G_UNICODE_UPPERCASE_LETTER:
        case G_UNICODE_OTHER_LETTER:
        case G_UNICODE_MODIFIER_LETTER:
        case G_UNICODE_DECIMAL_NUMBER:
        case G_UNICODE_NON_SPACING_MARK:
        case G_UNICODE_SPACING_MARK:
                return !is_excepted(c) && !has_compat(c);
        default:
                return (c >= 0xff01 && c <= 0xff5e) || c == 0xb7 || c == 0x375 || c == 0x5f3 ||
                       c == 0x5f4 || c == 0x30fb || c == 0x6fd || c == 0x6fe || c == 0xf0b ||
                       c == 0x3007;
        }
}

static bool
is_local(const char *local)
{
        for (const char *at = local; *at; at = g_utf8_next_char(at)) {
                gunichar c = g_utf8_get_char(at);
                if (c < 0x80 ? !(places[c] & (IN_LOCAL | IS_UPPER)) : !is_identifier(c))
                        return false;
        }
        return true;
}

static bool
prepare_local(char local[static PART_SIZE])
{
        if (is_ascii(local)) {
                lower(local);
                return is_local(local);
        }

        /* What it becomes must be an identifier as well: a halfwidth filler becomes one that is
         * none. */
        return g_utf8_validate(local, -1, NULL) && is_local(local) &&
               prepare(local, stringprep_xmpp_nodeprep) && is_local(local);
}

static bool
prepare_resource(char resource[static PART_SIZE])
{
        if (!is_ascii(resource))
                return prepare(resource, stringprep_xmpp_resourceprep);

        return consists_of(resource, strlen(resource), IN_RESOURCE);
}

static bool
prepare_password(char password[static PART_SIZE])
{
        /* RFC 4013 leaves ASCII as it is, but for controls; libidn works on copies that it does not
         * wipe. */
        if (!is_ascii(password))
                return prepare(password, stringprep_saslprep);

        return consists_of(password, strlen(password), IN_RESOURCE);
}

/* RFC 3490 UseSTD3ASCIIRules on an ASCII label in lower case. An encoded label needs more than
 * that. */
static bool
is_plain_label(const char *label, size_t len)
{
        return len > 0 && len <= LABEL_MAX && label[0] != '-' && label[len - 1] != '-' &&
               consists_of(label, len, IN_LABEL);
}

/* An ASCII name in lower case without encoded labels. */
static bool
is_plain_name(const char *domain, size_t len)
{
        for (size_t at = 0; at <= len;) {
                const char *dot = memchr(domain + at, '.', len - at);
                size_t label_len = dot ? (size_t)(dot - domain) - at : len - at;
                if (!is_plain_label(domain + at, label_len) ||
                    (label_len >= 4 && memcmp(domain + at, "xn--", 4) == 0))
                        return false;
                at += label_len + 1;
        }
        return true;
}

/* RFC 3490 section 3.1: what is taken for a dot between labels. */
static bool
is_dot(gunichar c)
{
        return c == '.' || c == 0x3002 || c == 0xff0e || c == 0xff61;
}

/* One label in its canonical form, by RFC 3490: nameprep, ToUnicode, and ToASCII as the check. */
/* ToUnicode never fails, but for memory: an encoded label that does not decode stays what it is.
 * Returns: how many points */
static size_t
decode_label(const char *prepared, uint32_t points[static PART_SIZE])
{
        g_autofree gunichar *ucs4 = g_utf8_to_ucs4_fast(prepared, -1, NULL);
        size_t n = (size_t)g_utf8_strlen(prepared, -1);

        for (int i = 0; i < TRIES; i++) {
                size_t n_points = PART_SIZE;
                if (idna_to_unicode_44i(ucs4, n, points, &n_points, LABEL_FLAGS) !=
                    IDNA_MALLOC_ERROR)
                        return n_points;
        }
        g_error("out of memory");
}

static bool
is_label(const uint32_t *points, size_t n)
{
        char ascii[LABEL_MAX + 1];

        for (int i = 0; i < TRIES; i++) {
                int code = idna_to_ascii_4i(points, n, ascii, LABEL_FLAGS);
                if (code != IDNA_MALLOC_ERROR)
                        return code == IDNA_SUCCESS;
        }
        g_error("out of memory");
}

static bool
append_label(GString *name, const char *label, size_t len)
{
        char prepared[PART_SIZE];
        uint32_t points[PART_SIZE];

        memcpy(prepared, label, len);
        prepared[len] = '\0';
        if (!prepare(prepared, stringprep_nameprep))
                return false;

        size_t n_points = decode_label(prepared, points);
        if (!is_label(points, n_points))
                return false;
        for (size_t i = 0; i < n_points; i++)
                g_string_append_unichar(name, points[i]);
        return true;
}

static bool
prepare_name(char domain[static PART_SIZE])
{
        g_autoptr(GString) name = g_string_sized_new(PART_SIZE);

        if (!g_utf8_validate(domain, -1, NULL))
                return false;
        for (const char *at = domain; *at;) {
                const char *end = at;
                while (*end && !is_dot(g_utf8_get_char(end)))
                        end = g_utf8_next_char(end);
                if (name->len > 0)
                        g_string_append_c(name, '.');
                if (!append_label(name, at, (size_t)(end - at)))
                        return false;
                /* RFC 7622 3.2: the last dot, the root's, is dropped. */
                at = *end ? g_utf8_next_char(end) : end;
        }

        return g_strlcpy(domain, name->str, PART_SIZE) < PART_SIZE;
}

/* RFC 6122 2.2: an IPv6 address in brackets, in the one form inet_ntop() writes. */
static bool
prepare_literal(char domain[static PART_SIZE])
{
        char text[INET6_ADDRSTRLEN];
        struct in6_addr address;
        size_t len = strlen(domain);

        if (len < 3 || domain[len - 1] != ']' || len - 2 >= sizeof text)
                return false;
        memcpy(text, domain + 1, len - 2);
        text[len - 2] = '\0';
        if (inet_pton(AF_INET6, text, &address) != 1 ||
            !inet_ntop(AF_INET6, &address, text, sizeof text))
                return false;

        g_snprintf(domain, PART_SIZE, "[%s]", text);
        return true;
}

/* The common case: an ASCII name without encoded labels. Returns: false when it is not that
 * simple. */
static bool
prepare_ascii_name(char domain[static PART_SIZE])
{
        size_t len = strlen(domain);

        lower(domain);
        if (domain[len - 1] == '.')
                len--;
        if (!is_plain_name(domain, len))
                return false;
        domain[len] = '\0';
        return true;
}

static bool
prepare_domain(char domain[static PART_SIZE])
{
        if (*domain == '[')
                return prepare_literal(domain);

        return prepare_ascii_name(domain) || prepare_name(domain);
}

/* Copies the @len bytes of a part and prepares it. */
static bool
take_part(const char *text, size_t len, char part[static PART_SIZE],
          bool (*prepare_part)(char part[static PART_SIZE]))
{
        if (len == 0 || len > MOTET_JID_PART_MAX || memchr(text, '\0', len))
                return false;

        memcpy(part, text, len);
        part[len] = '\0';
        return prepare_part(part);
}

static char *
prepared_dup(const char *text, bool (*prepare_part)(char part[static PART_SIZE]))
{
        char part[PART_SIZE];
        char *prepared = NULL;

        if (!text)
                return NULL;
        if (take_part(text, strnlen(text, PART_SIZE), part, prepare_part))
                prepared = g_strdup(part);
        explicit_bzero(part, sizeof part); /* it may be a password */
        return prepared;
}

/* A part of an address: @len bytes of @text; NULL when it is not there. */
typedef struct {
        const char *text;
        size_t len;
} Slice;

static Slice
slice_of(const char *text)
{
        return (Slice){text, text ? strlen(text) : 0};
}

/* From parts that are prepared. */
static MotetJid *
assemble(Slice local, Slice domain, Slice resource)
{
        size_t local_size = local.text ? local.len + 1 : 0;
        size_t bare_len = domain.len + local_size;
        size_t full_len = bare_len + (resource.text ? resource.len + 1 : 0);
        size_t size = full_len + 1 + (resource.text ? bare_len + 1 : 0) + local_size;

        MotetJid *jid = g_malloc(sizeof *jid + size);
        *jid = (MotetJid){.refs = 1};
        char *at = jid->text;
        if (local.text) {
                at = mempcpy(at, local.text, local.len);
                *at++ = '@';
        }
        at = mempcpy(at, domain.text, domain.len);
        if (resource.text) {
                *at++ = '/';
                jid->resource_at = (uint16_t)(at - jid->text);
                at = mempcpy(at, resource.text, resource.len);
                *at++ = '\0';
                jid->bare_at = (uint16_t)(at - jid->text);
                at = mempcpy(at, jid->text, bare_len);
        }
        *at++ = '\0';
        jid->domain_at = (uint16_t)(jid->bare_at + local_size);
        if (local.text) {
                jid->local_at = (uint16_t)(at - jid->text);
                at = mempcpy(at, local.text, local.len);
                *at = '\0';
        }
        return jid;
}

/* Whether the parts are in their canonical form at first sight, as those of nearly every address
 * are. */
static bool
are_plain(Slice local, Slice domain, Slice resource)
{
        return domain.len <= MOTET_JID_PART_MAX && is_plain_name(domain.text, domain.len) &&
               (!local.text || (local.len > 0 && local.len <= MOTET_JID_PART_MAX &&
                                consists_of(local.text, local.len, IN_LOCAL))) &&
               (!resource.text || (resource.len > 0 && resource.len <= MOTET_JID_PART_MAX &&
                                   consists_of(resource.text, resource.len, IN_RESOURCE)));
}

static MotetJid *
new_prepared(Slice local, Slice domain, Slice resource)
{
        char parts[3][PART_SIZE];

        if (!take_part(domain.text, domain.len, parts[0], prepare_domain) ||
            (local.text && !take_part(local.text, local.len, parts[1], prepare_local)) ||
            (resource.text && !take_part(resource.text, resource.len, parts[2], prepare_resource)))
                return NULL;

        return assemble(slice_of(local.text ? parts[1] : NULL), slice_of(parts[0]),
                        slice_of(resource.text ? parts[2] : NULL));
}

static MotetJid *
new_from_slices(Slice local, Slice domain, Slice resource)
{
        if (are_plain(local, domain, resource))
                return assemble(local, domain, resource);
        return new_prepared(local, domain, resource);
}

/* Of what may be longer than a part: too long is seen all the same. */
static Slice
part_of(const char *text)
{
        return (Slice){text, text ? strnlen(text, PART_SIZE) : 0};
}

MotetJid *
motet_jid_new_parts(const char *local, const char *domain, const char *resource)
{
        if (!domain)
                return NULL;

        return new_from_slices(part_of(local), part_of(domain), part_of(resource));
}

MotetJid *
motet_jid_new(const char *text)
{
        if (!text)
                return NULL;

        /* RFC 7622 3.1: the first '/' starts the resourcepart, an '@' before it ends the
         * localpart. */
        const char *bare_end = strchrnul(text, '/');
        const char *at = memchr(text, '@', (size_t)(bare_end - text));
        const char *domain = at ? at + 1 : text;

        return new_from_slices(at ? (Slice){text, (size_t)(at - text)} : (Slice){NULL, 0},
                               (Slice){domain, (size_t)(bare_end - domain)},
                               part_of(*bare_end ? bare_end + 1 : NULL));
}

char *
motet_jid_prepare_local(const char *local)
{
        return prepared_dup(local, prepare_local);
}

char *
motet_jid_prepare_domain(const char *domain)
{
        return prepared_dup(domain, prepare_domain);
}

char *
motet_jid_prepare_resource(const char *resource)
{
        return prepared_dup(resource, prepare_resource);
}

char *
motet_jid_prepare_password(const char *password)
{
        return prepared_dup(password, prepare_password);
}

MotetJid *
motet_jid_ref(const MotetJid *jid)
{
        g_return_val_if_fail(jid != NULL, NULL);

        MotetJid *shared = (MotetJid *)jid;
        shared->refs++;
        return shared;
}

void
motet_jid_unref(const MotetJid *jid)
{
        MotetJid *shared = (MotetJid *)jid;

        if (shared && --shared->refs == 0)
                g_free(shared);
}

const char *
motet_jid_string(const MotetJid *jid)
{
        g_return_val_if_fail(jid != NULL, "");

        return jid->text;
}

const char *
motet_jid_bare(const MotetJid *jid)
{
        g_return_val_if_fail(jid != NULL, "");

        return jid->text + jid->bare_at;
}

const char *
motet_jid_local(const MotetJid *jid)
{
        g_return_val_if_fail(jid != NULL, NULL);

        return jid->local_at ? jid->text + jid->local_at : NULL;
}

const char *
motet_jid_domain(const MotetJid *jid)
{
        g_return_val_if_fail(jid != NULL, "");

        return jid->text + jid->domain_at;
}

const char *
motet_jid_resource(const MotetJid *jid)
{
        g_return_val_if_fail(jid != NULL, NULL);

        return jid->resource_at ? jid->text + jid->resource_at : NULL;
}

bool
motet_jid_is_bare(const MotetJid *jid)
{
        g_return_val_if_fail(jid != NULL, false);

        return jid->resource_at == 0;
}

bool
motet_jid_equal(const MotetJid *a, const MotetJid *b)
{
        if (!a || !b)
                return a == b;

        return a == b || strcmp(a->text, b->text) == 0;
}

MotetJid *
motet_jid_to_bare(const MotetJid *jid)
{
        g_return_val_if_fail(jid != NULL, NULL);

        if (motet_jid_is_bare(jid))
                return motet_jid_ref(jid);
        return assemble(slice_of(motet_jid_local(jid)), slice_of(motet_jid_domain(jid)),
                        slice_of(NULL));
}

MotetJid *
motet_jid_with_resource(const MotetJid *jid, const char *resource)
{
        g_return_val_if_fail(jid != NULL, NULL);

        char part[PART_SIZE];
        if (!resource || !take_part(resource, part_of(resource).len, part, prepare_resource))
                return NULL;
        return assemble(slice_of(motet_jid_local(jid)), slice_of(motet_jid_domain(jid)),
                        slice_of(part));
}
