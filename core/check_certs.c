/*
 * check_certs: the certificates the server would start with, as the user it runs as sees them.
 */
#include "core/certificates.h"
#include "core/check.h"
#include "core/check_child.h"

static void
look_at_certificates(CheckContext *context)
{
        certificates_check_folder(context->config, context->findings);
}

void
check_certs(CheckContext *context)
{
        check_as_user(context, look_at_certificates);
}
