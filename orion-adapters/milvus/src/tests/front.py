"""Stands before a Milvus as the entrance of a guarded one does: TLS, and no call without name and password.

front.py MILVUS CERTIFICATE KEY USER:PASSWORD prints its port, and serves until its standard input ends.
"""

import base64
import sys
from concurrent import futures

import grpc

milvus, certificate, key, token = sys.argv[1:]
channel = grpc.insecure_channel(milvus)
expected = base64.b64encode(token.encode()).decode()


class Front(grpc.GenericRpcHandler):
    """Passes calls on as they came, if they are shown to be allowed."""

    def service(self, details):
        def forward(request, context):
            metadata = dict(context.invocation_metadata())
            if "authorization" not in metadata:
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "missing authorization in header")
            if metadata["authorization"] != expected:
                context.abort(grpc.StatusCode.UNAUTHENTICATED, "auth check failure, please check username and password")
            call = channel.unary_unary(details.method)
            kept = [(name, value) for name, value in metadata.items() if name == "dbname"]
            try:
                return call(request, timeout=context.time_remaining(), metadata=kept)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())

        return grpc.unary_unary_rpc_method_handler(forward)


with open(key, "rb") as private, open(certificate, "rb") as public:
    credentials = grpc.ssl_server_credentials([(private.read(), public.read())])
server = grpc.server(futures.ThreadPoolExecutor(4), handlers=[Front()])
port = server.add_secure_port("127.0.0.1:0", credentials)
server.start()
print(port, flush=True)
sys.stdin.read()
server.stop(0)
