"""A mail server by aiosmtpd: prints its port, and writes each message that it takes to `taken.eml`."""

import asyncio
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

mode, folder = sys.argv[1], pathlib.Path(sys.argv[2])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder / "cert.pem", folder / "key.pem")


class Taker:
    async def handle_DATA(self, server, session, envelope):
        (folder / "taken.eml").write_bytes(envelope.content)
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (b"orion", b"right")
    return AuthResult(success=known, handled=False)


def session():
    starttls = mode == "starttls"
    return SMTP(
        Taker(),
        authenticator=authenticate,
        auth_required=True,
        auth_require_tls=starttls,
        require_starttls=starttls,
        tls_context=context if starttls else None,
    )


async def main():
    loop = asyncio.get_running_loop()
    tls = context if mode == "tls" else None
    server = await loop.create_server(session, "127.0.0.1", 0, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
