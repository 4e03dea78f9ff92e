/*
 * disco-private: what the files of the disco module share.
 *
 *   answer.c  the content of an answer: from the descriptors, the options, and who hooks
 *   disco.c   the descriptor, and who is answered
 */
#pragma once

#include <motet/jid.h>
#include <motet/module.h>
#include <motet/service-disco.h>
#include <motet/stanza.h>

/** DiscoRequest: a request of type get, taken apart. */
typedef struct {
        const MotetXml *iq;
        const MotetJid *from;
        const MotetJid *to;
        bool is_items; /* else info */
} DiscoRequest;

extern const MotetDiscoService disco_service;

/** answer_new: Returns: (own) the whole answer of the host or account it is for, or the error that
 * its node is not known */
MotetXml *answer_new(MotetModule *self, const DiscoRequest *request);
/** answer_empty: Returns: (own) the answer that there is nothing */
MotetXml *answer_empty(const DiscoRequest *request);
/** item_parse: splits "JID name with spaces"; NULL in @name_out when there is none. Returns: (own)
 * NULL when the JID is none */
MotetJid *item_parse(const char *text, const char **name_out);
