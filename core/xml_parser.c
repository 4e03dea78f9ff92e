/*
 * xml_parser: bytes of a stream into a stream header and trees of depth 1, within limits.
 *
 * Bytes are fed to expat in slices no longer than what an unfinished element may still grow, so
 * neither expat nor the tree ever holds more than the limit allows. Expat's line and column mean
 * nothing here: parsers are shared.
 *
 * Source: RFC 6120 sections 4.2, 4.8, 11; Namespaces in XML 1.0.
 */
#include "core/xml_parser.h"

#include <string.h>

#include "core/xml.h"
#include "core/xml_sax.h"

#define EXPAT_BYTES 10240u /* what a parser costs that has read little */
#define SLICE_MAX 8192u    /* fed at once; expat may keep a buffer of twice that */
#define SLICES_MIN 8u      /* of what is allowed: a stranger's buffer is small beside it */

/* Expat scans a token that has no end yet anew with every piece of it. Each byte fed pays for that
 * many scanned again, beside an advance: segments of a large token stay within it, single bytes of
 * one do not. */
#define RESCANS_PER_BYTE 256u
#define RESCANS_AHEAD (4u * 1024u * 1024u)

#define KEPT_BYTES_MAX                                                                             \
        (1024u * 1024u) /* a paused stream that is still fed is a peer to get rid of */

static void
lend(XmlParser *parser)
{
        XmlLoan *loan;

        if (parser->state == STATE_OPEN) {
                loan = xml_pool_borrow(parser->pool, parser->key);
        } else {
                loan = xml_pool_blank(parser->pool);
                loan->declared = g_ptr_array_new_with_free_func(g_free);
        }
        xml_sax_attach(loan, parser);
        parser->loan = loan;
}

/* The first parser of a stream read the peer's own header: what it says is remembered before the
 * parser goes. */
static void
settle_key(XmlParser *parser)
{
        XmlLoan *loan = parser->loan;

        if (parser->key)
                return;
        parser->key =
                xml_pool_key(parser->pool, g_steal_pointer(&loan->header), loan->declared->len);
        g_clear_pointer(&loan->declared, g_ptr_array_unref);
}

/* Bytes expat has told about. */
static uint64_t
consumed(const XmlLoan *loan)
{
        XML_Index index = XML_GetCurrentByteIndex(loan->expat);

        /* There is no position in a parser that never had to keep a byte. */
        return index < 0 ? loan->fed : (uint64_t)index;
}

/* Bytes of the unfinished element or header so far, those expat has not told about included. */
static size_t
unfinished(const XmlLoan *loan)
{
        if (loan->depth == 0)
                return loan->fed;
        return loan->fed - (loan->depth > 1 ? loan->start : consumed(loan));
}

static void
note_expat_error(XmlParser *parser)
{
        enum XML_Error error = XML_GetErrorCode(parser->loan->expat);

        parser->failure = XML_ErrorString(error);
        switch (error) {
        case XML_ERROR_UNDEFINED_ENTITY:
        case XML_ERROR_RECURSIVE_ENTITY_REF:
        case XML_ERROR_BINARY_ENTITY_REF:
        case XML_ERROR_EXTERNAL_ENTITY_HANDLING:
        case XML_ERROR_ENTITY_DECLARED_IN_PE:
                parser->condition = MOTET_RESTRICTED_XML;
                break;
        default:
                parser->condition = MOTET_NOT_WELL_FORMED;
        }
}

/* Returns: bytes parsed; less than @n when the sink wants no more */
static size_t
parse_slice(XmlParser *parser, const char *bytes, size_t n)
{
        XmlLoan *loan = parser->loan;

        loan->slice = bytes;
        loan->slice_len = n;
        loan->halted = false;
        loan->fed += n;
        enum XML_Status status = xml_loan_parse(loan, bytes, n);

        if (loan->aborted)
                n = loan->halted_at;
        else if (status != XML_STATUS_OK && !loan->halted)
                note_expat_error(parser);
        if (parser->condition || parser->state != STATE_OPEN)
                return n;

        if (loan->aborted) {
                settle_key(parser);
                g_clear_pointer(&parser->loan, xml_loan_free);
        } else if (loan->depth == 1 && consumed(loan) == loan->fed) {
                settle_key(parser);
                xml_pool_give_back(parser->pool, parser->key, g_steal_pointer(&parser->loan));
        }
        return n;
}

