/*
 * metrics_text: the exposition format.
 *
 * Source: OpenMetrics 1.0, "Text Format".
 */
#include "core/metrics.h"

static const char *const type_names[] = {
        [METRICS_COUNTER] = "counter",
        [METRICS_GAUGE] = "gauge",
        [METRICS_HISTOGRAM] = "histogram",
        [METRICS_INFO] = "info",
};

static const char *const suffixes[] = {
        [METRICS_COUNTER] = "_total",
        [METRICS_GAUGE] = "",
        [METRICS_HISTOGRAM] = "",
        [METRICS_INFO] = "_info",
};

/* ABNF escaped-string */
static void
append_escaped(GString *line, const char *text)
{
        for (const char *c = text; *c; c++) {
                if (*c == '\n') {
                        g_string_append(line, "\\n");
                        continue;
                }
                if (*c == '"' || *c == '\\')
                        g_string_append_c(line, '\\');
                g_string_append_c(line, *c);
        }
}

void
metrics_text_begin(MetricsText *text, const MetricsFamily *family)
{
        g_autoptr(GString) line = g_string_new(NULL);

        text->family = family;
        g_string_printf(line, "# TYPE %s %s", family->name, type_names[family->type]);
        text->print(text->data, line->str);
        if (family->unit) {
                g_string_printf(line, "# UNIT %s %s", family->name, family->unit);
                text->print(text->data, line->str);
        }
        g_string_printf(line, "# HELP %s ", family->name);
        append_escaped(line, family->help);
        text->print(text->data, line->str);
}

static void
append_label(GString *line, const char *name, const char *value, bool *is_first)
{
        g_string_append_printf(line, "%s%s=\"", *is_first ? "{" : ",", name);
        append_escaped(line, value);
        g_string_append_c(line, '"');
        *is_first = false;
}

/* @limit: of a bucket; NULL: the sample is none */
static GString *
start_line(const MetricsText *text, const char *suffix, const MetricsLabel *labels,
           const char *limit)
{
        GString *line = g_string_new(text->family->name);
        bool is_first = true;

        g_string_append(line, suffix);
        for (; labels && labels->name; labels++)
                append_label(line, labels->name, labels->value, &is_first);
        if (limit)
                append_label(line, "le", limit, &is_first);
        g_string_append(line, is_first ? " " : "} ");
        return line;
}

/* Without a locale's comma, and exactly. */
static void
append_seconds(GString *line, int64_t us)
{
        uint64_t size = us < 0 ? -(uint64_t)us : (uint64_t)us;

        g_string_append_printf(line, "%s%" G_GUINT64_FORMAT ".%06u", us < 0 ? "-" : "",
                               size / G_USEC_PER_SEC, (unsigned)(size % G_USEC_PER_SEC));
        while (line->str[line->len - 1] == '0' && line->str[line->len - 2] != '.')
                g_string_truncate(line, line->len - 1);
}

void
metrics_text_sample(MetricsText *text, const MetricsLabel *labels, uint64_t value)
{
        g_autoptr(GString) line = start_line(text, suffixes[text->family->type], labels, NULL);

        g_string_append_printf(line, "%" G_GUINT64_FORMAT, value);
        text->print(text->data, line->str);
}

void
metrics_text_micros(MetricsText *text, const MetricsLabel *labels, int64_t value)
{
        g_autoptr(GString) line = start_line(text, suffixes[text->family->type], labels, NULL);

        append_seconds(line, value);
        text->print(text->data, line->str);
}

static void
print_bucket(const MetricsText *text, const MetricsLabel *labels, unsigned bucket, uint64_t n)
{
        g_autoptr(GString) limit = g_string_new(NULL);

        if (histogram_limit(bucket) == INT64_MAX)
                g_string_assign(limit, "+Inf");
        else
                append_seconds(limit, histogram_limit(bucket));
        g_autoptr(GString) line = start_line(text, "_bucket", labels, limit->str);
        g_string_append_printf(line, "%" G_GUINT64_FORMAT, n);
        text->print(text->data, line->str);
}

void
metrics_text_histogram(MetricsText *text, const MetricsLabel *labels, const Histogram *histogram)
{
        uint64_t n = 0;

        for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
                n += histogram->counts[i];
                print_bucket(text, labels, i, n);
        }
        g_autoptr(GString) count = start_line(text, "_count", labels, NULL);
        g_string_append_printf(count, "%" G_GUINT64_FORMAT, n);
        text->print(text->data, count->str);
        g_autoptr(GString) sum = start_line(text, "_sum", labels, NULL);
        append_seconds(sum, (int64_t)MIN(histogram->sum, (uint64_t)INT64_MAX));
        text->print(text->data, sum->str);
}

void
metrics_text_end(const MetricsText *text)
{
        text->print(text->data, "# EOF");
}
