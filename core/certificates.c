/*
 * certificates: what is in force, the looks for something newer, and the countdown.
 */
#include "core/certificates.h"

#include <motet/error.h>
#include <motet/log.h>
#include <string.h>

#include "core/certificate_problems.h"

/* A change is taken once nothing has moved for this long: renewers write one file after the
 * other. */
#define STANDSTILL G_TIME_SPAN_SECOND
/* Looks that may find something still moving before what is there is taken all the same. */
#define PATIENCE 3
#define NAMES_TOLD 3
/* Others wait meanwhile: a context takes about 0.1 ms. */
#define RENEWED_AT_ONCE 64
#define BREATH (10 * G_TIME_SPAN_MILLISECOND)
#define TOLD_FIRST 30 /* days before the end; no warning yet: renewers begin about then */
#define TOLD_EXPIRED UINT_MAX

typedef struct Look Look;

struct Certificates {
        Loop *loop;
        TlsServer *tls;
        CertificatePlan *plan;   /* NULL before the first load */
        CertificateStock *stock; /* as of the last reading */
        int64_t period;
        LoopTimer timer;
        Look *look;   /* under way on a worker; NULL */
        char *moving; /* (own) a state that was seen once, and is not the stock's; NULL */
        unsigned n_moves;
        GHashTable *troubles; /* domain -> (own) why it was not renewed, as told */
};

/* What a worker is given and brings back. */
struct Look {
        Certificates *certificates; /* NULL: nobody waits for it any more */
        CertificatePlan *plan;
        char *known, *moving; /* (own) states; @moving may be NULL */
        bool is_unsteady;     /* what is known is to be read again */
        bool take_anything;   /* what moves is read, too */
        CertificateStock *found;
        bool is_changed, is_read;
};

/* Words */

/* Returns: (own) the hosts that @certificate serves: "a.example, b.example and 4 more". */
static char *
hosts_of(const Certificates *self, const Certificate *certificate)
{
        g_autoptr(GString) names = g_string_new(NULL);
        unsigned n = 0;

        for (guint i = 0; i < self->plan->hosts->len; i++) {
                const CertificateWanted *host = g_ptr_array_index(self->plan->hosts, i);
                if (tls_server_certificate(self->tls, host->domain) != certificate)
                        continue;
                if (++n <= NAMES_TOLD)
                        g_string_append_printf(names, "%s%s", n > 1 ? ", " : "", host->domain);
        }
        if (n > NAMES_TOLD)
                g_string_append_printf(names, " and %u more", n - NAMES_TOLD);
        return g_string_free(g_steal_pointer(&names), FALSE);
}

static char *
day_of(int64_t seconds)
{
        g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);

        return date == NULL ? g_strdup("at the end of time") : g_date_time_format(date, "%F");
}

static int64_t
now_of(const Certificates *self)
{
        return loop_wall_now(self->loop) / G_USEC_PER_SEC;
}

/* The countdown */

/* Returns: the smallest of the days told before the end that @left seconds are within; 0: none of
 * them */
static unsigned
days_reached(int64_t left)
{
        static const unsigned days[] = {1, 7, 14, TOLD_FIRST};

        for (size_t i = 0; i < G_N_ELEMENTS(days); i++)
                if (left <= (int64_t)days[i] * CERTIFICATE_DAY_S)
                        return days[i];
        return 0;
}

static void
count_down(const Certificates *self, Certificate *certificate)
{
        int64_t left = certificate->valid_until - now_of(self);
        unsigned reached = left <= 0 ? TOLD_EXPIRED : days_reached(left);
        if (reached == 0 || reached == certificate->told)
                return;

        certificate->told = reached;
        g_autofree char *hosts = hosts_of(self, certificate);
        g_autofree char *rest = certificate_days_text(left);

        if (left <= 0)
                motet_error("certificate for %s has expired: clients will refuse it; renew %s",
                            hosts, certificate->file);
        else if (reached == TOLD_FIRST)
                motet_info("certificate for %s expires in %s (%s)", hosts, rest, certificate->file);
        else
                motet_warn("certificate for %s expires in %s: renew %s", hosts, rest,
                           certificate->file);
}

