/*
 * check_dns: whether clients find what is served: SRV records and addresses of each host, and the
 * lines that belong into its zone.
 *
 * Where a router translates addresses, those of this machine say nothing, so what is compared is
 * ports, and that there are addresses at all.
 *
 * Source: RFC 6120 section 3.2, RFC 2782.
 */
#include <arpa/nameser.h>
#include <string.h>

#include "core/certificate.h"
#include "core/check.h"
#include "core/check_resolver.h"

enum {
        PATIENCE_S = 2, /* for each of two rounds */
        HOSTS_MAX = 100,
        SERVICES_MAX = 16, /* of one record that are followed */
        NO_SUCH_NAME = 3,
        ZONE_TTL = 3600,
};

typedef struct {
        CheckContext *context;
        Address resolver;
        GPtrArray *endpoints; /* (own) */
        GPtrArray *services;  /* (own, the array alone) names, each once */
        GPtrArray *questions; /* (own) */
} Dns;

typedef struct {
        const ConfigHost *host;
        char *name; /* (own) in ASCII form */
} Domain;

static void
found(const Dns *dns, const Domain *domain, FindingId id, const char *text)
{
        const ConfigNode *node = domain->host->node;

        config_findings_add(dns->context->findings, id, node->file, node->line, node->column, "%s",
                            text);
}

static char *
service_name(const char *service, const Domain *domain)
{
        return g_strconcat(service, ".", domain->name, NULL);
}

static char *
zone_line(const char *service, const Domain *domain, uint16_t port)
{
        return g_strdup_printf("%s.%s. %d IN SRV 0 5 %u %s.", service, domain->name, ZONE_TTL, port,
                               domain->name);
}

static bool
is_served(const Dns *dns, const char *service, uint16_t port)
{
        for (guint i = 0; i < dns->endpoints->len; i++) {
                const CheckEndpoint *endpoint = g_ptr_array_index(dns->endpoints, i);
                if (g_strcmp0(endpoint->service, service) == 0 && endpoint->port == port)
                        return true;
        }
        return false;
}

static uint16_t
first_port(const Dns *dns, const char *service)
{
        for (guint i = 0; i < dns->endpoints->len; i++) {
                const CheckEndpoint *endpoint = g_ptr_array_index(dns->endpoints, i);
                if (g_strcmp0(endpoint->service, service) == 0 && endpoint->port > 0)
                        return endpoint->port;
        }
        return 0;
}

static void
add_services(Dns *dns)
{
        for (guint i = 0; i < dns->endpoints->len; i++) {
                const CheckEndpoint *endpoint = g_ptr_array_index(dns->endpoints, i);
                if (endpoint->service && endpoint->port > 0 &&
                    !g_ptr_array_find_with_equal_func(dns->services, endpoint->service, g_str_equal,
                                                      NULL))
                        g_ptr_array_add(dns->services, endpoint->service);
        }
}

static void
ask_addresses(const Dns *dns, const char *name)
{
        check_question(dns->questions, name, ns_t_a);
        check_question(dns->questions, name, ns_t_aaaa);
}

static void
ask_of_domain(const Dns *dns, const Domain *domain)
{
        ask_addresses(dns, domain->name);
        for (guint i = 0; i < dns->services->len; i++) {
                g_autofree char *name = service_name(g_ptr_array_index(dns->services, i), domain);
                check_question(dns->questions, name, ns_t_srv);
        }
}

/* Asks for the addresses of what the records name. */
static void
ask_of_targets(const Dns *dns)
{
        guint n = dns->questions->len;

        for (guint i = 0; i < n; i++) {
                const CheckQuestion *question = g_ptr_array_index(dns->questions, i);
                for (guint j = 0; j < MIN(question->services->len, SERVICES_MAX); j++) {
                        const CheckService *service = g_ptr_array_index(question->services, j);
                        if (*service->target)
                                ask_addresses(dns, service->target);
                }
        }
}

static bool
has_address(const Dns *dns, const char *name)
{
        return check_question(dns->questions, name, ns_t_a)->n_records > 0 ||
               check_question(dns->questions, name, ns_t_aaaa)->n_records > 0;
}

static bool
is_known(const CheckQuestion *question)
{
        return question->answered && (question->code == 0 || question->code == NO_SUCH_NAME);
}

static bool
are_addresses_known(const Dns *dns, const char *name)
{
        return is_known(check_question(dns->questions, name, ns_t_a)) &&
               is_known(check_question(dns->questions, name, ns_t_aaaa));
}

static void
judge_addresses(const Dns *dns, const Domain *domain, const char *name)
{
        if (!are_addresses_known(dns, name)) {
                g_autofree char *text = g_strdup_printf("no answer for the addresses of %s", name);
                found(dns, domain, FINDING_DNS_NO_ANSWER, text);
        } else if (!has_address(dns, name)) {
                g_autofree char *text = g_strdup_printf("%s has neither A nor AAAA record", name);
                found(dns, domain, FINDING_DNS_NO_ADDRESS, text);
        }
}

static void
judge_target(const Dns *dns, const Domain *domain, const char *name, const char *service,
             const CheckService *record)
{
        if (!*record->target) {
                g_autofree char *text = g_strdup_printf("%s says that there is no service", name);
                found(dns, domain, FINDING_DNS_SERVICE_REFUSED, text);
                return;
        }
        if (!is_served(dns, service, record->port)) {
                g_autofree char *text =
                        g_strdup_printf("%s leads to port %u of %s, which is not served here", name,
                                        record->port, record->target);
                found(dns, domain, FINDING_DNS_WRONG_PORT, text);
        }
        judge_addresses(dns, domain, record->target);
        if (check_question(dns->questions, record->target, ns_t_a)->is_alias) {
                g_autofree char *text =
                        g_strdup_printf("%s leads to %s, which is an alias", name, record->target);
                found(dns, domain, FINDING_DNS_ALIAS, text);
        }
}

