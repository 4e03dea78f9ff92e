/*
 * metrics_module: the metrics of modules, each owned by its instance.
 */
#include <motet/error.h>
#include <string.h>

#include "core/metrics.h"

#define NAME_MAX_BYTES 64

typedef struct {
        Owned owned;
        const MotetMetric *metric;
        MetricsFamily family; /* name: (own) */
        size_t n;
        uint64_t values[];
} Metric;

static bool
is_name(const char *text)
{
        return text && g_ascii_islower(text[0]) && strlen(text) <= NAME_MAX_BYTES &&
               text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

/* OpenMetrics keeps them for parts of a family. */
static bool
has_reserved_end(const char *name)
{
        static const char *const ends[] = {"_total",  "_created", "_count",  "_sum",
                                           "_bucket", "_info",    "_gcount", "_gsum"};

        for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
                if (g_str_has_suffix(name, ends[i]))
                        return true;
        }
        return false;
}

static bool
refuse(const MotetMetric *metric, const char *what, GError **error)
{
        g_set_error(error, MOTET_ERROR, MOTET_ERROR_MODULE, "metric \"%s\": %s",
                    metric->name ? metric->name : "", what);
        return false;
}

static bool
check_values(const MotetMetric *metric, GError **error)
{
        size_t n = metric->values ? g_strv_length((char **)metric->values) : 0;

        if (!metric->label)
                return !metric->values || refuse(metric, "has values and no label", error);
        if (!is_name(metric->label) || strcmp(metric->label, "host") == 0 ||
            strcmp(metric->label, "le") == 0)
                return refuse(metric, "its label cannot have that name", error);
        if (n == 0 || n > MOTET_METRIC_VALUES_MAX)
                return refuse(metric, "its label needs at least one value and has room for 32",
                              error);
        for (size_t i = 1; i < n; i++) {
                for (size_t j = 0; j < i; j++) {
                        if (strcmp(metric->values[i], metric->values[j]) == 0)
                                return refuse(metric, "a value of its label is there twice", error);
                }
        }
        return true;
}

bool
metrics_module_check(const MotetMetric *metric, GError **error)
{
        if (!is_name(metric->name) || has_reserved_end(metric->name))
                return refuse(metric,
                              "its name must be lower-case letters, digits and underscores, and "
                              "not end with what OpenMetrics adds",
                              error);
        if (!metric->help || !*metric->help || strchr(metric->help, '\n'))
                return refuse(metric, "needs one line of help", error);
        return check_values(metric, error);
}

static void
metric_drop(Owned *owned)
{
        Metric *metric = CONTAINER_OF(owned, Metric, owned);

        owned_remove(owned);
        g_free((char *)metric->family.name);
        g_free(metric);
}

static Metric *
find(const MotetModule *of, const char *name)
{
        for (List *link = of->owned.next; link != &of->owned; link = link->next) {
                Owned *owned = CONTAINER_OF(link, Owned, link);
                Metric *metric = CONTAINER_OF(owned, Metric, owned);
                if (owned->drop == metric_drop && strcmp(metric->family.name, name) == 0)
                        return metric;
        }
        return NULL;
}

static bool
is_of_core(const char *name)
{
        size_t n;
        const MetricsFamily *families = metrics_families(&n);

        for (size_t i = 0; i < n; i++) {
                if (strcmp(families[i].name, name) == 0)
                        return true;
        }
        return false;
}

/* Names of modules and metrics may run into each other: "a_b" with "c", "a" with "b_c". */
static bool
is_of_another(const MotetModule *self, const char *name)
{
        const GPtrArray *slots = self->server->slots;

        for (guint i = 0; i < slots->len; i++) {
                const MotetModule *other = slots->pdata[i];
                if (other && strcmp(other->info->name, self->info->name) != 0 && find(other, name))
                        return true;
        }
        return false;
}

/* What older code of the same module has counted. */
static void
take_over(Metric *metric, const MotetModule *from)
{
        const Metric *older = from ? find(from, metric->family.name) : NULL;

        if (older && older->n == metric->n && older->metric->type == MOTET_METRIC_COUNTER)
                memcpy(metric->values, older->values, metric->n * sizeof metric->values[0]);
}

uint64_t *
motet_metric_add(MotetModule *self, const MotetMetric *metric, GError **error)
{
        g_return_val_if_fail(self && metric, NULL);

        if (!metrics_module_check(metric, error))
                return NULL;
        g_autofree char *name = g_strdup_printf("motet_%s_%s", self->info->name, metric->name);
        if (find(self, name) || is_of_core(name) || is_of_another(self, name)) {
                refuse(metric, "is there already", error);
                return NULL;
        }

        size_t n = metric->label ? g_strv_length((char **)metric->values) : 1;
        Metric *added = g_malloc0(sizeof(Metric) + n * sizeof added->values[0]);
        added->metric = metric;
        added->n = n;
        added->family.name = g_steal_pointer(&name);
        added->family.type = metric->type == MOTET_METRIC_COUNTER ? METRICS_COUNTER : METRICS_GAUGE;
        added->family.help = metric->help;
        take_over(added, self->replaces);
        owned_add(&added->owned, self, metric_drop);
        return added->values;
}

/* Telling: a family is told of all instances together. */

static void
collect(MotetModule *instance, GPtrArray *all)
{
        for (List *link = instance->owned.next; link != &instance->owned; link = link->next) {
                Owned *owned = CONTAINER_OF(link, Owned, link);
                if (owned->drop == metric_drop)
                        g_ptr_array_add(all, CONTAINER_OF(owned, Metric, owned));
        }
}

static void
print_one(const Metric *metric, MetricsText *text)
{
        const MotetHost *host = metric->owned.owner->host;

        for (size_t i = 0; i < metric->n; i++) {
                MetricsLabel labels[3] = {{0}};
                unsigned n = 0;
                if (host)
                        labels[n++] = (MetricsLabel){"host", host->name};
                if (metric->metric->label)
                        labels[n++] =
                                (MetricsLabel){metric->metric->label, metric->metric->values[i]};
                metrics_text_sample(text, labels, metric->values[i]);
        }
}

static bool
is_same_family(const Metric *a, const Metric *b)
{
        return strcmp(a->family.name, b->family.name) == 0;
}

static bool
was_told(const GPtrArray *all, guint i)
{
        for (guint before = 0; before < i; before++) {
                if (is_same_family(all->pdata[before], all->pdata[i]))
                        return true;
        }
        return false;
}

void
metrics_module_print(Server *server, MetricsText *text)
{
        const GPtrArray *slots = server_base(server)->slots;
        g_autoptr(GPtrArray) all = g_ptr_array_new();

        for (guint i = 0; i < slots->len; i++) {
                if (slots->pdata[i])
                        collect(slots->pdata[i], all);
        }
        for (guint i = 0; i < all->len; i++) {
                const Metric *first = all->pdata[i];
                if (was_told(all, i))
                        continue;
                metrics_text_begin(text, &first->family);
                for (guint other = i; other < all->len; other++) {
                        if (is_same_family(all->pdata[other], first))
                                print_one(all->pdata[other], text);
                }
        }
}
