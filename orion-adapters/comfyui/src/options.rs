//! Where the server is, what it is sent and how long it may take.

use crate::workflow::Workflow;
use orion_core::{Error, Result};
use std::time::Duration;
use url::Url;

/// Where the server is, what it is sent and how long it may take.
#[derive(Debug, Clone, PartialEq)]
pub struct ComfyOptions {
    /// Address of the server.
    pub server: Url,
    /// The workflow, if not the one that this crate brings.
    pub workflow: Option<Workflow>,
    /// File of the model, if not the one that the workflow names.
    pub checkpoint: Option<String>,
    /// Longest time to wait for a prompt, those before it in the queue included.
    pub deadline: Duration,
    /// How often the queue is asked when the socket is silent.
    pub poll: Duration,
}

impl ComfyOptions {
    /// A server at this address with the workflows of this crate. A prompt may take ten minutes.
    ///
    /// # Errors
    /// [`Invalid`](orion_core::ErrorKind::Invalid) for an address that is not HTTP.
    pub fn at(server: &str) -> Result<Self> {
        let invalid = || {
            Error::invalid("this is no address of a ComfyUI server").with_hint("write it as `http://127.0.0.1:8188`")
        };
        let server = Url::parse(server.trim()).map_err(|error| invalid().with_source(error))?;
        if !matches!(server.scheme(), "http" | "https") || !server.has_host() {
            return Err(invalid());
        }
        Ok(Self {
            server,
            workflow: None,
            checkpoint: None,
            deadline: Duration::from_secs(600),
            poll: Duration::from_secs(1),
        })
    }
}