/* Returns: whether clients are led to another name than the domain's own */
static bool
judge_service(const Dns *dns, const Domain *domain, const char *service)
{
        g_autofree char *name = service_name(service, domain);
        const CheckQuestion *question = check_question(dns->questions, name, ns_t_srv);

        if (!is_known(question)) {
                g_autofree char *text =
                        question->answered
                                ? g_strdup_printf("the resolver failed with code %d for %s",
                                                  question->code, name)
                                : g_strdup_printf("no answer for %s", name);
                found(dns, domain, FINDING_DNS_NO_ANSWER, text);
                return true;
        }
        if (question->services->len == 0) {
                g_autofree char *text = g_strdup_printf("there is no SRV record %s", name);
                found(dns, domain, FINDING_DNS_NO_SERVICE, text);
                return false;
        }
        for (guint i = 0; i < MIN(question->services->len, SERVICES_MAX); i++)
                judge_target(dns, domain, name, service, g_ptr_array_index(question->services, i));
        return true;
}

static void
print_zone(const Dns *dns, const Domain *domain)
{
        for (guint i = 0; i < dns->services->len; i++) {
                const char *service = g_ptr_array_index(dns->services, i);
                uint16_t port = first_port(dns, service);
                g_autofree char *line = zone_line(service, domain, port);
                config_findings_add(dns->context->findings, FINDING_DNS_ZONE_LINE,
                                    dns->context->config->file, 0, 0, "for the zone of %s: %s",
                                    domain->name, service);
                config_findings_hint(dns->context->findings, "%s", line);
        }
}

static void
judge_domain(const Dns *dns, const Domain *domain)
{
        bool is_led_away = dns->services->len > 0;

        for (guint i = 0; i < dns->services->len; i++)
                is_led_away &= judge_service(dns, domain, g_ptr_array_index(dns->services, i));
        if (!is_led_away)
                judge_addresses(dns, domain, domain->name);
        print_zone(dns, domain);
}

static void
domain_free(void *data)
{
        Domain *domain = data;

        g_free(domain->name);
        g_free(domain);
}

/* Names that DNS does not have are left out: addresses, and those of one label. */
static GPtrArray *
domains_of(const Config *config)
{
        GPtrArray *domains = g_ptr_array_new_with_free_func(domain_free);

        for (guint i = 0; i < config->hosts->len && domains->len < HOSTS_MAX; i++) {
                const ConfigHost *host = g_ptr_array_index(config->hosts, i);
                g_autofree char *name = certificate_ascii_name(host->name);
                Address address;
                if (!name || !strchr(name, '.') || address_parse(name, 0, &address))
                        continue;
                Domain *domain = g_new0(Domain, 1);
                *domain = (Domain){host, g_steal_pointer(&name)};
                g_ptr_array_add(domains, domain);
        }
        return domains;
}

static bool
has_any_answer(const Dns *dns)
{
        for (guint i = 0; i < dns->questions->len; i++) {
                if (((const CheckQuestion *)g_ptr_array_index(dns->questions, i))->answered)
                        return true;
        }
        return false;
}

static bool
ask(const Dns *dns)
{
        const Config *config = dns->context->config;
        g_autoptr(GError) error = NULL;

        if (check_resolver_ask(&dns->resolver, dns->questions, PATIENCE_S * G_USEC_PER_SEC,
                               &error) &&
            has_any_answer(dns))
                return true;
        config_findings_add(dns->context->findings, FINDING_DNS_NO_ANSWER, config->file, 0, 0,
                            "the resolver does not answer%s%s", error ? ": " : "",
                            error ? error->message : "");
        return false;
}

static void
look_at_domains(const Dns *dns)
{
        g_autoptr(GPtrArray) domains = domains_of(dns->context->config);

        for (guint i = 0; i < domains->len; i++)
                ask_of_domain(dns, g_ptr_array_index(domains, i));
        if (domains->len == 0)
                return;
        bool is_answered = ask(dns);
        if (is_answered) {
                ask_of_targets(dns);
                is_answered = ask(dns);
        }
        for (guint i = 0; i < domains->len; i++) {
                if (is_answered)
                        judge_domain(dns, g_ptr_array_index(domains, i));
                else
                        print_zone(dns, g_ptr_array_index(domains, i));
        }
}

void
check_dns(CheckContext *context)
{
        g_autoptr(GPtrArray) endpoints = check_endpoints(context, NULL);
        g_autoptr(GPtrArray) services = g_ptr_array_new();
        g_autoptr(GPtrArray) questions = check_questions_new();
        Dns dns = {.context = context,
                   .endpoints = endpoints,
                   .services = services,
                   .questions = questions};

        add_services(&dns);
        if (context->resolver ? check_resolver_parse(context->resolver, &dns.resolver)
                              : check_resolver_usual(context->root, &dns.resolver)) {
                look_at_domains(&dns);
                return;
        }
        config_findings_add(context->findings, FINDING_DNS_NO_ANSWER, context->config->file, 0, 0,
                            "no resolver is known");
        config_findings_hint(context->findings, "motetctl check dns --resolver ADDRESS");
}
