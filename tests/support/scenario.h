/*
 * scenario: a conversation of XMPP clients with a server, as text that says who sends what and who
 * receives what.
 *
 * The format is described in tests/scenarios/README.md. A scenario is read here, and checked as far
 * as it can be without a server; scenario_run.h runs it.
 */
#pragma once

#include <motet/xml.h>

typedef enum {
        SCENARIO_ACCOUNT,
        SCENARIO_HOST,
        SCENARIO_MODULE,
        SCENARIO_WITHOUT,
        SCENARIO_MAIN,
        SCENARIO_CONNECT,
        SCENARIO_LOG_IN,
        SCENARIO_OPEN_CONNECTION,
        SCENARIO_OPEN_IN_CLEAR,
        SCENARIO_OPEN_STREAM,
        SCENARIO_START_TLS,
        SCENARIO_SEND,
        SCENARIO_RECEIVE,
        SCENARIO_RECEIVE_ANY_ORDER,
        SCENARIO_RECEIVE_AT_LEAST,
        SCENARIO_RECEIVE_NOTHING,
        SCENARIO_DISCONNECT,
        SCENARIO_LOSE,
        SCENARIO_STREAM_ENDS,
        SCENARIO_CONNECTION_ENDS,
        SCENARIO_OPERATOR,
        SCENARIO_OPERATOR_FAILS,
        SCENARIO_STOP,
        SCENARIO_START,
        SCENARIO_RESTART,
        SCENARIO_KILL,
        SCENARIO_RELOAD,
        SCENARIO_REPLACE,
        SCENARIO_ADVANCE,
} ScenarioVerb;

/** ScenarioStep: one statement */
typedef struct {
        ScenarioVerb verb;
        unsigned line; /* of the statement's first word, from 1 */
        char *who;     /* the client's name; NULL when it is about none */
        char *what;    /* the address, domain, module, condition, command or time; NULL without */
        char *options; /* of a module, "{…}"; NULL without */
        char *block;   /* the indented lines below without their indentation; NULL without */
        /* of what is sent or received as XML: an element that holds them; NULL without */
        MotetXml *stanzas;
} ScenarioStep;

typedef struct {
        char *file;       /* as it was named, for messages */
        GPtrArray *steps; /* of ScenarioStep */
        bool needs_clock; /* time is moved in it */
} Scenario;

/**
 * scenario_parse:
 * @text: (borrowed) the whole file
 * @file: its name for messages
 *
 * Returns: (own) NULL with MOTET_ERROR_CONFIG: "FILE:LINE: what is wrong"
 */
Scenario *scenario_parse(const char *text, const char *file, GError **error);
/** scenario_load: the same, of a file. Also MOTET_ERROR_IO */
Scenario *scenario_load(const char *file, GError **error);
void scenario_free(Scenario *scenario);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scenario, scenario_free)
