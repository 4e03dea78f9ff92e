/*
 * certificate_folder: which files below a folder may hold certificates and keys, and whether any of
 * them changed.
 *
 * Any layout will do: files side by side, a folder a domain, links to where versions are kept
 * (certbot, Kubernetes).
 */
#pragma once

#include <motet/types.h>

#define CERTIFICATE_FOLDER_DEPTH 4
#define CERTIFICATE_FOLDER_FILES 2000
#define CERTIFICATE_FOLDER_ENTRIES 10000

typedef struct {
        GPtrArray *files;    /* (own) of paths, in order of their names */
        GPtrArray *problems; /* (own) of texts: folders that cannot be read, what was left out */
        GChecksum *state;    /* of all that was seen: file, size, times, owner, mode */
} CertificateFolder;

void certificate_folder_init(CertificateFolder *folder);
void certificate_folder_clear(CertificateFolder *folder);
/** certificate_folder_walk: adds what is below @path; follows links, reads no file. For a worker
 * thread */
void certificate_folder_walk(CertificateFolder *folder, const char *path);
/** certificate_folder_note: adds the state of the one file at @path, but not the file */
void certificate_folder_note(CertificateFolder *folder, const char *path);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CertificateFolder, certificate_folder_clear)
