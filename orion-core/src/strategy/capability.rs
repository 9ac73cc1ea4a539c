//! The ports that a strategy chooses among.

use crate::port::{ClipModel, Embedder, ImageModel, LanguageModel, Provider, ScriptWriter, SpeechModel, Transcriber};

/// A port that several providers may have.
pub trait Capability: Send + Sync {
    /// Who it is.
    fn provider(&self) -> &Provider;
}

/// Lets strategies choose among the providers of a port, and makes one provider alone a strategy.
macro_rules! capabilities {
    ($($port:ident)*) => {$(
        impl $crate::strategy::Capability for dyn $port {
            fn provider(&self) -> &$crate::port::Provider {
                $port::provider(self)
            }
        }

        impl From<std::sync::Arc<dyn $port>> for $crate::strategy::Strategy<dyn $port> {
            fn from(port: std::sync::Arc<dyn $port>) -> Self {
                Self::only(port)
            }
        }

        impl<T: $port + 'static> From<std::sync::Arc<T>> for $crate::strategy::Strategy<dyn $port> {
            fn from(port: std::sync::Arc<T>) -> Self {
                Self::only(port)
            }
        }
    )*};
}

pub(crate) use capabilities;

capabilities! { ClipModel Embedder ImageModel LanguageModel ScriptWriter SpeechModel Transcriber }
