//! LOCAL and CLOUD sides of a capability behind one trait. A [`Policy`] says who may serve and in which order, it can
//! be changed while the program runs, and every answer says who gave it and who failed before. Nobody serves whom the
//! policy does not permit: there is no silent fallback.
//!
//! Use cases hold a [`Strategy`] where they need a capability, never a single provider; one provider alone is a
//! strategy too (`provider.into()`). A strategy is not itself the port it stands for: an answer through the port
//! could not say who gave it.
//!
//! - [`Strategy::call`] asks one provider after the other for one answer.
//! - [`Strategy::in_turn`] lets each provider do a whole piece of work that must come from one hand (all lines of a
//!   narration, a picture that is submitted and waited for) before the next one has its turn.
//!
//! [`Retrying`] is the one layer that tries again. It works inside a strategy, around each effect of one provider: the
//! retries of a provider come before the next provider's turn.

mod capability;
mod policy;
mod retry;

pub use capability::Capability;
pub(crate) use capability::capabilities;
pub use policy::Policy;
pub use retry::Retrying;

use crate::port::{Attempt, Provider, Served, Side};
use crate::{Cancellation, Error, ErrorKind, Result, Retry};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// The providers of one capability and the policy between them. Clones share the policy.
///
/// ```
/// # use orion_core::{Operation, port::Embedder, strategy::{Policy, Strategy}, text::embedding::HashedEmbedder};
/// # use std::sync::Arc;
/// # async fn example(operation: &Operation) -> orion_core::Result<()> {
/// let built_in: Arc<dyn Embedder> = Arc::new(HashedEmbedder::default());
/// let embedders = Strategy::new(Policy::Local, vec![built_in])?;
/// let embed = |embedder: Arc<dyn Embedder>| async move { embedder.embed(&["a text".to_owned()]).await };
/// let served = embedders.call(&operation.cancellation, embed).await?;
/// assert_eq!((served.value.len(), served.after.len()), (1, 0));
/// # Ok(())
/// # }
/// ```
pub struct Strategy<P: ?Sized> {
    ports: Arc<[Arc<P>]>,
    policy: Arc<RwLock<Policy>>,
    retrying: Option<Retrying>,
}

impl<P: ?Sized> Clone for Strategy<P> {
    fn clone(&self) -> Self {
        Self { ports: self.ports.clone(), policy: self.policy.clone(), retrying: self.retrying.clone() }
    }
}

impl<P: Capability + ?Sized> Strategy<P> {
    /// Providers in the order in which those of one side are tried.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) if two providers share name and model, or the policy is one that
    /// [`set_policy`](Self::set_policy) refuses.
    pub fn new(policy: Policy, ports: Vec<Arc<P>>) -> Result<Self> {
        for (place, port) in ports.iter().enumerate() {
            let provider = port.provider();
            if ports.iter().take(place).any(|earlier| provider.is(earlier.provider())) {
                return Err(Error::invalid("a provider is named twice").with_context("provider", provider));
            }
        }
        let strategy = Self { ports: ports.into(), policy: Arc::default(), retrying: None };
        strategy.set_policy(policy)?;
        Ok(strategy)
    }

    /// One provider alone, on whichever side.
    pub fn only(port: Arc<P>) -> Self {
        let policy = match port.provider().side {
            Side::Local => Policy::Local,
            Side::Cloud => Policy::Cloud,
        };
        Self { ports: Arc::new([port]), policy: Arc::new(RwLock::new(policy)), retrying: None }
    }

    /// Tries each provider's temporary failures again before the next provider has its turn.
    #[must_use]
    pub fn with_retrying(mut self, retrying: Retrying) -> Self {
        self.retrying = Some(retrying);
        self
    }

    /// As [`with_retrying`](Self::with_retrying), unless it has a way to try again already.
    #[must_use]
    pub fn or_retrying(mut self, retrying: Retrying) -> Self {
        self.retrying.get_or_insert(retrying);
        self
    }

