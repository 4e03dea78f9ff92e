"""A bare XMPP client: it sends exactly what it is told, and waits for exactly what must come."""

import base64
import hashlib
import hmac
import re
import socket
import ssl

DEADLINE_S = 60


def digest_of(key, text):
    return hmac.new(key, text.encode(), hashlib.sha1).digest()


class Scram:
    """SCRAM-SHA-1 (RFC 5802) without checking the server. The salted password is kept: hashing it again is no work of the server's."""

    salted = {}

    def __init__(self, name, password):
        self.bare = f"n={name},r=fyko+d2lbbFgONRv9qkxdawL"
        self.password = password

    def first(self):
        return "n,," + self.bare

    def answer(self, challenge):
        fields = dict(part.split("=", 1) for part in challenge.split(","))
        key = (self.password, fields["s"], fields["i"])
        if key not in self.salted:
            self.salted[key] = hashlib.pbkdf2_hmac("sha1", self.password.encode(), base64.b64decode(fields["s"]),
                                                   int(fields["i"]))
        client = digest_of(self.salted[key], "Client Key")
        final = "c=biws,r=" + fields["r"]
        signature = digest_of(hashlib.sha1(client).digest(), f"{self.bare},{challenge},{final}")
        proof = bytes(a ^ b for a, b in zip(client, signature))
        return final + ",p=" + base64.b64encode(proof).decode()


def base64_of(text):
    return base64.b64encode(text.encode()).decode()


class Client:
    """security: plain, starttls or direct. settle: called when an answer is there, before the next request goes out.
    source: the address it comes from."""

    def __init__(self, port, name, password="secret", host="localhost", security="plain", mechanism="SCRAM-SHA-1",
                 settle=lambda: None, source="127.0.0.1"):
        self.host, self.name, self.password, self.settle = host, name, password, settle
        self.security, self.mechanism = security, mechanism
        self.jid = f"{name}@{host}/desk"
        self.buffer, self.n_syncs = b"", 0
        self.socket = socket.create_connection(("127.0.0.1", port), DEADLINE_S, (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if security == "direct":
            self.secure()

    def secure(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket, server_hostname=self.host)

    def send(self, text):
        self.socket.sendall(text.encode())

    def expect(self, end, count=1):
        """Reads on until the text END has come COUNT times; returns everything up to there."""
        mark = end.encode()
        while self.buffer.count(mark) < count:
            data = self.socket.recv(65536)
            if not data:
                raise AssertionError(f"{self.name}: the server closed while {end!r} was awaited: {self.buffer!r}")
            self.buffer += data
        at = 0
        for _ in range(count):
            at = self.buffer.index(mark, at) + len(mark)
        text, self.buffer = self.buffer[:at].decode(), self.buffer[at:]
        return text

    def expect_length(self, length):
        """Reads on until there are LENGTH characters of ASCII; returns them."""
        while len(self.buffer) < length:
            data = self.socket.recv(65536)
            if not data:
                raise AssertionError(f"{self.name}: the server closed after {len(self.buffer)} of {length} bytes")
            self.buffer += data
        text, self.buffer = self.buffer[:length].decode(), self.buffer[length:]
        return text

    def ask(self, text, end):
        self.send(text)
        answer = self.expect(end)
        self.settle()
        return answer

    def open(self):
        self.ask(f"<?xml version='1.0'?><stream:stream to='{self.host}' version='1.0' xmlns='jabber:client' "
                 "xmlns:stream='http://etherx.jabber.org/streams'>", "</stream:features>")

    def start_tls(self):
        self.ask("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<proceed")
        self.expect("/>")
        self.secure()

    def authenticate(self):
        space = "urn:ietf:params:xml:ns:xmpp-sasl"
        if self.mechanism == "PLAIN":
            token = base64_of(f"\0{self.name}\0{self.password}")
            self.ask(f"<auth xmlns='{space}' mechanism='PLAIN'>{token}</auth>", "<success")
            self.expect(">")
            return
        scram = Scram(self.name, self.password)
        answer = self.ask(f"<auth xmlns='{space}' mechanism='SCRAM-SHA-1'>{base64_of(scram.first())}</auth>", "</challenge>")
        challenge = base64.b64decode(re.search(">([^<]*)</challenge>", answer)[1]).decode()
        self.ask(f"<response xmlns='{space}'>{base64_of(scram.answer(challenge))}</response>", "<success")
        self.expect(">")

    def establish(self):
        """Up to the roster."""
        self.open()
        if self.security == "starttls":
            self.start_tls()
            self.open()
        self.authenticate()
        self.open()
        self.ask("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desk</resource></bind></iq>",
                 "</iq>")
        self.ask("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>", "</iq>")
        return self

    def login(self):
        """Up to the session's own presence, which the server sends back to it."""
        self.establish()
        self.ask("<presence><status>here</status></presence>", "</presence>")
        return self

    def sync(self):
        """Waits until the server has done everything this session asked for; drops what has come."""
        self.n_syncs += 1
        mark = f"sync{self.n_syncs}-"
        self.send(f"<iq type='get' id='{mark}' to='{self.host}'><ping xmlns='urn:xmpp:ping'/></iq>")
        self.expect(mark)
        self.expect("/>")
        self.settle()

    def leave(self):
        self.send("</stream:stream>")
        self.expect("</stream:stream>")
        while self.socket.recv(65536):
            pass
        self.socket.close()
        self.settle()
