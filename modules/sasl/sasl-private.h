/*
 * sasl-private: the parts of the sasl module, from bytes up: base64, messages of PLAIN and SCRAM,
 * SCRAM's arithmetic, the count of failures by address, what is offered, one negotiation and its
 * steps.
 */
#pragma once

#include <motet/module.h>
#include <motet/service-auth.h>
#include <motet/session.h>
#include <motet/task.h>
#include <openssl/evp.h>

#define NS_SASL "urn:ietf:params:xml:ns:xmpp-sasl"
#define NS_SASL_CB "urn:xmpp:sasl-cb:0"

#define SASL_MESSAGE_MAX 4096 /* decoded bytes of one message */
/* A token's deadline comes so much after what answers by itself: then nobody is answered by it. */
#define REFUSAL_MARGIN (5 * G_TIME_SPAN_SECOND)
#define SASL_NAME_MAX                                                                              \
        1023 /* bytes of a user name or authorization identity, as of an address part */
#define SCRAM_NONCE_MAX 256 /* characters the client may contribute */

/* base64.c */

/**
 * SaslMessage: decoded bytes of one message, NUL behind them; may hold a password, so it is wiped.
 */
typedef struct {
        char *bytes;
        size_t n;
} SaslMessage;

/**
 * base64_decode: RFC 4648 section 4, strictly: padding required, no other bytes, unused bits zero.
 * Returns: whether @text is base64
 */
bool base64_decode(const char *text, SaslMessage *message_out);
void sasl_message_clear(SaslMessage *message);
/** sasl_secret_free: wipes and frees a string; NULL is a no-op */
void sasl_secret_free(char *secret);

/* message.c */

/** PlainMessage: RFC 4616 */
typedef struct {
        char *authzid; /* NULL when empty */
        char *username;
        char *password;
} PlainMessage;

bool plain_parse(const SaslMessage *message, PlainMessage *plain_out);
void plain_message_clear(PlainMessage *plain);

/** ScramFirst: client-first-message of RFC 5802 section 7 */
typedef struct {
        char binding;       /* gs2-cbind-flag: 'n', 'y' or 'p' */
        char *binding_type; /* cb-name; NULL unless @binding is 'p' */
        char *authzid;      /* decoded; NULL when absent */
        char *username;     /* decoded */
        char *nonce;
        size_t header_len; /* bytes of gs2-header; client-first-message-bare is what follows */
} ScramFirst;

bool scram_first_parse(const SaslMessage *message, ScramFirst *first_out);
void scram_first_clear(ScramFirst *first);

/** ScramFinal: client-final-message */
typedef struct {
        SaslMessage binding; /* gs2-header and channel binding data */
        char *nonce;
        SaslMessage proof;
        size_t unproved_len; /* bytes of client-final-message-without-proof */
} ScramFinal;

bool scram_final_parse(const SaslMessage *message, ScramFinal *final_out);
void scram_final_clear(ScramFinal *final);

/* scram.c */

/** ScramHash: one hash with everything OpenSSL would otherwise look up and allocate a login. */
typedef struct {
        const char *name; /* "SHA-256" */
        size_t len;
        EVP_MD *md;
        EVP_MD_CTX *digest;
        EVP_MAC_CTX *hmac;
} ScramHash;

bool scram_hash_init(ScramHash *hash, const char *name, GError **error);
void scram_hash_clear(ScramHash *hash);
/** scram_hash_base64: Returns: (own) the hash of @n bytes, as base64; NULL when OpenSSL fails */
char *scram_hash_base64(const ScramHash *hash, const void *bytes, size_t n);

/** Scram: the server's side of one exchange. */
typedef struct {
        const ScramHash *hash;
        char *client_first; /* without gs2-header */
        char *server_first;
        char *nonce;         /* the client's and ours */
        GByteArray *binding; /* what the client must see: gs2-header and channel binding data */
        uint8_t stored_key[EVP_MAX_MD_SIZE], server_key[EVP_MAX_MD_SIZE];
        bool usable, disabled;
} Scram;

/** scram_init: @binding_data NULL: no channel binding; @server_nonce: our part */
void scram_init(Scram *scram, const ScramHash *hash, const SaslMessage *message,
                const ScramFirst *first, GBytes *binding_data, const char *server_nonce);
void scram_clear(Scram *scram);
/**
 * scram_challenge: takes the keys over and Returns: (borrowed) server-first-message;
 * @mechanisms_hash NULL: no attribute h
 */
const char *scram_challenge(Scram *scram, const MotetAuthKeys *keys, const char *mechanisms_hash);

typedef enum {
        SCRAM_OK,
        SCRAM_MALFORMED,
        SCRAM_BINDING_DIFFERS,
        SCRAM_REFUSED,  /* wrong proof, or keys no proof fits */
        SCRAM_DISABLED, /* right proof of a disabled account */
} ScramVerdict;

