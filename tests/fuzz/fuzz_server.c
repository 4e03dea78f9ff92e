/*
 * fuzz_server: any bytes as what several clients send to a whole server, cut in any pieces, while
 * time passes, the store fails and the configuration changes.
 *
 * Input: commands. A byte that XML knows stands for itself, as text of whoever speaks. Others are
 * commands, each with an argument in the byte behind it:
 *
 *   01 n  client n speaks from now on        02 -  it comes, as a stranger      03 -  it is cut off
 *   04 n  it comes logged in as account n    05 n  it binds resource n          06 n  2^n ms pass
 *   07 n  the store fails and is late        08 -  the configuration changes    0b n  it reads no
 * more than 2^n bytes 0c n  the byte n itself                  0e -  what it said so far arrives
 */
#include <stdint.h>
#include <string.h>

#include "core/list.h"
#include "core/sessions.h"
#include "fuzz/house.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { RELOADS_MAX = 4, ADVANCES_MAX = 32 };

static const char modules[] =
        "  bind:\n  blocking:\n  caps:\n  contact:\n  disco:\n  iq:\n  last:\n"
        "  limits:\n  message:\n  motd:\n  offline:\n  open_auth:\n"
        "  presence:\n  private:\n  restricted:\n  roster:\n"
        "  sasl: {options: {allow_unencrypted: true}}\n"
        "  session:\n  vcard:\n  version:\n  welcome:\n";

typedef struct {
        TestServer *server;
        HouseGuest guests[HOUSE_GUESTS];
        HouseGuest *guest; /* who speaks */
        GString *said;     /* and is on its way */
        unsigned n_reloads, n_advances;
} Play;

static void
arrive(Play *play)
{
        g_autofree char *exact = g_memdup2(play->said->str, play->said->len);

        house_receive(play->guest, exact, play->said->len);
        g_string_truncate(play->said, 0);
}

static void
pass_time(Play *play, uint8_t n)
{
        if (play->n_advances++ < ADVANCES_MAX)
                test_server_advance(play->server, G_TIME_SPAN_MILLISECOND << (n % 23));
}

static void
read_slowly(Play *play, uint8_t n)
{
        if (play->guest->session && play->guest->session->conn)
                test_session_set_window(play->guest->session,
                                        n == 0xff ? SIZE_MAX : (size_t)1 << (n % 21));
}

/* A change of the configuration is slow: some are enough. */
static void
reload(Play *play)
{
        if (play->n_reloads++ < RELOADS_MAX)
                house_reload();
}

static void
run_command(Play *play, uint8_t command, uint8_t argument)
{
        if (command == 0x0c) {
                g_string_append_c(play->said, (char)argument);
                return;
        }
        arrive(play);
        switch (command) {
        case 0x01:
                play->guest = &play->guests[argument % HOUSE_GUESTS];
                break;
        case 0x02:
                house_connect(play->guest);
                break;
        case 0x03:
                house_leave(play->guest);
                break;
        case 0x04:
                house_log_in(play->guest, argument);
                break;
        case 0x05:
                house_bind(play->guest, argument % 8);
                break;
        case 0x06:
                pass_time(play, argument);
                break;
        case 0x07:
                house_set_faults((argument & 15) * 60u, (argument >> 4) * G_TIME_SPAN_SECOND);
                break;
        case 0x08:
                reload(play);
                break;
        case 0x0b:
                read_slowly(play, argument);
                break;
        }
}

static bool
is_command(uint8_t byte)
{
        return byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r';
}

/* At any time. */
static void
check_server(const Play *play)
{
        const MotetServer *base = server_base(test_server_core(play->server));
        size_t n_bound = 0;

        for (List *link = base->streams.next; link != &base->streams; link = link->next) {
                const MotetSessionPrivate *priv = CONTAINER_OF(link, MotetSessionPrivate, link);
                const MotetSession *session = &priv->session;
                n_bound += priv->bound;
                if (session->full_jid)
                        g_assert_true(session->username && session->host && session->resource);
                if (session->presence || session->interested)
                        g_assert_nonnull(session->full_jid);
                if (session->conn)
                        g_assert_cmpuint(motet_session_queued(session), <=,
                                         (size_t)priv->limits.send_queue + 4096);
        }
        g_assert_cmpuint(n_bound, ==, sessions_count(base->sessions));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
        Play play = {.server = house_open(modules, bytes, n), .said = g_string_new(NULL)};

        play.guest = &play.guests[0];
        for (size_t i = 0; i < n; i++) {
                if (!is_command(bytes[i])) {
                        g_string_append_c(play.said, (char)bytes[i]);
                        continue;
                }
                run_command(&play, bytes[i], i + 1 < n ? bytes[i + 1] : 0);
                i++;
                check_server(&play);
        }
        arrive(&play);
        check_server(&play);
        house_close(play.guests, HOUSE_GUESTS);
        g_string_free(play.said, TRUE);
        return 0;
}
