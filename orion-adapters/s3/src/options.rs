//! Where the bucket is and who asks for it.

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use orion_core::domain::Secret;
use orion_core::{Error, Result};
use std::time::Duration;
use url::Url;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// Longest time of one request: a part of 8 MiB at a tenth of a megabyte a second.
const REQUEST: Duration = Duration::from_secs(90);

/// Where the bucket is and who asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Options {
    /// Name of the bucket; it must exist.
    pub bucket: String,
    /// What every name of an object begins with; may be empty, and needs no slash at its end.
    pub prefix: String,
    /// Address of a server other than Amazon's. One that begins with `http:` is spoken to without TLS.
    pub endpoint: Option<Url>,
    /// Region of the bucket. Servers of one's own mostly take any.
    pub region: String,
    /// Name of the access key. If it is empty, key, secret and session are looked for where Amazon's own programs look:
    /// `AWS_ACCESS_KEY_ID` and its like, a web identity, the machine's role.
    pub access_key: String,
    /// The secret that belongs to the access key.
    pub secret_key: Secret,
    /// Whether the bucket is named in the path (`https://HOST/BUCKET/…`) rather than in the host.
    pub path_style: bool,
}

impl S3Options {
    /// A bucket of Amazon's in `us-east-1`, by `BUCKET` or `BUCKET/PREFIX`, asked for with the keys of the environment.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for what cannot name a bucket or a prefix.
    pub fn parse(place: &str) -> Result<Self> {
        let place = place.strip_prefix("//").unwrap_or(place);
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        let invalid = |message: &'static str| {
            Err(Error::invalid(message)
                .with_context("address", format!("s3:{place}"))
                .with_hint("write it as `s3:BUCKET` or `s3:BUCKET/PREFIX`"))
        };
        // The rules of Amazon for names of buckets; every other server keeps to them or is wider.
        let letters = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        let well_formed = (3..=63).contains(&bucket.len())
            && bucket.chars().all(|letter| letters(letter) || letter == '-' || letter == '.')
            && bucket.starts_with(letters)
            && bucket.ends_with(letters);
        if !well_formed {
            return invalid("a bucket has 3 to 63 lower-case letters, digits, dots and hyphens");
        }
        let prefix = prefix.trim_matches('/');
        let plain = |part: &str| {
            !part.is_empty()
                && part != "."
                && part != ".."
                && part.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter))
        };
        if prefix.len() > 512 || !prefix.is_empty() && !prefix.split('/').all(plain) {
            return invalid("a prefix has letters, digits, dots, hyphens and underscores between single slashes");
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            endpoint: None,
            region: "us-east-1".to_owned(),
            access_key: String::new(),
            secret_key: Secret::new(""),
            path_style: false,
        })
    }

    /// On another server than Amazon's, which names buckets in paths; an empty address changes nothing.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an address that is not one of a web server.
    pub fn at(mut self, endpoint: &str) -> Result<Self> {
        let endpoint = endpoint.trim().trim_end_matches('/');
        if endpoint.is_empty() {
            return Ok(self);
        }
        let invalid = || {
            Error::invalid("this is no address of an S3 server")
                .with_hint("write it as `https://HOST` or `http://HOST:PORT`, without user and bucket")
        };
        let url = Url::parse(endpoint).map_err(|error| invalid().with_source(error))?;
        let web = matches!(url.scheme(), "http" | "https") && url.has_host();
        let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if !web || !bare {
            return Err(invalid());
        }
        self.endpoint = Some(url);
        self.path_style = true;
        Ok(self)
    }

    /// Asked for with this key.
    #[must_use]
    pub fn with_key(mut self, access_key: impl Into<String>, secret_key: Secret) -> Self {
        (self.access_key, self.secret_key) = (access_key.into(), secret_key);
        self
    }

    /// What it is called in errors: `s3:videos/orion`.
    pub(crate) fn name(&self) -> String {
        match self.prefix.as_str() {
            "" => format!("s3:{}", self.bucket),
            prefix => format!("s3:{}/{prefix}", self.bucket),
        }
    }

    /// The client; nothing is contacted yet.
    pub(crate) fn client(&self) -> Result<AmazonS3> {
        if self.access_key.is_empty() != self.secret_key.expose().is_empty() {
            return Err(
                Error::invalid("an S3 access key and its secret come together").with_hint("set both or neither")
            );
        }
        let mut builder = match self.access_key.as_str() {
            "" => AmazonS3Builder::from_env(),
            key => AmazonS3Builder::new().with_access_key_id(key).with_secret_access_key(self.secret_key.expose()),
        };
        let mut client = ClientOptions::new().with_connect_timeout(CONNECT).with_timeout(REQUEST);
        if let Some(endpoint) = &self.endpoint {
            client = client.with_allow_http(endpoint.scheme() == "http");
            builder = builder.with_endpoint(self.endpoint_text(endpoint));
        }
        builder
            .with_bucket_name(&self.bucket)
            .with_region(&self.region)
            .with_virtual_hosted_style_request(!self.path_style)
            .with_client_options(client)
            .with_retry(RetryConfig {
                backoff: BackoffConfig {
                    init_backoff: Duration::from_millis(100),
                    max_backoff: Duration::from_secs(5),
                    base: 2.0,
                },
                max_retries: 4,
                retry_timeout: Duration::from_secs(60),
            })
            .build()
            .map_err(|error| {
                Error::invalid("the S3 client cannot be made").with_context("blobs", self.name()).with_source(error)
            })
    }

    /// A server of one's own that names buckets in hosts is addressed with the bucket.
    fn endpoint_text(&self, endpoint: &Url) -> String {
        let text = endpoint.as_str().trim_end_matches('/');
        match text.split_once("://") {
            Some((scheme, host)) if !self.path_style => format!("{scheme}://{}.{host}", self.bucket),
            _ => text.to_owned(),
        }
    }
}
