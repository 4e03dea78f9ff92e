/*
 * check_resolver: a few questions to one DNS server, asked side by side and answered within a time.
 */
#pragma once

#include "core/check_endpoints.h"

/* Of an answer to a question of type SRV. */
typedef struct {
        uint16_t port;
        char *target; /* (own) without dot at the end; "": the service is decidedly not there */
} CheckService;

typedef struct {
        char *name; /* (own) in ASCII form, without dot at the end */
        int type;   /* ns_t_srv, ns_t_a, ns_t_aaaa */
        uint16_t id;
        bool answered;
        int code;            /* of an answer: 0, 3: there is no such name, or else a failure */
        bool is_alias;       /* the answer goes through another name */
        unsigned n_records;  /* of the type that was asked for */
        GPtrArray *services; /* (own) of CheckService */
} CheckQuestion;

/** check_question: Returns: (borrowed) a question for @name, added to @questions when nobody asks
 * that yet */
CheckQuestion *check_question(GPtrArray *questions, const char *name, int type);
/** check_questions_new: Returns: (own) for g_ptr_array_unref() */
GPtrArray *check_questions_new(void);

/** check_resolver_parse: "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]:53" */
bool check_resolver_parse(const char *text, Address *out);
/** check_resolver_usual: the first of @root/etc/resolv.conf */
bool check_resolver_usual(const char *root, Address *out);

/**
 * check_resolver_ask:
 * @patience: µs for all of them
 *
 * Asks what was not answered yet, each at most three times. Returns: false with MOTET_ERROR_IO when
 * nothing can be sent; what was not answered stays so
 */
bool check_resolver_ask(const Address *resolver, GPtrArray *questions, int64_t patience,
                        GError **error);
/** check_resolver_take: @bytes: a message that came: an answer to something else is nobody's, one
 * that was cut is none */
void check_resolver_take(GPtrArray *questions, const guint8 *bytes, size_t n);
