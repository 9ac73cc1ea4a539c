//! One unary call after the other, each within its deadline; what Milvus refuses becomes an error here.

use crate::MilvusOptions;
use crate::proto::Status;
use base64::Engine;
use http::uri::PathAndQuery;
use orion_core::{Error, ErrorKind, Result, Retry};
use prost::Message;
use std::path::Path;
use std::time::Duration;
use tonic::client::Grpc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request};
use tonic_prost::ProstCodec;

/// Longest answer in bytes: a thousand neighbours with payloads of 64 KB.
const MOST_BYTES: usize = 64 << 20;

/// A connection to a server, made when it is first needed and again when it is lost.
#[derive(Clone)]
pub(crate) struct Client {
    channel: Channel,
    authorization: Option<MetadataValue<Ascii>>,
    pub(crate) database: String,
    deadline: Duration,
}

impl Client {
    pub(crate) fn new(options: &MilvusOptions) -> Result<Self> {
        let wrong = |error: tonic::transport::Error| {
            Error::invalid("the address of the Milvus server cannot be used")
                .with_context("address", &options.endpoint)
                .with_source(error)
        };
        let mut endpoint = Endpoint::from_shared(options.endpoint.clone()).map_err(wrong)?;
        endpoint = endpoint.connect_timeout(Duration::from_secs(5)).tcp_keepalive(Some(Duration::from_secs(30)));
        if options.endpoint.starts_with("https:") {
            let tls = match &options.authority {
                None => ClientTlsConfig::new().with_native_roots(),
                Some(file) => ClientTlsConfig::new().ca_certificate(authority(file)?),
            };
            endpoint = endpoint.tls_config(tls).map_err(wrong)?;
        }
        let authorization = match &options.token {
            None => None,
            Some(token) => {
                let encoded = base64::engine::general_purpose::STANDARD.encode(token.expose());
                let told = || Error::invalid("the token of Milvus fits no header");
                let mut value = MetadataValue::try_from(encoded).map_err(|_| told())?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        Ok(Self {
            channel: endpoint.connect_lazy(),
            authorization,
            database: options.database.clone(),
            deadline: options.deadline,
        })
    }

    /// Makes one call.
    pub(crate) async fn call<Q, A>(&self, method: &'static str, message: Q) -> Result<A>
    where
        Q: Message + Send + Sync + 'static,
        A: Message + Default + Send + Sync + 'static,
    {
        let path = PathAndQuery::try_from(format!("/milvus.proto.milvus.MilvusService/{method}"))
            .map_err(|error| Error::unexpected("a method of Milvus has no path").with_source(error))?;
        let mut request = Request::new(message);
        request.set_timeout(self.deadline);
        if let Some(authorization) = &self.authorization {
            request.metadata_mut().insert("authorization", authorization.clone());
        }
        if let Ok(database) = MetadataValue::try_from(self.database.as_str())
            && !self.database.is_empty()
        {
            request.metadata_mut().insert("dbname", database);
        }
        let exchange = async {
            let mut grpc = Grpc::new(self.channel.clone()).max_decoding_message_size(MOST_BYTES);
            grpc.ready().await.map_err(|error| {
                Error::unavailable("the Milvus server cannot be reached")
                    .with_context("method", method)
                    .with_source(error)
                    .with_hint("start it, or check `vectors`")
            })?;
            let codec = ProstCodec::<Q, A>::default();
            grpc.unary(request, path, codec).await.map_err(|status| refused(method, &status))
        };
        match tokio::time::timeout(self.deadline, exchange).await {
            Ok(answer) => Ok(answer?.into_inner()),
            Err(_) => Err(Error::new(ErrorKind::Timeout, "the Milvus server took too long")
                .with_context("method", method)
                .with_context("seconds", self.deadline.as_secs_f64())),
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("database", &self.database).finish_non_exhaustive()
    }
}

/// The certificate of an authority, from its file.
fn authority(file: &Path) -> Result<Certificate> {
    let read = std::fs::read(file).map_err(|error| {
        Error::unavailable("the certificate of the authority cannot be read")
            .with_retry(Retry::Never)
            .with_context("file", file.display())
            .with_hint("check `ca` in `vectors`")
            .with_source(error)
    });
    read.map(Certificate::from_pem)
}

/// What gRPC says of a call that failed.
fn refused(method: &'static str, status: &tonic::Status) -> Error {
    let (kind, what) = match status.code() {
        Code::Unavailable => (ErrorKind::Unavailable, "the Milvus server cannot be reached"),
        Code::DeadlineExceeded | Code::Cancelled => (ErrorKind::Timeout, "the Milvus server took too long"),
        Code::Unauthenticated => (ErrorKind::Unauthorized, "the Milvus server does not know this user or key"),
        Code::PermissionDenied => (ErrorKind::Forbidden, "the Milvus server does not allow this"),
        Code::ResourceExhausted => (ErrorKind::RateLimited, "the Milvus server asks to slow down"),
        Code::InvalidArgument | Code::OutOfRange => (ErrorKind::Invalid, "the Milvus server does not take this"),
        Code::Unimplemented => (ErrorKind::Unsupported, "this is no Milvus server, or one of another age"),
        _ => (ErrorKind::Unavailable, "the Milvus server has a fault"),
    };
    let said: String = status.message().chars().filter(|c| !c.is_control()).take(300).collect();
    let error = Error::new(kind, what).with_context("method", method).with_context("said", said);
    if kind == ErrorKind::Unauthorized {
        error.with_hint("set `milvus.token` to user:password or an API key")
    } else {
        error
    }
}

/// Checks what an answer says of itself. `code` is Milvus' own since 2.3; older servers tell `error_code` alone.
pub(crate) fn check(method: &'static str, status: Option<&Status>) -> Result<()> {
    let Some(status) = status.filter(|status| status.code != 0 || status.error_code != 0) else { return Ok(()) };
    let (kind, what) = match (status.code, status.error_code) {
        // Collection not found; not loaded.
        (100, _) | (0, 4) => (ErrorKind::NotFound, "the collection does not exist"),
        (101, _) => (ErrorKind::Conflict, "the collection is not loaded"),
        (800, _) => (ErrorKind::NotFound, "the database does not exist"),
        (1100..=1199, _) | (0, 5 | 7 | 11) => (ErrorKind::Invalid, "the Milvus server does not take this"),
        (1400..=1499, _) | (0, 3) => (ErrorKind::Unauthorized, "the Milvus server does not allow this"),
        (8 | 9, _) => (ErrorKind::RateLimited, "the Milvus server asks to slow down"),
        _ => (ErrorKind::Unavailable, "the Milvus server has a fault"),
    };
    let said: String = status.reason.chars().filter(|c| !c.is_control()).take(300).collect();
    let error = Error::new(kind, what)
        .with_context("method", method)
        .with_context("code", if status.code == 0 { status.error_code } else { status.code })
        .with_context("said", said);
    Err(if status.retriable { error.with_retry(Retry::Later(None)) } else { error })
}