static void
count_down_all(const Certificates *self)
{
        for (guint i = 0; i < self->plan->hosts->len; i++) {
                const CertificateWanted *host = g_ptr_array_index(self->plan->hosts, i);
                Certificate *certificate = tls_server_certificate(self->tls, host->domain);
                if (certificate != NULL)
                        count_down(self, certificate);
        }
}

/* Renewing */

/* What happens in one round, told at its end: a certificate of many hosts is one line. */
typedef struct {
        GPtrArray *renewed;  /* of (borrowed) CertificateWanted */
        GPtrArray *troubled; /* the same; with a trouble that is news */
} Round;

/* Once per state: the same trouble again is no news. */
static void
note_trouble(Certificates *self, Round *round, const CertificateWanted *host, const char *text)
{
        if (g_strcmp0(g_hash_table_lookup(self->troubles, host->domain), text) == 0)
                return;
        g_hash_table_replace(self->troubles, g_strdup(host->domain), g_strdup(text));
        g_ptr_array_add(round->troubled, (gpointer)(uintptr_t)host);
}

/* Returns: (borrowed) what keeps @best from being put in force instead of @former: while the file
 * that serves the host is being replaced, something worse is no substitute; NULL when it is
 * welcome */
static const char *
objection_to(const Certificates *self, const CertificateWanted *host, const Certificate *best,
             const Certificate *former)
{
        const char *trouble = former == NULL || host->certificate != NULL
                                      ? NULL
                                      : certificate_stock_trouble(self->stock, former->file);

        if (trouble == NULL ||
            certificate_compare(best, former, host->ascii_name, now_of(self)) >= 0)
                return NULL;
        return trouble;
}

static void
put_in_force(Certificates *self, Round *round, const CertificateWanted *host, Certificate *best,
             const Certificate *former)
{
        g_autoptr(GError) error = NULL;
        bool is_same = former != NULL && certificate_is_same(former, best);

        /* Moved to another file, it is the same still. */
        if (is_same)
                best->told = former->told;
        if (is_same && strcmp(former->file, best->file) == 0) {
                g_hash_table_remove(self->troubles, host->domain);
                return;
        }
        if (!tls_server_use(self->tls, host->domain, best, &error)) {
                note_trouble(self, round, host, error->message);
                return;
        }
        g_hash_table_remove(self->troubles, host->domain);
        if (!is_same)
                g_ptr_array_add(round->renewed, (gpointer)(uintptr_t)host);
}

static void
renew_host(Certificates *self, Round *round, const CertificateWanted *host)
{
        Certificate *best = certificate_stock_best(self->stock, host, now_of(self));
        Certificate *former = tls_server_certificate(self->tls, host->domain);

        if (best == NULL) {
                g_autofree char *why = certificate_stock_why(self->stock, host);
                note_trouble(self, round, host, why);
                return;
        }
        if (best == former)
                return;
        const char *objection = objection_to(self, host, best, former);
        if (objection != NULL)
                note_trouble(self, round, host, objection);
        else
                put_in_force(self, round, host, best, former);
}

/* @is_first: of the hosts that @certificate serves; others hear of what concerns them alone */
static void
warn_of_use(const CertificateWanted *host, const Certificate *certificate, int64_t now,
            bool is_first)
{
        g_autoptr(GPtrArray) problems =
                g_ptr_array_new_with_free_func((GDestroyNotify)certificate_problem_free);

        if (certificate->valid_from > now)
                certificate_problems_dates(certificate, now, problems);
        certificate_problems_use(certificate, host, problems);
        for (guint i = 0; i < problems->len; i++) {
                const CertificateProblem *problem = g_ptr_array_index(problems, i);
                if (is_first || problem->kind == CERTIFICATE_WRONG_NAME)
                        motet_warn("%s", problem->text);
        }
}

