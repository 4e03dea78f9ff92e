/*
 * finding_ids: the one table of findings: name, severity, and what `motetctl explain` says.
 */
#include "core/finding_ids.h"

#include <string.h>

#include "core/suggest.h"

#define ERROR(id_, name_, title_, explanation_)                                                    \
        [FINDING_##id_] = {name_, false, false, title_, explanation_}
#define WARNING(id_, name_, title_, explanation_)                                                  \
        [FINDING_##id_] = {name_, true, false, title_, explanation_}
#define NOTE(id_, name_, title_, explanation_)                                                     \
        [FINDING_##id_] = {name_, true, true, title_, explanation_}

static const FindingKind kinds[N_FINDINGS] = {
        ERROR(CONFIG_UNREADABLE, "config.unreadable", "a file of the configuration cannot be read",
              "Nothing can be said of a file that cannot be read. It must exist, be a regular "
              "file, and be readable by the user the server runs as."),
        ERROR(CONFIG_SYNTAX, "config.syntax", "the file is not YAML",
              "The reader stops at the first such place, so what stands behind it was not "
              "looked at: correct it and check again. Frequent causes are a tab used for "
              "indentation, a colon without a space behind it, an unclosed quote or bracket, "
              "and lines of one map that do not begin in the same column."),
        ERROR(CONFIG_UNSUPPORTED_YAML, "config.unsupported-yaml",
              "a part of YAML that is not used here",
              "Anchors, aliases, tags and further documents make a file mean something else "
              "than it seems to. Write the value out where it is needed."),
        ERROR(CONFIG_DUPLICATE_KEY, "config.duplicate-key", "a key stands twice in one map",
              "Which of the two would count is a matter of the reader. Remove one of them."),
        ERROR(CONFIG_MISSING_KEY, "config.missing-key", "a key that must be set is not there",
              "The server has no default for it. etc/motet.yaml shows what must be set."),
        ERROR(CONFIG_UNKNOWN_KEY, "config.unknown-key", "a key that means nothing here",
              "A key that is not known would silently do nothing, so it is refused. It may be "
              "misspelt, or be indented one level too far or too little."),
        ERROR(CONFIG_UNKNOWN_OPTION, "config.unknown-option",
              "a module has no such option or permission",
              "The options and permissions of a module are listed with their defaults in its file "
              "in plugins.d/ "
              "and in its manual page. An option of another version of the module is refused as "
              "well."),
        ERROR(CONFIG_WRONG_TYPE, "config.wrong-type", "the value is of another kind than expected",
              "Booleans are true and false and nothing else; integers are decimal; a size has a "
              "unit such as KiB or MB, a duration one of ms, s, m, h, d. Text that looks like "
              "something else is put in quotes."),
        ERROR(CONFIG_UNKNOWN_WORD, "config.unknown-word",
              "the value is not one of those that are possible",
              "Only the words that the message lists have a meaning here."),
        ERROR(CONFIG_OUT_OF_RANGE, "config.out-of-range", "the value is too small or too large",
              "The range is one the server was built and tested for; values outside either "
              "cannot work or make it easy to bring down."),
        ERROR(CONFIG_BAD_NAME, "config.bad-name",
              "this cannot be the name of a module, store or user",
              "Names of modules and stores are made of lower-case letters, digits and "
              "underscores, at most 64; so is the name of a file in plugins.d/, before .yaml."),
        ERROR(CONFIG_DUPLICATE_VALUE, "config.duplicate-value", "a value stands twice in one list",
              "It has no effect the second time, so one of the two was meant to be something "
              "else."),
        ERROR(CONFIG_CERTIFICATE_PAIR, "config.certificate-pair",
              "a certificate without its key, or a key without its certificate",
              "Each is of use with the other only. Without either, certs/DOMAIN.crt and "
              "certs/DOMAIN.key beside the main file are used."),
        ERROR(CONFIG_SOCKET_PATH, "config.socket-path",
              "the path of the control socket is too long",
              "The kernel bounds the path of a unix socket. Choose a shorter one for "
              "control_socket."),
        ERROR(CONFIG_ROOT, "config.root", "the server is told to run as root",
              "The server reads bytes from everybody on the internet. It runs as a user of its "
              "own that owns nothing but its data; systemd's unit makes one named motet."),
        ERROR(CONFIG_SECRET, "config.secret", "a secret cannot be read",
              "A secret is text, or {file: PATH}, or {credential: NAME}. The file must be a "
              "regular "
              "one that the user of the server can read, and hold the secret alone; a credential "
              "needs LoadCredential=NAME:PATH in the unit of the service."),
        ERROR(CONFIG_OPEN_SECRET, "config.open-secret", "a secret that everybody can read",
              "Every user and program of this machine can read the file it stands in. Close the "
              "file with chmod o= and change the secret, or keep it in a file of its own and "
              "write {file: PATH}."),
        WARNING(CONFIG_CREDENTIAL, "config.credential",
                "a credential that cannot be looked at here",
                "Credentials of a service are given to the service alone, when it starts. Only the "
                "running server can tell whether this one is there."),
        ERROR(CONFIG_UNKNOWN_HOST, "config.unknown-host",
              "a module is configured for a host that is not served",
              "The names under hosts and host_options of a module are names of the main file's "
              "hosts."),
        ERROR(CONFIG_HOST_DISABLED, "config.host-disabled",
              "options for a host on which the module is not enabled",
              "The module's own list hosts leaves that host out, so its options would do "
              "nothing."),
        ERROR(CONFIG_NO_HOSTS, "config.no-hosts", "a module is enabled on no host",
              "An empty list is not a way to switch a module off: use enabled: false."),
        ERROR(CONFIG_PLUGINS_DIR, "config.plugins-dir", "the folder of drop-ins cannot be read",
              "plugins_dir holds one file a module. When it is named it must be there."),
        WARNING(CONFIG_IGNORED_FILE, "config.ignored-file", "a file in plugins.d/ that is not read",
                "A drop-in is named after its module: MODULE.yaml, in lower-case letters, "
                "digits and underscores. Files that begin with a dot, or end otherwise, are "
                "ignored silently."),
        ERROR(CONFIG_DUPLICATE_MODULE, "config.duplicate-module",
              "a module is configured in two places",
              "A module has one place: a file in plugins.d/, or a section under modules in the "
              "main file. Join the two."),
        ERROR(CONFIG_UNKNOWN_MODULE, "config.unknown-module", "there is no such module",
              "modules_dir has no file for it. The name may be misspelt, or the package "
              "that brings the module is not installed."),
        ERROR(CONFIG_UNUSABLE_MODULE, "config.unusable-module", "the module's file cannot be used",
              "A module is loaded only when its file and folder belong to root or the server's "
              "user and nobody else can write them, when it was built for this server's "
              "interface, and when its descriptor is sound. Install the version that belongs to "
              "this server."),
        ERROR(CONFIG_MODULE_SCOPE, "config.module-scope",
              "a module of the whole server is configured for single hosts",
              "It runs once, for all hosts. Remove hosts and host_options."),
        ERROR(CONFIG_MISSING_DEPENDENCY, "config.missing-dependency",
              "a module needs another one that is not enabled",
              "Enable what is named, on the same hosts, or disable the module that needs it."),
        ERROR(CONFIG_DEPENDENCY_CYCLE, "config.dependency-cycle",
              "modules need each other in a circle",
              "None of them can be loaded first. One of them must be disabled; their authors "
              "would like to know."),
        ERROR(CONFIG_CONFLICT, "config.conflict", "two modules that cannot run together",
              "Both would do the same thing in different ways. Disable one of them, or enable "
              "them on different hosts."),
        ERROR(CONFIG_DUPLICATE_SERVICE, "config.duplicate-service",
              "two modules provide the same service on one host",
              "Others could not know which of them to ask. Disable one of them, or enable them "
              "on different hosts."),
        ERROR(CONFIG_DUPLICATE_COMMAND, "config.duplicate-command",
              "two have a command of one name for one host",
              "Only one of them would ever be run. Disable one of the modules, or let each run on "
              "hosts of its own; a name that the server has itself is no module's."),
        ERROR(CONFIG_MISSING_STORAGE, "config.missing-storage",
              "no enabled module provides the storage that is named",
              "storage.default and storage.stores name backends, and a module provides each. "
              "Modules that keep something would not load."),
        WARNING(CONFIG_INCOMPLETE, "config.incomplete",
                "a module is of little use as things are configured",
                "What the module offers is lost without the other module or setting that the "
                "message names."),
        WARNING(CONFIG_NO_EFFECT, "config.no-effect", "a setting that has no effect",
                "Another setting, named in the message, takes its effect away. Change one of "
                "the two so that the configuration says what the server does."),
        ERROR(CONFIG_CONTRADICTION, "config.contradiction", "two settings that cannot both hold",
              "The message names both. Change one of them."),
        WARNING(CONFIG_QUEUE_TOO_SMALL, "config.queue-too-small",
                "a queue that cannot hold one of the largest stanzas",
                "send_queue bounds what waits for a peer that reads slowly. Whoever is sent more "
                "than that at once is disconnected, so it should hold a stanza of stanza_bytes, "
                "which "
                "may be half as long again when it is written as when it was read."),
        ERROR(CONFIG_NEEDS_RESTART, "config.needs-restart", "a change that a reload cannot make",
              "What is in use cannot be exchanged under those who use it, so the whole reload "
              "was refused. Restart the server, or take the change back."),
        WARNING(CONFIG_QUARANTINE, "config.quarantine", "a module that is left out for its crashes",
                "The server crashed, or was kept from serving, limits.module_crashes times within "
                "limits.module_crash_period while code of that module ran, so the next start left "
                "it "
                "out, and with it what cannot be without it. \"motetctl module release NAME\" "
                "gives "
                "it another chance; a newer file of it has one anyway. The log of the crash names "
                "what it was at."),
        WARNING(CONFIG_BLAMED_GUARD, "config.blamed-guard",
                "a module that crashed repeatedly and is not left out",
                "It keeps something away: connections without encryption, strangers, too many "
                "requests. Whoever can make it crash would get a server without it, so it runs, "
                "and "
                "the service manager decides how often a server that crashes is started. Get a "
                "version of it without the error, or disable it if that is what you want."),
        WARNING(CONFIG_SAFE_MODE, "config.safe-mode", "a module that is left out in safe mode",
                "The server was started with --safe-mode: only modules that are shipped with it "
                "run, "
                "to see whether another one is what is wrong. A start without it has all of them."),
        ERROR(DOMAINS_EMPTY, "domains.empty", "a domain without a name",
              "A domain that is served has a name, such as example.org."),
        ERROR(DOMAINS_URL, "domains.url", "a URL where a domain belongs",
              "Write the domain alone, without scheme and path."),
        ERROR(DOMAINS_JID, "domains.jid", "an address where a domain belongs",
              "An address is user@domain/resource; here only the part between @ and / belongs "
              "(RFC 7622 section 3.2)."),
        ERROR(DOMAINS_SPACE, "domains.space", "a space or control character in a domain",
              "No domain has one. It may have come with a copied text; some of them cannot be "
              "seen."),
        ERROR(DOMAINS_PORT, "domains.port", "a port behind a domain",
              "Domains have no port. Where the server listens is set by the modules that "
              "listen; clients find the port by SRV records."),
        ERROR(DOMAINS_TRAILING_DOT, "domains.trailing-dot", "a dot at the end of a domain",
              "The dot of DNS zone files is no part of an address: peers compare addresses "
              "without it (RFC 7622 section 3.2)."),
        ERROR(DOMAINS_EMPTY_LABEL, "domains.empty-label", "a domain with nothing between two dots",
              "Every label of a domain has at least one character."),
        WARNING(DOMAINS_IP_LITERAL, "domains.ip-literal",
                "an address of the network instead of a domain",
                "RFC 7622 allows it, but hardly any authority certifies it, other servers will "
                "not reach it, and accounts are lost when the address changes. Use a domain for "
                "anything but a test."),
        ERROR(DOMAINS_BAD_IP_LITERAL, "domains.bad-ip-literal",
              "an address of the network written wrongly",
              "An IPv6 address stands in brackets: [2001:db8::1]. In YAML the whole needs "
              "quotes."),
        ERROR(DOMAINS_NAME_LENGTH, "domains.name-length", "a domain that is too long",
              "DNS carries names of at most 253 bytes, counted with every label in its ASCII "
              "form (RFC 1035 section 2.3.4), and an address has room for 1023 bytes of UTF-8 "
              "(RFC 7622 section 3.2)."),
        ERROR(DOMAINS_LABEL_LENGTH, "domains.label-length", "a label that is too long",
              "Between two dots DNS carries at most 63 bytes, counted in the label's ASCII form "
              "(RFC 1035 section 2.3.4)."),
        ERROR(DOMAINS_HYPHENS, "domains.hyphens", "a hyphen where none may be",
              "A label neither begins nor ends with a hyphen, and has no two of them as third "
              "and fourth character: those are kept for encoded labels (RFC 5891 section "
              "4.2.3.1)."),
        ERROR(DOMAINS_UNDERSCORE, "domains.underscore", "an underscore in a domain",
              "Names of services have underscores, names of hosts do not (RFC 952, RFC 5890 "
              "section 2.3.1): no certificate is issued for one, and peers refuse it."),
        ERROR(DOMAINS_FORBIDDEN_CHARACTER, "domains.forbidden-character",
              "a character that no domain has",
              "Domains are made of letters, digits and hyphens; of other scripts, only what RFC "
              "5892 allows. Symbols, punctuation, emoji and code points without a meaning "
              "cannot be registered."),
        ERROR(DOMAINS_COMBINING_MARK, "domains.combining-mark",
              "a label that begins with a combining mark",
              "The mark would join the dot before it (RFC 5891 section 4.2.3.2)."),
        ERROR(DOMAINS_BIDI, "domains.bidi",
              "left-to-right and right-to-left text mixed in a way that cannot be shown",
              "In a domain with any right-to-left label, each label keeps to one direction, "
              "begins with a letter, ends with a letter or digit, and uses one kind of digits "
              "(RFC 5893 section 2). Otherwise two different names would look the same."),
        WARNING(DOMAINS_A_LABEL, "domains.a-label", "a label in its encoded form",
                "xn-- is how DNS carries labels of other scripts. Addresses hold the label "
                "itself (RFC 7622 section 3.2), and the server uses that: write it as it is "
                "read."),
        ERROR(DOMAINS_BAD_A_LABEL, "domains.bad-a-label", "a label that looks encoded but is not",
              "What follows xn-- does not decode, or decodes to something that encodes "
              "differently. Write the label as it is read; the server encodes it where it must "
              "be."),
        WARNING(DOMAINS_NOT_CANONICAL, "domains.not-canonical",
                "a domain that is written differently from how it is compared",
                "Addresses are compared in lower case and in normal form. The server uses that "
                "form everywhere: write it too, so that a search finds it."),
        WARNING(DOMAINS_DEVIATION, "domains.deviation",
                "a domain that two versions of IDNA understand differently",
                "Sharp s, final sigma and the joiners are letters of their own in IDNA 2008, as "
                "registries and browsers use it, and are mapped or dropped by IDNA 2003, as "
                "deployed XMPP compares addresses. This server is the one the message names; "
                "make sure that it is yours."),
        ERROR(DOMAINS_DUPLICATE, "domains.duplicate", "one domain under two names",
              "Both are the same after preparation, so which certificate and options would "
              "count is undefined. Remove one."),
        ERROR(DOMAINS_STORED_NAME, "domains.stored-name",
              "data kept under a name that the server does not use",
              "Only the prepared form of a name is looked up, so these accounts cannot be "
              "found. They come from an import or another program: export and import them under "
              "the prepared name."),
        WARNING(DOMAINS_NOT_SERVED, "domains.not-served", "data of a host that is not served",
                "Somebody may have renamed a host or left it out. The accounts kept under the "
                "old name cannot log in; the data are not touched."),
        ERROR(CERTS_UNUSABLE, "certs.unusable", "a certificate or its key cannot be used",
              "Both are PEM files that the server's user can read; the key belongs to the "
              "certificate, has no passphrase and is closed to others. A host without a "
              "certificate cannot offer TLS, so the server does not start."),
        WARNING(CERTS_EXPIRED, "certs.expired", "a certificate that has expired",
                "Clients refuse it. Renew it: the server takes the new files within seconds, "
                "without a restart."),
        WARNING(CERTS_NOT_YET_VALID, "certs.not-yet-valid", "a certificate for a later day",
                "Clients refuse it until then. When it was made just now, the clock of this "
                "machine may be slow."),
        WARNING(CERTS_EXPIRES_SOON, "certs.expires-soon",
                "a certificate that expires within 14 days",
                "Those that are renewed by themselves are renewed earlier than that: look at "
                "what should have done it."),
        WARNING(CERTS_WRONG_NAME, "certs.wrong-name", "a certificate that is not for the host",
                "Clients compare the names in the certificate with the domain of the address "
                "(RFC 6120 section 13.7.2.1), whatever machine serves it. A wildcard is for one "
                "label."),
        WARNING(CERTS_INCOMPLETE_CHAIN, "certs.incomplete-chain",
                "certificates that vouch for it are not sent with it",
                "Clients know roots only. Use the file with the whole chain, the host's own "
                "certificate first."),
        WARNING(CERTS_UNUSED_FILE, "certs.unused-file",
                "a file among the certificates that cannot be used",
                "It looks like a certificate or a key, or is a folder, and cannot be read, or "
                "lacks its other half. A host may be waiting for it."),
        WARNING(LIMITS_DESCRIPTORS, "limits.descriptors", "fewer file descriptors than connections",
                "Each connection takes one, and one in ten is kept in reserve. The server "
                "raises its soft limit to the hard one at start; raise the hard one with "
                "LimitNOFILE= in the unit, or in /etc/security/limits.conf when it is started "
                "otherwise. limits.connections says how many connections are meant to be held."),
        WARNING(LIMITS_OPEN_FILES, "limits.open-files",
                "the kernel allows fewer open files than are needed",
                "fs.nr_open bounds what LimitNOFILE= can ask for, fs.file-max what all "
                "processes have open together."),
        WARNING(LIMITS_BACKLOG, "limits.backlog", "the kernel keeps few connections waiting",
                "After a restart everybody connects at once. net.core.somaxconn bounds how many "
                "may wait to be accepted; what comes on top is dropped and tried again seconds "
                "later."),
        WARNING(LIMITS_CONNTRACK, "limits.conntrack",
                "the packet filter tracks fewer connections than are meant to be held",
                "When its table is full the kernel drops packets of new connections. Raise "
                "net.netfilter.nf_conntrack_max, or do not track the ports of this server."),
        WARNING(LIMITS_TCP_MEMORY, "limits.tcp-memory",
                "the kernel's memory for TCP is smaller than what the connections may need",
                "Past the third number of net.ipv4.tcp_mem, in pages, the kernel drops what it "
                "receives. One page a connection is what a burst of short stanzas to everybody "
                "takes."),
        WARNING(LIMITS_MEMORY, "limits.memory", "less memory than the connections need",
                "An idle session takes about 18 KiB in the server with TLS, and 5 KiB in the "
                "kernel. When memory runs out the kernel ends the server. Lower "
                "limits.connections to what the machine can hold, or give it more."),
        ERROR(SECURITY_WRITABLE, "security.writable", "a file that others may change",
              "Who may write the configuration, a module or a key decides what the server does. "
              "Only root, or the user the server runs as, should be able to."),
        ERROR(SECURITY_OWNER, "security.owner", "a file that belongs to somebody else",
              "The owner of a file may change it and its mode at any time. It should belong to "
              "root, or to the user the server runs as."),
        WARNING(SECURITY_DATA_EXPOSED, "security.data-exposed",
                "a folder of data that others may enter",
                "It holds the keys that passwords are compared with, contacts and messages. Its "
                "mode should be 0700."),
        WARNING(SECURITY_LOG_EXPOSED, "security.log-exposed", "a log that everybody may read",
                "It tells who connects when and from where. Its mode should be 0640 or less."),
        ERROR(SECURITY_CONTROL_FOLDER, "security.control-folder",
              "the control socket is in a folder that others may write",
              "Somebody else could put a socket there and be told the passwords that are given "
              "to motetctl. Use a folder such as /run/motet that is the server's own."),
        ERROR(SECURITY_NO_USER, "security.no-user", "the user to become does not exist",
              "Started as root, the server becomes this user and refuses to go on as root. "
              "Create it: useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin "
              "NAME."),
        ERROR(SECURITY_ROOT, "security.root", "the server runs, or would run, as root",
              "A mistake in it would be a mistake with all rights on the machine. Set \"user\" in "
              "the main file, or User= in the unit."),
        WARNING(SECURITY_STRANGERS, "security.strangers", "strangers may become users",
                "A server that is open to everybody is found within days and used to send "
                "unwanted messages, and other servers then refuse all of its users. Make "
                "accounts with motetctl user add, or look at new ones every day."),
        WARNING(SECURITY_IN_CLEAR, "security.in-clear",
                "what is secret may cross the network in clear",
                "RFC 7590 wants TLS for every stream. Without it, whoever is on the way reads "
                "and changes what is said, and learns from a login what is needed to guess the "
                "password."),
        WARNING(SECURITY_GUESSING, "security.guessing",
                "passwords are stored so that they are guessed fast",
                "Each round of hashing makes every guess as much dearer for who has stolen the "
                "accounts. Leave the option out for its default; keys that are there already are "
                "replaced at their next login with PLAIN, or when the password is set."),
        WARNING(SECURITY_UNIT_SANDBOX, "security.unit-sandbox",
                "the systemd unit confines the server less than it could",
                "The unit that comes with the server takes away every right that it does not "
                "need, so that a mistake in it cannot harm the rest of the machine. systemctl "
                "cat motet shows what is in force."),
        WARNING(SECURITY_UNCONFINED, "security.unconfined", "the server does not confine itself",
                "At its start it gives up every file that its configuration does not name, every "
                "other program, and the calls of the kernel that it does not make. Without that a "
                "mistake in it can do whatever its user may. Remove confine: {refused: off}; the "
                "kernel must be Linux 5.13 or newer with landlock among the words of "
                "/sys/kernel/security/lsm, and a container must not forbid it."),
        ERROR(STORAGE_NO_FOLDER, "storage.no-folder", "the folder of data is not there",
              "The server makes it at its start when it may. Make it as root and give it to the "
              "user the server runs as, with mode 0700."),
        ERROR(STORAGE_NOT_WRITABLE, "storage.not-writable", "data that the server may not write",
              "Nothing can be stored then: the server does not start, or refuses what users "
              "send. Often a file was made by root, with a tool that ran as root: chown it."),
        ERROR(STORAGE_FULL, "storage.full", "no room left for data",
              "The server refuses what it cannot store. Free some space, or move data_dir."),
        WARNING(STORAGE_SPACE, "storage.space", "little room left for data",
                "Less than 512 MiB are free for the user the server runs as. What is kept for "
                "reserve by root does not count."),
        WARNING(STORAGE_INODES, "storage.inodes", "few files can still be made",
                "The file system has less than 1000 inodes left: no file can be made when they "
                "are used up, however much space is free. Look for a folder with very many small "
                "files."),
        ERROR(STORAGE_UNREADABLE, "storage.unreadable", "stored data cannot be read",
              "The backend was asked, reading only, and failed as the message says. When the "
              "file is damaged, stop the server, keep a copy of the file, and go back to the "
              "last backup."),
        WARNING(STORAGE_NOT_ASKED, "storage.not-asked",
                "this user cannot see whether data can be stored",
                "Only the user the server runs as, and root, may look into the folder of data. "
                "Run the check as one of them."),
        WARNING(STORAGE_VOLATILE, "storage.volatile", "what is stored ends with the server",
                "The backend keeps everything in memory: accounts and contacts are gone after a "
                "restart. It is meant for tests."),
        ERROR(LISTEN_BAD_ADDRESS, "listen.bad-address", "what is listened on is no address",
              "Listeners have numeric addresses, \"*\" for every IPv4 and \"::\" for every IPv6 "
              "address. Names would be other addresses tomorrow."),
        ERROR(LISTEN_NO_SUCH_ADDRESS, "listen.no-such-address",
              "an address that this machine does not have",
              "The server does not start when it cannot listen where it should. Perhaps the "
              "network was not up yet, or the address is one that a router translates: listen on "
              "the one behind it."),
        ERROR(LISTEN_CLASH, "listen.clash", "two listeners for one port",
              "An address is contained in another one that is listened on with the same port, or "
              "the same one is written in two ways. The kernel allows only one of them."),
        ERROR(LISTEN_UNKNOWN, "listen.unknown", "where a module would listen is not known",
              "Its options are refused, so the server does not start. The message has the reason; "
              "motetctl check config tells all that is wrong."),
        ERROR(LISTEN_IN_USE, "listen.in-use", "a port that another program uses",
              "The server does not start while it is taken. ss -tlnp tells by whom."),
        ERROR(LISTEN_PRIVILEGED_PORT, "listen.privileged-port",
              "a port that the server may not open",
              "Ports below net.ipv4.ip_unprivileged_port_start, usually 1024, need the "
              "capability CAP_NET_BIND_SERVICE. In a unit, both AmbientCapabilities= and "
              "CapabilityBoundingSet= must have it."),
        ERROR(FEATURES_NO_LIST, "features.no-list",
              "the list of what servers should offer cannot be read",
              "It is suites.yaml in the folder of modules, and is installed with them."),
        WARNING(FEATURES_NOT_ENABLED, "features.not-enabled",
                "a feature whose module is there but not enabled",
                "Servers of this kind should offer it, and clients count on it. motetctl module "
                "enable does what the hint says, and keeps comments."),
        WARNING(FEATURES_MISSING, "features.missing", "a feature that no installed module offers",
                "Servers of this kind should offer it. Another package may have a module for it."),
        NOTE(FEATURES_SATISFIED, "features.satisfied", "a feature that is offered",
             "The modules that the message names declare the specifications that the feature "
             "consists of."),
        WARNING(DNS_NO_ANSWER, "dns.no-answer", "the resolver does not answer",
                "Nothing can be said of the domain. Name another resolver: motetctl check dns "
                "--resolver ADDRESS."),
        WARNING(DNS_NO_SERVICE, "dns.no-service", "no SRV record for a service that is offered",
                "Without it, clients try the domain's own address and the usual port, and none "
                "of them tries TLS from the first byte (RFC 6120 section 3.2, RFC 2782). "
                "motetctl check dns prints the lines for the zone."),
        WARNING(DNS_SERVICE_REFUSED, "dns.service-refused",
                "DNS says that an offered service is not there",
                "An SRV record with the target \".\" means that the service is decidedly not "
                "available (RFC 2782): no client will try."),
        WARNING(DNS_WRONG_PORT, "dns.wrong-port", "an SRV record for a port that is not served",
                "Clients that follow it find nobody. When a router translates the port, all is "
                "well."),
        WARNING(DNS_NO_ADDRESS, "dns.no-address", "a name without an address",
                "Neither an A nor an AAAA record is there, so no client gets any further."),
        WARNING(DNS_ALIAS, "dns.alias", "the target of an SRV record is an alias",
                "RFC 2782 does not allow a CNAME there, and some clients do not follow it. Name "
                "the host itself."),
        NOTE(DNS_ZONE_LINE, "dns.zone-line", "a line for the zone of the domain",
             "Paste it when the server is reached under the domain's own name; else put the name "
             "of the machine in place of the last word."),
        ERROR(MODULE_FILE, "module.file", "the file is no module for this machine",
              "A module is a shared object built for the machine the server runs on, mod_….so, "
              "that exports one constant, motet_module."),
        ERROR(MODULE_INTERFACE, "module.interface",
              "the module was built for an interface this server does not have",
              "A server runs modules of its own major number and of no later minor number "
              "(MOTET_ABI in motet/types.h). Build the module against the headers of the oldest "
              "server it shall run in."),
        ERROR(MODULE_MISSING_SYMBOL, "module.missing-symbol",
              "the module uses something that is not there",
              "The server resolves everything a module uses when it opens it. Functions of the "
              "interface come with the server; all others come from libraries, which the module "
              "must be linked with and the machine must have."),
        ERROR(MODULE_EXPORTS, "module.exports", "the module exports more than motet_module",
              "Names that are exported can clash with those of the server, of a library or of "
              "another copy of the module, and then the wrong function is called."),
        ERROR(MODULE_RUNS_AT_OPEN, "module.runs-at-open",
              "code of the module runs when it is opened or closed",
              "The server opens modules to read them, also those it will refuse, and keeps old "
              "code open while new code runs beside it. Nothing may happen by that: load and "
              "unload are there for it. Constructors of C++ objects are such code too."),
        ERROR(MODULE_TEXT_RELOCATIONS, "module.text-relocations",
              "code that must be changed when it is loaded",
              "The server may not write to code, so the module does not load. A source or a "
              "static library in it was built without -fPIC."),
        ERROR(MODULE_EXECUTABLE_STACK, "module.executable-stack",
              "the module makes the stack executable",
              "Opening it would take that protection from the whole server. Functions inside of "
              "functions and assembler sources without a note are the usual causes."),
        WARNING(MODULE_RUN_PATH, "module.run-path", "a folder of libraries is built in",
                "Whoever may write that folder may run code as the server. Packages put libraries "
                "where the system finds them."),
        NOTE(MODULE_NOT_OPENED, "module.not-opened", "the descriptor was not looked at",
             "What is wrong with the file keeps it from being opened safely. Once it is right, "
             "its descriptor and tables are checked too."),
        ERROR(MODULE_NAME, "module.name", "the module and its file are named differently",
              "A module is found, configured and shown by one name: that of its file, mod_….so, "
              "of .name in its descriptor, and of its file in plugins.d."),
        WARNING(MODULE_UNDESCRIBED, "module.undescribed", "something is not explained",
                "The tool, its manual page and the completion of the shell show operators what "
                "descriptors say: a summary, help of commands, the moments of events."),
        NOTE(MODULE_UNVERSIONED, "module.unversioned", "no version or no license of its own",
             "Modules of the server's own tree leave both out, and mean those of the server. One "
             "that is shipped alone should say what it is."),
        ERROR(MODULE_OPTION, "module.option", "the table of options is wrong",
              "Options are checked before any code of the module runs. A key is in snake_case and "
              "there once, has a type, help, and a default that is itself a valid value; a module "
              "with a wrong table is not loaded."),
        ERROR(MODULE_EVENT, "module.event", "an event is declared or hooked wrongly",
              "An event has one name and one payload. A handler takes what the event carries: "
              "motet/event.h lists the events of the server, service headers those of modules."),
        WARNING(MODULE_UNKNOWN_EVENT, "module.unknown-event", "a hook on an event nobody declares",
                "It is misspelt, or declared by a module that is not installed here. The server "
                "refuses to start a module with a hook on an event that is not there."),
        ERROR(MODULE_TABLE, "module.table", "a row of a table cannot be used",
              "Rows of dependencies, services, hooks and commands must be whole, and each name be "
              "there once; motet/module.h and motet/command.h say what belongs into them."),
};

const FindingKind *
finding_kind(FindingId id)
{
        g_assert(id < N_FINDINGS);
        return &kinds[id];
}

const char *
finding_severity(FindingId id)
{
        const FindingKind *kind = finding_kind(id);

        return kind->note ? "note" : kind->warning ? "warning" : "error";
}

const FindingKind *
finding_kind_find(const char *name)
{
        for (size_t i = 0; i < N_FINDINGS; i++) {
                if (strcmp(kinds[i].name, name) == 0)
                        return &kinds[i];
        }
        return NULL;
}

const char *
finding_kind_nearest(const char *name)
{
        const char *names[N_FINDINGS + 1] = {NULL};

        for (size_t i = 0; i < N_FINDINGS; i++)
                names[i] = kinds[i].name;
        return suggest_nearest(name, names);
}

bool
finding_is_of(FindingId id, const char *group)
{
        const char *name = finding_kind(id)->name;
        size_t n = strlen(group);

        return strncmp(name, group, n) == 0 && name[n] == '.';
}