    /// All providers, whether they may serve or not.
    pub fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.ports.iter().map(|port| port.provider())
    }

    /// Those who may serve under the policy in force, in the order in which they are asked.
    pub fn order(&self) -> Vec<Provider> {
        self.permitted(&self.policy()).iter().map(|port| port.provider().clone()).collect()
    }

    /// The provider of this name and model, whatever the policy says of new work.
    pub fn find(&self, provider: &Provider) -> Option<Arc<P>> {
        self.ports.iter().find(|port| port.provider().is(provider)).cloned()
    }

    /// The policy in force.
    pub fn policy(&self) -> Policy {
        self.policy.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another policy in force from the next call on; calls under way keep theirs.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) if it names a provider that there is not, or permits nobody; the policy in
    /// force stays.
    pub fn set_policy(&self, policy: Policy) -> Result<()> {
        let known = || format!("known: {}", named(self.providers()));
        if let Policy::Chain(chain) = &policy
            && let Some(unknown) = chain.iter().find(|name| !self.providers().any(|provider| provider.answers_to(name)))
        {
            return Err(Error::invalid("the policy names an unknown provider")
                .with_context("provider", unknown)
                .with_hint(known()));
        }
        if !self.ports.is_empty() && self.permitted(&policy).is_empty() {
            return Err(Error::invalid("the policy permits no provider")
                .with_context("policy", &policy)
                .with_hint(known()));
        }
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = policy;
        Ok(())
    }

    /// Who may serve under a policy, in order; nobody twice.
    fn permitted(&self, policy: &Policy) -> Vec<&Arc<P>> {
        let of = |side| self.ports.iter().filter(move |port| port.provider().side == side);
        match policy {
            Policy::Local => of(Side::Local).collect(),
            Policy::Cloud => of(Side::Cloud).collect(),
            Policy::PreferLocal => of(Side::Local).chain(of(Side::Cloud)).collect(),
            Policy::PreferCloud => of(Side::Cloud).chain(of(Side::Local)).collect(),
            Policy::Chain(names) => {
                let mut order: Vec<&Arc<P>> = Vec::new();
                for name in names {
                    let called = self.ports.iter().filter(|port| port.provider().answers_to(name));
                    let fresh: Vec<_> =
                        called.filter(|port| !order.iter().any(|earlier| Arc::ptr_eq(earlier, port))).collect();
                    order.extend(fresh);
                }
                order
            }
        }
    }

    /// Asks the permitted providers one after the other until one answers; a provider's temporary failures are tried
    /// again first.
    ///
    /// # Errors
    /// As [`in_turn`](Self::in_turn).
    pub async fn call<T, F, W>(&self, cancellation: &Cancellation, work: W) -> Result<Served<T>>
    where
        W: Fn(Arc<P>) -> F,
        F: Future<Output = Result<T>>,
    {
        let work = &work;
        self.in_turn(None, |turn| async move { turn.ask(cancellation, work).await }).await
    }

    /// Gives the permitted providers their turns one after the other until one serves. Work that one of them holds
    /// already goes to it `first`, whatever the policy: what was done or sent before stays done or sent.
    ///
    /// # Errors
    /// - What is wrong with the request itself ([`Invalid`](ErrorKind::Invalid), [`Cancelled`](ErrorKind::Cancelled))
    ///   ends the call at once: no other provider would do better.
    /// - If all fail, the error is of the last one's kind, names all attempts and those whom the policy forbids, and
    ///   is temporary if one of them was.
    /// - [`Unavailable`](ErrorKind::Unavailable) if there is no provider.
    pub async fn in_turn<T, F, W>(&self, first: Option<Arc<P>>, work: W) -> Result<Served<T>>
    where
        W: Fn(Turn<P>) -> F,
        F: Future<Output = Result<T>>,
    {
        let policy = self.policy();
        let may_serve = |port: &Arc<P>| policy.permits(port.provider());
        let mut order: Vec<&Arc<P>> = first.iter().collect();
        order.extend(
            self.permitted(&policy)
                .into_iter()
                .filter(|port| first.as_ref().is_none_or(|first| !Arc::ptr_eq(first, port))),
        );
        let mut after = Vec::new();
        let mut errors = Vec::new();
        for port in order {
            let provider = port.provider();
            let forbidden_by = (!may_serve(port)).then(|| policy.clone());
            let turn = Turn { port: port.clone(), after: after.clone(), forbidden_by, retrying: self.retrying.clone() };
            match work(turn).await {
                Ok(value) => return Ok(Served { value, by: provider.clone(), after }),
                Err(error) if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Cancelled) => {
                    return Err(error.with_context("provider", provider));
                }
                Err(error) => {
                    after.push(Attempt { provider: provider.clone(), error: error.to_string() });
                    errors.push(error);
                }
            }
        }
        let forbidden = self.ports.iter().filter(|port| !may_serve(port)).map(|port| port.provider());
        let error = all_failed(&after, errors);
        Err(match named(forbidden) {
            names if names.is_empty() => error,
            names => {
                let other = format!("set a policy that permits {names}");
                let hint = error.hint().map_or(other.clone(), |hint| format!("{hint}; or {other}"));
                error.with_context("policy", &policy).with_context("forbidden", names).with_hint(hint)
            }
        })
    }
}