static bool
is_parsing(const XmlParser *parser)
{
        return !parser->paused && !parser->dropping && !parser->condition &&
               (parser->state == STATE_HEADER || parser->state == STATE_OPEN);
}

/* RFC 6120 11.6: expat would change to UTF-16 by itself at a byte order mark or a zero in the first
 * two bytes. */
static bool
starts_in_utf16(XmlLoan *loan, const char *bytes, size_t n)
{
        if (loan->depth > 0 || loan->fed >= sizeof loan->lead)
                return false;

        size_t known = loan->fed;
        for (size_t i = 0; i < n && known < sizeof loan->lead; i++)
                loan->lead[known++] = bytes[i];
        return known == sizeof loan->lead &&
               (loan->lead[0] == '\0' || loan->lead[1] == '\0' ||
                memcmp(loan->lead, "\xfe\xff", 2) == 0 || memcmp(loan->lead, "\xff\xfe", 2) == 0);
}

static void
fail_unfed(XmlParser *parser, MotetCondition condition, const char *text)
{
        parser->condition = condition;
        parser->failure = text;
}

/* Whether the peer may have @n bytes parsed, with what expat has to scan again for them. */
static bool
is_affordable(XmlParser *parser, size_t n)
{
        const XmlLoan *loan = parser->loan;
        uint64_t pending = loan->depth == 0 ? loan->fed : loan->fed - consumed(loan);
        uint64_t debt = parser->rescan_debt + pending;
        uint64_t paid = (uint64_t)n * RESCANS_PER_BYTE;

        debt -= MIN(debt, paid);
        if (debt > RESCANS_AHEAD)
                return false;
        parser->rescan_debt = (uint32_t)debt;
        return true;
}

static size_t
skip_blank(const char *bytes, size_t n)
{
        size_t skipped = 0;

        while (skipped < n && xml_sax_is_blank(bytes + skipped, 1))
                skipped++;
        return skipped;
}

/* Returns: bytes done with; what is behind them waits for the sink */
static size_t
parse(XmlParser *parser, const char *bytes, size_t n)
{
        size_t at = 0;

        while (at < n && is_parsing(parser)) {
                if (!parser->loan) {
                        at += skip_blank(bytes + at, n - at);
                        if (at == n)
                                break;
                        lend(parser);
                }
                size_t limit = parser->limits->stanza_bytes, used = unfinished(parser->loan);
                if (starts_in_utf16(parser->loan, bytes + at, n - at)) {
                        fail_unfed(parser, MOTET_UNSUPPORTED_ENCODING, "only UTF-8 is supported");
                        break;
                }
                if (used >= limit) {
                        fail_unfed(parser, MOTET_POLICY_VIOLATION,
                                   "a stanza or stream header is too long");
                        break;
                }
                size_t slice = MIN(MIN(n - at, limit - used), MIN(limit / SLICES_MIN, SLICE_MAX));
                if (!is_affordable(parser, slice)) {
                        fail_unfed(parser, MOTET_POLICY_VIOLATION,
                                   "a large tag comes in too many pieces");
                        break;
                }
                at += parse_slice(parser, bytes + at, slice);
        }
        return at;
}

static void
free_kept(XmlKept *kept)
{
        explicit_bzero(kept->bytes, kept->len); /* there may be a password among them */
        g_free(kept);
}

/* Forgets the open stream and whatever of it is unfinished. */
static void
forget_stream(XmlParser *parser)
{
        g_clear_pointer(&parser->loan, xml_loan_free);
        g_clear_pointer(&parser->key, xml_key_unref);
        g_clear_pointer(&parser->kept, free_kept);
}

/* Settles what the sink or the input decided while bytes were parsed. Returns: whether the parser
 * goes on */
