/*
 * error: the GError domain of the server and the exit codes its errors become.
 *
 * Source: sysexits.h (BSD), as service managers and scripts know them.
 */
#include <motet/error.h>

#include <sysexits.h>

static const int exit_codes[] = {
        [MOTET_ERROR_CONFIG] = EX_CONFIG,    [MOTET_ERROR_IO] = EX_IOERR,
        [MOTET_ERROR_TLS] = EX_CONFIG,       [MOTET_ERROR_MODULE] = EX_CONFIG,
        [MOTET_ERROR_STORE] = EX_IOERR,      [MOTET_ERROR_XML] = EX_DATAERR,
        [MOTET_ERROR_EXISTS] = EX_CANTCREAT, [MOTET_ERROR_MISSING] = EX_UNAVAILABLE,
        [MOTET_ERROR_USAGE] = EX_USAGE,      [MOTET_ERROR_CANCELLED] = EX_TEMPFAIL,
        [MOTET_ERROR_DENIED] = EX_NOPERM,    [MOTET_ERROR_BUSY] = EX_TEMPFAIL,
};

G_DEFINE_QUARK(motet - error - quark, motet_error)

int
motet_error_exit_code(const GError *error)
{
        g_return_val_if_fail(error != NULL, EX_SOFTWARE);

        if (error->domain != MOTET_ERROR || error->code < 0 ||
            (size_t)error->code >= G_N_ELEMENTS(exit_codes))
                return EX_SOFTWARE;

        return exit_codes[error->code];
}
