/*
 * iq: requests sent by the server, and their answers.
 *
 * Source: RFC 6120 sections 8.1.3 and 8.2.3.
 */
#pragma once

#include <motet/router.h>

#include "core/session.h"

#define IQ_MAX_OPEN 10000

IqTable *iq_table_new(MotetServer *server);
/** iq_table_free: no instance is left, so it is empty */
void iq_table_free(IqTable *table);
/**
 * iq_table_answer: offers a result or error of @from. Returns: whether it answered a request, whose
 * function is then called
 */
bool iq_table_answer(IqTable *table, const MotetXml *iq, const MotetJid *from);
/**
 * iq_table_gone: @full_jid will not answer any more: the functions of requests to it are called,
 * from the loop
 */
void iq_table_gone(IqTable *table, const char *full_jid);
size_t iq_table_open(const IqTable *table);