static bool
conclude(XmlParser *parser)
{
        parser->feeding = false;
        parser->dropping = false;
        if (parser->resetting) {
                parser->resetting = false;
                forget_stream(parser);
                parser->state = STATE_HEADER;
        }
        if (parser->condition) {
                MotetCondition condition = parser->condition;
                parser->condition = MOTET_CONDITION_NONE;
                parser->state = STATE_DEAD;
                forget_stream(parser);
                parser->sink->failed(parser->data, condition, parser->failure);
        }
        if (parser->state == STATE_CLOSED || parser->state == STATE_DEAD)
                forget_stream(parser);
        return parser->state != STATE_DEAD;
}

static void
keep(XmlParser *parser, const char *bytes, size_t n)
{
        XmlKept *old = parser->kept;
        size_t old_len = old ? old->len - old->at : 0;

        if (n > KEPT_BYTES_MAX - old_len) {
                fail_unfed(parser, MOTET_POLICY_VIOLATION, "too much was sent ahead");
                return;
        }

        XmlKept *kept = g_malloc(sizeof *kept + old_len + n);
        *kept = (XmlKept){.len = old_len + n};
        if (old)
                memcpy(kept->bytes, old->bytes + old->at, old_len);
        memcpy(kept->bytes + old_len, bytes, n);
        g_clear_pointer(&parser->kept, free_kept);
        parser->kept = kept;
}

XmlParser *
xml_parser_new(XmlPool *pool, const XmlSink *sink, void *data, const MotetSessionLimits *limits)
{
        XmlParser *parser = g_new0(XmlParser, 1);

        parser->pool = pool;
        parser->sink = sink;
        parser->data = data;
        parser->limits = limits;
        return parser;
}

XmlParser *
xml_parser_new_open(XmlPool *pool, const XmlSink *sink, void *data,
                    const MotetSessionLimits *limits, const char *header, unsigned n_declared)
{
        XmlParser *parser = xml_parser_new(pool, sink, data, limits);

        parser->key = xml_pool_key(pool, g_strdup(header), n_declared);
        parser->state = STATE_OPEN;
        return parser;
}

void
xml_parser_free(XmlParser *parser)
{
        if (!parser)
                return;

        g_assert(!parser->feeding);
        forget_stream(parser);
        g_free(parser);
}

bool
xml_parser_feed(XmlParser *parser, const char *bytes, size_t n)
{
        g_assert(!parser->feeding);

        if (parser->state == STATE_DEAD)
                return false;

        parser->feeding = true;
        size_t done = parser->kept ? 0 : parse(parser, bytes, n);
        if (parser->paused && !parser->dropping && !parser->condition && done < n)
                keep(parser, bytes + done, n - done);
        return conclude(parser);
}

void
xml_parser_pause(XmlParser *parser)
{
        parser->paused = true;
}

bool
xml_parser_resume(XmlParser *parser)
{
        g_assert(!parser->feeding);

        parser->paused = false;
        XmlKept *kept = parser->kept;
        if (!kept || parser->state == STATE_DEAD)
                return parser->state != STATE_DEAD;

        parser->feeding = true;
        kept->at += parse(parser, kept->bytes + kept->at, kept->len - kept->at);
        if (!parser->paused || kept->at == kept->len)
                g_clear_pointer(&parser->kept, free_kept);
        return conclude(parser);
}

bool
xml_parser_is_paused(const XmlParser *parser)
{
        return parser->paused;
}

void
xml_parser_reset(XmlParser *parser)
{
        if (parser->state == STATE_DEAD)
                return;

        if (parser->feeding) {
                parser->dropping = true;
                parser->resetting = true;
                return;
        }
        forget_stream(parser);
        parser->state = STATE_HEADER;
}

void
xml_parser_stop(XmlParser *parser)
{
        parser->state = STATE_DEAD;
        if (parser->feeding)
                parser->dropping = true;
        else
                forget_stream(parser);
}

bool
xml_parser_is_idle(const XmlParser *parser)
{
        return !parser->loan && !parser->kept;
}

size_t
xml_parser_memory(const XmlParser *parser)
{
        const XmlLoan *loan = parser->loan;
        size_t size = parser->key ? xml_key_size(parser->key) : 0;

        if (parser->kept)
                size += sizeof *parser->kept + parser->kept->len;
        if (!loan)
                return size;

        size += sizeof *loan + EXPAT_BYTES + unfinished(loan);
        if (loan->tree)
                size += xml_size(loan->tree);
        return size;
}