fn named<'p>(providers: impl Iterator<Item = &'p Provider>) -> String {
    providers.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// One provider's turn.
pub struct Turn<P: ?Sized> {
    port: Arc<P>,
    after: Vec<Attempt>,
    forbidden_by: Option<Policy>,
    retrying: Option<Retrying>,
}

impl<P: Capability + ?Sized> Turn<P> {
    /// Whose turn it is.
    pub fn by(&self) -> &Provider {
        self.port.provider()
    }

    /// Who failed before.
    pub fn after(&self) -> &[Attempt] {
        &self.after
    }

    /// Asks for something new, again as long as the failure is temporary.
    ///
    /// # Errors
    /// The provider's own; [`Unavailable`](ErrorKind::Unavailable) if the provider has its turn only for what it
    /// holds already, and the policy forbids to ask it for more.
    pub async fn ask<T, F, W>(&self, cancellation: &Cancellation, work: W) -> Result<T>
    where
        W: Fn(Arc<P>) -> F,
        F: Future<Output = Result<T>>,
    {
        if let Some(policy) = &self.forbidden_by {
            return Err(Error::unavailable("the policy forbids to ask this provider for more")
                .with_retry(Retry::Never)
                .with_context("policy", policy));
        }
        self.fetch(cancellation, work).await
    }

    /// Fetches what the provider was asked for before, again as long as the failure is temporary.
    ///
    /// # Errors
    /// The provider's own.
    pub async fn fetch<T, F, W>(&self, cancellation: &Cancellation, work: W) -> Result<T>
    where
        W: Fn(Arc<P>) -> F,
        F: Future<Output = Result<T>>,
    {
        match &self.retrying {
            Some(retrying) => retrying.run(cancellation, || work(self.port.clone())).await,
            None => work(self.port.clone()).await,
        }
    }
}

impl<P: Capability + ?Sized> fmt::Debug for Turn<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("by", self.by()).field("after", &self.after).finish_non_exhaustive()
    }
}

/// The error of a call that nobody served.
fn all_failed(attempts: &[Attempt], mut errors: Vec<Error>) -> Error {
    let temporary = errors.iter().find(|error| error.is_temporary()).map(Error::retry);
    let hint = errors.iter().find_map(|error| error.hint().map(str::to_owned));
    let Some(last) = errors.pop() else {
        return Error::unavailable("no provider is set up").with_retry(Retry::Never);
    };
    if let ([only], true) = (attempts, errors.is_empty()) {
        return last.with_context("provider", &only.provider);
    }
    let tried: Vec<String> =
        attempts.iter().map(|attempt| format!("{}: {}", attempt.provider, attempt.error)).collect();
    let error = Error::new(last.kind(), "every provider failed")
        .with_context("tried", tried.join("; "))
        .with_retry(temporary.unwrap_or(last.retry()))
        .with_source(last);
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

impl<P: Capability + ?Sized> fmt::Debug for Strategy<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let providers: Vec<&Provider> = self.providers().collect();
        f.debug_struct("Strategy").field("policy", &self.policy()).field("providers", &providers).finish()
    }
}

#[cfg(test)]
mod tests;