static void
tell_renewed(const Certificates *self, const Round *round)
{
        g_autoptr(GHashTable) told = g_hash_table_new(NULL, NULL);

        for (guint i = 0; i < round->renewed->len; i++) {
                const CertificateWanted *host = g_ptr_array_index(round->renewed, i);
                Certificate *certificate = tls_server_certificate(self->tls, host->domain);
                bool is_first = g_hash_table_add(told, certificate);
                if (is_first) {
                        g_autofree char *hosts = hosts_of(self, certificate);
                        g_autofree char *day = day_of(certificate->valid_until);
                        motet_info("certificate for %s renewed: expires %s (%s)", hosts, day,
                                   certificate->file);
                }
                warn_of_use(host, certificate, now_of(self), is_first);
        }
}

static void
tell_troubled(const Certificates *self, const Round *round)
{
        g_autoptr(GHashTable) told = g_hash_table_new(NULL, NULL);

        for (guint i = 0; i < round->troubled->len; i++) {
                const CertificateWanted *host = g_ptr_array_index(round->troubled, i);
                Certificate *certificate = tls_server_certificate(self->tls, host->domain);
                if (!g_hash_table_add(told, certificate))
                        continue;
                g_autofree char *hosts = hosts_of(self, certificate);
                motet_warn("certificate for %s is not renewed, the former one stays: %s", hosts,
                           (const char *)g_hash_table_lookup(self->troubles, host->domain));
        }
}

/* Dates pass without any file changing, so the choice is made anew at each look. Returns: whether
 * there is more to do */
static bool
renew_all(Certificates *self)
{
        const GPtrArray *hosts = self->plan->hosts;
        g_autoptr(GPtrArray) renewed = g_ptr_array_new();
        g_autoptr(GPtrArray) troubled = g_ptr_array_new();
        Round round = {.renewed = renewed, .troubled = troubled};
        guint i = 0;

        for (; i < hosts->len && renewed->len < RENEWED_AT_ONCE; i++)
                renew_host(self, &round, g_ptr_array_index(hosts, i));
        const CertificateWanted *first = g_ptr_array_index(hosts, 0);
        if (tls_server_certificate(self->tls, first->domain) !=
            tls_server_certificate(self->tls, ""))
                tls_server_set_default(self->tls, first->domain);
        tell_renewed(self, &round);
        tell_troubled(self, &round);
        count_down_all(self);
        return i < hosts->len;
}

/* Looking */

static void
look_free(Look *look)
{
        certificate_plan_unref(look->plan);
        certificate_stock_free(look->found);
        g_free(look->known);
        g_free(look->moving);
        g_free(look);
}

static void
look_on_worker(void *data)
{
        Look *look = data;

        look->found = certificate_stock_look(look->plan);
        const char *state = look->found->state;
        look->is_changed = strcmp(state, look->known) != 0;
        if (look->is_changed)
                look->is_read = look->take_anything || g_strcmp0(state, look->moving) == 0;
        else
                look->is_read = look->is_unsteady;
        if (look->is_read)
                certificate_stock_read(look->found);
}

static void
look_again_in(Certificates *self, int64_t delay)
{
        loop_timer_arm(self->loop, &self->timer, delay);
}

/* @state: NULL: nothing moves */
static void
set_moving(Certificates *self, const char *state)
{
        g_free(self->moving);
        self->moving = g_strdup(state);
        self->n_moves = state == NULL ? 0 : self->n_moves + 1;
}

static void
take_stock(Certificates *self, CertificateStock *stock_take)
{
        certificate_stock_free(self->stock);
        self->stock = stock_take;
}

static void
look_is_done(void *data)
{
        Look *look = data;
        Certificates *self = look->certificates;
        bool is_moving = look->is_changed && !look->is_read;

        if (self != NULL) {
                self->look = NULL;
                look_again_in(self, is_moving ? STANDSTILL : self->period);
        }
        /* A reload meanwhile has read for itself. */
        if (self != NULL && look->plan == self->plan) {
                set_moving(self, is_moving ? look->found->state : NULL);
                if (look->is_read)
                        take_stock(self, g_steal_pointer(&look->found));
                if (renew_all(self))
                        look_again_in(self, BREATH);
        }
        look_free(look);
}

