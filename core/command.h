/*
 * command: finding and running operator commands; the same code whether asked over the control
 * socket or in process.
 */
#pragma once

#include <motet/command.h>

#include "core/server.h"

/** CommandOwner: where output goes. ended: told once; @exit_code as of sysexits.h, @error_text
 * NULL on success */
typedef struct {
        void (*line)(void *data, const char *text);
        void (*ended)(void *data, int exit_code, const char *error_text);
        /* Bytes of output that wait to be read, -1: nobody will read them; NULL: none ever wait. */
        int64_t (*unread)(void *data);
        /* Returns: (own) the descriptor that was handed over last, for the command that asks, -1:
           none since; NULL: nobody can */
        int (*handed)(void *data);
} CommandOwner;

/** CommandCaller: who gives a command. */
typedef struct {
        MotetCommandRight right; /* the most they may */
        const char *jid;         /* bare, prepared; NULL for an operator */
} CommandCaller;

/** COMMAND_ASK: before the words of a command: instead of running it, checks them and prints
 * "secret NAME" for each secret it needs. */
#define COMMAND_ASK "?"

/**
 * command_run:
 * @words: (borrowed) NULL-terminated: the command's words, then its arguments; secrets come last,
 * in the order they are declared
 *
 * Finds the command among core's and the modules' (longest match first; a miss says did-you-mean),
 * checks arguments, runs it. ended() may be called before return. A command of a host-scoped module
 * runs on the host of its first address or domain; when it declares a domain as optional and none
 * is given, on every host that has it, one after the other.
 */
void command_run(Server *server, const char *const *words, const CommandOwner *owner, void *data);
/** command_run_as: the same for @caller (borrowed), who may be refused with MOTET_ERROR_DENIED.
 * Where an optional domain is left out, an administrator's own host is meant. */
void command_run_as(Server *server, const CommandCaller *caller, const char *const *words,
                    const CommandOwner *owner, void *data);
/** command_unread: as CommandOwner.unread */
int64_t command_unread(const MotetCommand *command);
/** command_take_handed: as CommandOwner.handed */
int command_take_handed(const MotetCommand *command);
/** command_list: calls @func for every command, sorted by name; @module is NULL for core's own */
void command_list(Server *server,
                  void (*func)(const MotetCommandDecl *decl, const char *module, void *data),
                  void *data);
/** command_usage: Returns: (own) "user add JID" and its help: what an operator types; secrets
 * are asked for */
char *command_usage(const MotetCommandDecl *decl);
Server *command_server(const MotetCommand *command);
/** command_set_code: what a command ends with that does not fail; 0 otherwise */
void command_set_code(MotetCommand *command, int exit_code);