/** scram_finish: @server_final_out (own) is set when the verdict is SCRAM_OK */
ScramVerdict scram_finish(Scram *scram, const SaslMessage *message, char **server_final_out);

/* guesses.c */

typedef struct Guesses Guesses;

typedef struct {
        unsigned per_minute, per_hour;
        unsigned max_addresses; /* entries held; the longest unused goes first */
} GuessLimits;

Guesses *guesses_new(void);
void guesses_free(Guesses *guesses);
/** guesses_add: counts a failure of @peer; all addresses of one IPv6 /64 are one */
void guesses_add(Guesses *guesses, const GuessLimits *limits, const char *peer, int64_t now);
/**
 * guesses_delay: Returns: 0 when @peer may try; otherwise how long to let it wait for the refusal,
 * in µs, longer each time
 */
GTimeSpan guesses_delay(Guesses *guesses, const GuessLimits *limits, const char *peer, int64_t now);
/** guesses_are_used_up: whether @peer may not try any more; delays nobody */
bool guesses_are_used_up(Guesses *guesses, const GuessLimits *limits, const char *peer,
                         int64_t now);
size_t guesses_n_addresses(const Guesses *guesses);

/* mechanism.c */

typedef struct {
        const char *name;   /* on the wire */
        const char *option; /* in the option `mechanisms`: without -PLUS */
        int hash;           /* index into Sasl.hashes, -1: PLAIN */
        bool plus;
} Mechanism;

#define N_HASHES 3

/** Sasl: one instance of the module. */
typedef struct {
        ScramHash hashes[N_HASHES];
        Guesses *guesses;
        uint64_t *results;   /* (borrowed) metric: how many succeeded, how many failed */
        GQueue negotiations; /* of Negotiation, by their link */
} Sasl;

/**
 * mechanism_find: Returns: the mechanism of that name, NULL when unknown or switched off by option
 */
const Mechanism *mechanism_find(MotetModule *self, const char *name);
/** mechanism_is_offered: whether @session may use it now */
bool mechanism_is_offered(MotetModule *self, MotetSession *session, const Mechanism *mechanism);
/** mechanism_is_binding: whether @type is a channel binding type we know */
bool mechanism_is_binding(const char *type);
/** mechanism_offers_plus: whether a -PLUS mechanism is offered on @session */
bool mechanism_offers_plus(MotetModule *self, MotetSession *session);
void mechanism_announce(MotetModule *self, MotetSession *session, MotetXml *features);
/**
 * mechanism_list_hash: Returns: (own) attribute h of XEP-0474 for what was announced on @session
 */
char *mechanism_list_hash(MotetModule *self, MotetSession *session, const ScramHash *hash);

/* negotiation.c */

typedef enum { STEP_INITIAL, STEP_FINAL } NegotiationStep;

/** Negotiation: data of a session until it is authenticated. */
typedef struct {
        MotetModule *self;
        MotetSession *session; /* borrowed: it owns this */
        GList link;
        unsigned failures;
        MotetWait *wait;           /* (own) while its stream is parked */
        MotetAuthRequest *request; /* while the auth service works */
        MotetTimer *patience;      /* meanwhile; goes with the session */
        /* one exchange */
        const Mechanism *mechanism; /* NULL: none is running */
        NegotiationStep step;
        char *username; /* prepared; NULL before the first message */
        Scram scram;
        bool stale; /* the account changed since its keys were asked for */
} Negotiation;

/** negotiation_of: Returns: (borrowed) that of @session, made on first use */
Negotiation *negotiation_of(MotetModule *self, MotetSession *session);
void negotiation_challenge(Negotiation *negotiation, const char *message);
/** negotiation_end_exchange: forgets the exchange, telling nobody */
void negotiation_end_exchange(Negotiation *negotiation);
/**
 * negotiation_fail: ends the exchange, and the stream when it was one failure too many. @text: a
 * literal or NULL
 */
void negotiation_fail(Negotiation *negotiation, const char *condition, const char *text);
/**
 * negotiation_guessed_wrong: negotiation_fail() with not-authorized, counted against the peer's
 * address
 */
void negotiation_guessed_wrong(Negotiation *negotiation);
/** negotiation_succeed: frees @negotiation. @message: additional data, or NULL */
void negotiation_succeed(Negotiation *negotiation, const char *message);
/**
 * negotiation_may_learn: whether the peer may be told if it guessed right. Otherwise its exchange
 * was failed: others of its address, begun together with it, used up what an address has
 */
bool negotiation_may_learn(Negotiation *negotiation);
void guess_limits(MotetModule *self, GuessLimits *limits_out);

/* exchange.c */

/**
 * exchange_step: one message of the client. Returns: MOTET_HANDLED, or MOTET_WAIT while the auth
 * service works
 */
MotetResult exchange_step(Negotiation *negotiation, MotetEvent *event, const SaslMessage *message);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SaslMessage, sasl_message_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PlainMessage, plain_message_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ScramFirst, scram_first_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ScramFinal, scram_final_clear)
