//! Where the server is, whose it is, and what it costs.

use orion_core::domain::{CostCategory, Money, Secret};
use orion_core::port::{Provider, Side, Usage};
use orion_core::{Cancellation, Error, ErrorKind, Result, Retry};
use orion_http::{Refusal, Service};
use serde::Deserialize;
use std::time::Duration;
use url::Url;

/// Where the server is, whose it is, and what it costs.
#[derive(Debug, Clone)]
pub struct OpenAiOptions {
    /// What the provider is called: `openai`, `whisper`.
    pub name: String,
    /// Address up to the version: `https://api.openai.com/v1`. Without a path `/v1` is added.
    pub address: String,
    /// The key; empty for servers that want none.
    pub key: Secret,
    /// Whose it is.
    pub side: Side,
    /// Dollars for one unit (token, picture, character, second); `None` is the default rate in the cloud
    /// (contract, section 5.7), and nothing on a machine of one's own.
    pub rate: Option<f64>,
    /// Longest time for a whole answer.
    pub deadline: Duration,
}

impl OpenAiOptions {
    /// OpenAI itself, with a key. A whole answer may take two minutes.
    pub fn cloud(key: Secret) -> Self {
        Self {
            name: "openai".to_owned(),
            address: "https://api.openai.com/v1".to_owned(),
            key,
            side: Side::Cloud,
            rate: None,
            deadline: Duration::from_secs(120),
        }
    }

    /// A server of one's own, without a key.
    pub fn local(address: impl Into<String>) -> Self {
        Self { address: address.into(), side: Side::Local, ..Self::cloud(Secret::new("")) }
    }

    /// Under another name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }
}

/// A server for one model.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) service: Service,
    pub(crate) provider: Provider,
    pub(crate) model: String,
    rate: f64,
    category: CostCategory,
}

impl Server {
    pub(crate) fn new(model: &str, options: &OpenAiOptions, category: CostCategory) -> Result<Self> {
        let (name, model) = (&options.name, model.trim());
        if model.is_empty() {
            return Err(Error::invalid("a model must be named").with_hint(format!("for example `{name}:MODEL`")));
        }
        let keyless = options.key.expose().trim().is_empty();
        if keyless && options.side == Side::Cloud {
            return Err(Error::invalid("this provider needs a key").with_context("provider", name).with_hint(format!(
                "set `{name}.key`, or the environment's OPENAI_API_KEY; for a server of your own set \
                 `{name}.side = \"local\"`"
            )));
        }
        let mut address = options.address.trim().to_owned();
        if Url::parse(&address).is_ok_and(|url| url.path() == "/") {
            address = format!("{}/v1", address.trim_end_matches('/'));
        }
        let mut service = Service::new(name.clone(), &address, options.side)?
            .with_deadline(options.deadline)
            .with_hint(format!("check that the server runs, and `{name}.url`"));
        if !keyless {
            service = service.with_secret("authorization", "Bearer ", &options.key)?;
        }
        let provider = Provider { name: name.clone(), model: model.to_owned(), side: options.side };
        let default = if options.side == Side::Cloud { category.default_rate() } else { 0.0 };
        Ok(Self { service, provider, model: model.to_owned(), rate: options.rate.unwrap_or(default), category })
    }

    /// What so many units cost.
    pub(crate) fn usage(&self, units: f64) -> Usage {
        Usage { category: self.category, units, cost: Money::from_dollars(units * self.rate) }
    }

    /// What a refusal means here: a spent quota is nothing that a moment's wait helps, and a missing model can be had.
    pub(crate) fn refused(&self, refusal: &Refusal) -> Error {
        let error = refusal.error().with_context("model", &self.model);
        match (refusal.status, refusal.code()) {
            (429, Some("insufficient_quota" | "billing_hard_limit_reached")) => {
                Error::new(ErrorKind::Exhausted, format!("the quota at {} is spent", self.service.name()))
                    .with_retry(Retry::Never)
                    .with_context("model", &self.model)
                    .with_context("said", &refusal.said)
                    .with_hint("add credit to the account there, or name another provider beside it")
            }
            (404, _) => error.with_hint("name a model that the server has, and check its address"),
            (401 | 403, _) => error.with_hint(format!("check `{}.key`", self.provider.name)),
            _ => error,
        }
    }

    /// The models that the server has; proves that it is there and takes the key.
    pub(crate) async fn models(&self, cancellation: &Cancellation) -> Result<Vec<String>> {
        #[derive(Deserialize)]
        struct Models {
            data: Vec<Model>,
        }
        #[derive(Deserialize)]
        struct Model {
            id: String,
        }
        let call = self.service.get(&["models"]).deadline(Duration::from_secs(10));
        let answer = call.attempt(cancellation).await?.map_err(|refusal| self.refused(&refusal))?;
        let models: Models = answer.json(4 << 20).await?;
        Ok(models.data.into_iter().map(|model| model.id).collect())
    }
}
