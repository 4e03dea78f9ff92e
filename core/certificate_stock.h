/*
 * certificate_stock: the certificates on disk that may serve some domains, each with its key, and
 * the best for each of them.
 *
 * What is in a folder is matched by the names inside certificates, and keys by the public key,
 * whatever the files are called.
 */
#pragma once

#include "core/certificate.h"
#include "core/certificate_folder.h"

typedef struct {
        char *domain;     /* prepared */
        char *ascii_name; /* certificate_ascii_name() of it, or the domain itself */
        char *certificate,
                *key; /* files that were named for it; NULL: it is for the folder to say */
} CertificateWanted;

/* What is looked for. Immutable, and shared with worker threads. */
typedef struct {
        char *folder;
        GPtrArray *hosts; /* (own) of CertificateWanted */
        bool uses_folder; /* there is a host without files of its own */
} CertificatePlan;

CertificatePlan *certificate_plan_new(const char *folder);
/** certificate_plan_add: @certificate and @key: both or none */
void certificate_plan_add(CertificatePlan *plan, const char *domain, const char *certificate,
                          const char *key);
CertificatePlan *certificate_plan_ref(CertificatePlan *plan);
void certificate_plan_unref(CertificatePlan *plan);

/* Why a file or a folder is no help. */
typedef struct {
        char *file;               /* NULL: the folder, or a part of it */
        Certificate *certificate; /* (own) that lacks its key; NULL */
        char *text;
} CertificateTrouble;

typedef struct {
        CertificatePlan *plan;
        char *state; /* of all files: another look at unchanged ones gives the same */
        GPtrArray *
                usable; /* (own) of Certificate from the folder, with key, for a host of the plan */
        GHashTable *by_name;    /* name -> (own) GPtrArray of (borrowed) Certificate */
        GHashTable *named;      /* domain -> (own) Certificate from files named for it */
        GHashTable *failed;     /* domain -> (own) text: why the files named for it are no pair */
        GPtrArray *troubles;    /* (own) of CertificateTrouble */
        unsigned n_seen;        /* certificates in the folder, whomever they are for */
        bool unsteady;          /* the machine failed: look again although the state is the same */
        CertificateFolder walk; /* only between look and read */
} CertificateStock;

/**
 * certificate_stock_look:
 *
 * Asks for the state of all files and reads none. Returns: (own) a stock of nothing, for
 * certificate_stock_read()
 */
CertificateStock *certificate_stock_look(CertificatePlan *plan);
/** certificate_stock_read: fills @stock. Keys of no use here are not kept. Both for a worker
 * thread */
void certificate_stock_read(CertificateStock *stock);
void certificate_stock_free(CertificateStock *stock);

/**
 * certificate_compare:
 * @now: seconds since 1970
 *
 * Which one serves @ascii_name better: one for that name and valid goes before one that is not
 * valid, that before one for others; the very name before a wildcard; one whose chain is whole; the
 * one that expires last. Returns: > 0 when @a does
 */
int certificate_compare(const Certificate *a, const Certificate *b, const char *ascii_name,
                        int64_t now);
/**
 * certificate_stock_best: Returns: (borrowed) the best certificate for @host, which may be one for
 * its parent domain or one that has expired; NULL when there is none
 */
Certificate *certificate_stock_best(const CertificateStock *stock, const CertificateWanted *host,
                                    int64_t now);
/** certificate_stock_trouble: Returns: (borrowed) why @file is no help; NULL when nothing was wrong
 * with it, or it is not there */
const char *certificate_stock_trouble(const CertificateStock *stock, const char *file);
/** certificate_stock_why: Returns: (own) why there is nothing for @host, and what to do */
char *certificate_stock_why(const CertificateStock *stock, const CertificateWanted *host);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CertificatePlan, certificate_plan_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CertificateStock, certificate_stock_free)