static void
look_now(LoopTimer *timer)
{
        Certificates *self = CONTAINER_OF(timer, Certificates, timer);
        Look *look = g_new0(Look, 1);

        look->certificates = self;
        look->plan = certificate_plan_ref(self->plan);
        look->known = g_strdup(self->stock->state);
        look->moving = g_strdup(self->moving);
        look->is_unsteady = self->stock->unsteady;
        look->take_anything = self->n_moves >= PATIENCE;
        self->look = look;
        if (loop_offload(self->loop, look_on_worker, look_is_done, look))
                return;
        /* All workers are busy, and many wait. */
        self->look = NULL;
        look_free(look);
        look_again_in(self, STANDSTILL);
}

/* Public */

Certificates *
certificates_new(Loop *loop, TlsServer *tls)
{
        Certificates *self = g_new0(Certificates, 1);

        self->loop = loop;
        self->tls = tls;
        self->timer.func = look_now;
        self->troubles = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        return self;
}

void
certificates_free(Certificates *self)
{
        if (self == NULL)
                return;
        loop_timer_cancel(self->loop, &self->timer);
        if (self->look != NULL)
                self->look->certificates = NULL;
        certificate_stock_free(self->stock);
        certificate_plan_unref(self->plan);
        g_hash_table_unref(self->troubles);
        g_free(self->moving);
        g_free(self);
}

/* certificates_check() tells of the last two weeks, and what was told of the former one is told of
 * the same again. */
static void
inherit_told(const Certificates *self, const CertificateWanted *host, Certificate *certificate)
{
        const Certificate *former = tls_server_certificate(self->tls, host->domain);
        int64_t left = certificate->valid_until - now_of(self);
        unsigned reached = left <= 0 ? TOLD_EXPIRED : days_reached(left);

        if (reached != 0 && reached != TOLD_FIRST)
                certificate->told = reached;
        else if (former != NULL && certificate_is_same(former, certificate))
                certificate->told = former->told;
}

/* Returns: (own) all in force for the hosts of @stock; NULL with an error */
static TlsServer *
serve_all(const Certificates *self, const CertificateStock *stock, GError **error)
{
        g_autoptr(TlsServer) fresh = tls_server_new();

        for (guint i = 0; i < stock->plan->hosts->len; i++) {
                const CertificateWanted *host = g_ptr_array_index(stock->plan->hosts, i);
                Certificate *best = certificate_stock_best(stock, host, now_of(self));
                if (best == NULL) {
                        g_autofree char *why = certificate_stock_why(stock, host);
                        g_set_error(error, MOTET_ERROR, MOTET_ERROR_TLS, "%s", why);
                        return NULL;
                }
                if (!tls_server_use(fresh, host->domain, best, error))
                        return NULL;
                inherit_told(self, host, best);
                if (i == 0)
                        tls_server_set_default(fresh, host->domain);
        }
        return g_steal_pointer(&fresh);
}

bool
certificates_load(Certificates *self, const Config *config, GError **error)
{
        g_autoptr(CertificatePlan) plan = certificate_plan_of(config);
        g_autoptr(CertificateStock) stock = certificate_stock_look(plan);

        certificate_stock_read(stock);
        g_autoptr(TlsServer) fresh = serve_all(self, stock, error);
        if (fresh == NULL)
                return false;
        tls_server_take_all(self->tls, g_steal_pointer(&fresh));
        certificate_plan_unref(self->plan);
        self->plan = g_steal_pointer(&plan);
        take_stock(self, g_steal_pointer(&stock));
        set_moving(self, NULL);
        self->period = config->certificates_period;
        g_hash_table_remove_all(self->troubles);
        return true;
}

void
certificates_watch(Certificates *self)
{
        g_assert(self->plan != NULL);

        count_down_all(self);
        look_again_in(self, self->period);
}

const char *
certificates_trouble(const Certificates *self, const char *domain)
{
        return g_hash_table_lookup(self->troubles, domain);
}
