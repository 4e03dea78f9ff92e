/*
 * config_print: values as an operator writes them.
 */
#include "core/config_print.h"

#include <inttypes.h>

typedef struct {
        const char *name;
        int64_t factor;
} Unit;

/* The largest that divides is used: what is printed is read as the same again. */
static const Unit periods[] = {
        {"d", G_TIME_SPAN_DAY},
        {"h", G_TIME_SPAN_HOUR},
        {"m", G_TIME_SPAN_MINUTE},
        {"s", G_TIME_SPAN_SECOND},
        {"ms", G_TIME_SPAN_MILLISECOND},
        {"us", 1},
        {0},
};
static const Unit sizes[] = {
        {" GiB", 1 << 30}, {" MiB", 1 << 20}, {" KiB", 1 << 10}, {"", 1}, {0},
};

static char *
print_unit(const Unit *units, int64_t value)
{
        const Unit *unit = units;

        while (unit[1].name && value % unit->factor != 0)
                unit++;
        return g_strdup_printf("%" PRId64 "%s", value / unit->factor, unit->name);
}

char *
config_print_integer(ConfigUnit unit, int64_t value)
{
        if (unit == CONFIG_DURATION)
                return value == 0 ? g_strdup("0s") : print_unit(periods, value);
        if (unit == CONFIG_SIZE)
                return value == 0 ? g_strdup("0") : print_unit(sizes, value);
        return g_strdup_printf("%" PRId64, value);
}

char *
config_print_list(const char *const *items)
{
        g_autofree char *joined = g_strjoinv(", ", (char **)items);

        return g_strdup_printf("[%s]", joined);
}
