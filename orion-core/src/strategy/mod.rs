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
//! retries of a provider come before the next provider's turn. It counts how each does ([`Strategy::standings`]), and
//! leaves one that keeps failing alone for a while ([`Circuit`]).

mod capability;
mod circuit;
mod health;
mod policy;
mod retry;

pub use capability::Capability;
pub(crate) use capability::capabilities;
pub use circuit::{Circuit, CircuitState, Pass};
use health::Health;
pub use health::{Failure, Latency, Standing, Tally};
pub use policy::Policy;
pub use retry::Retrying;

use crate::domain::Money;
use crate::port::{Attempt, Provider, Served, Side};
use crate::{Cancellation, Error, ErrorKind, Result, Retry};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

/// No strategy has more providers.
const MOST: usize = 64;

/// The providers of one capability and the policy between them. Clones share both, and how the providers do.
///
/// ```
/// # use orion_core::{Operation, port::Embedder, strategy::{Policy, Strategy}, text::embedding::HashedEmbedder};
/// # use std::sync::Arc;
/// # async fn example(operation: &Operation) -> orion_core::Result<()> {
/// let built_in: Arc<dyn Embedder> = Arc::new(HashedEmbedder::default());
/// let embedders = Strategy::new(Policy::Local, vec![built_in])?;
/// let embed = |embedder: Arc<dyn Embedder>| async move { embedder.embed(&["a text".to_owned()], operation).await };
/// let served = embedders.call(&operation.cancellation, embed).await?;
/// assert_eq!((served.value.len(), served.after.len()), (1, 0));
/// # Ok(())
/// # }
/// ```
pub struct Strategy<P: ?Sized> {
    shared: Arc<RwLock<Shared<P>>>,
    retrying: Option<Retrying>,
}

struct Shared<P: ?Sized> {
    members: Vec<Member<P>>,
    policy: Policy,
}

/// A provider with what is known of it.
struct Member<P: ?Sized> {
    port: Arc<P>,
    health: Health,
    /// It came later, and serves only where a policy names it.
    added: bool,
}

impl<P: ?Sized> Clone for Strategy<P> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), retrying: self.retrying.clone() }
    }
}

impl<P: ?Sized> Clone for Member<P> {
    fn clone(&self) -> Self {
        Self { port: self.port.clone(), health: self.health.clone(), added: self.added }
    }
}

impl<P: Capability + ?Sized> Member<P> {
    fn new(port: Arc<P>, added: bool) -> Self {
        Self { port, health: Health::default(), added }
    }

    fn provider(&self) -> &Provider {
        self.port.provider()
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.port, &other.port)
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
        let members = ports.into_iter().map(|port| Member::new(port, false)).collect();
        let shared = Shared { members, policy: Policy::default() };
        let strategy = Self { shared: Arc::new(RwLock::new(shared)), retrying: None };
        strategy.set_policy(policy)?;
        Ok(strategy)
    }

    /// Nobody, until somebody is [added](Self::add) and a policy names them.
    pub fn nobody() -> Self {
        let shared = Shared { members: Vec::new(), policy: Policy::default() };
        Self { shared: Arc::new(RwLock::new(shared)), retrying: None }
    }

    /// One provider alone, on whichever side.
    pub fn only(port: Arc<P>) -> Self {
        let policy = match port.provider().side {
            Side::Local => Policy::Local,
            Side::Cloud => Policy::Cloud,
        };
        let shared = Shared { members: vec![Member::new(port, false)], policy };
        Self { shared: Arc::new(RwLock::new(shared)), retrying: None }
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
    pub fn providers(&self) -> Vec<Provider> {
        self.read().members.iter().map(|member| member.provider().clone()).collect()
    }

    /// Those who may serve under the policy in force, in the order in which they are asked.
    pub fn order(&self) -> Vec<Provider> {
        self.read().order().into_iter().map(|member| member.provider().clone()).collect()
    }

    /// Whether anybody may serve under the policy in force.
    pub fn serves(&self) -> bool {
        !self.read().order().is_empty()
    }

    /// How every provider stands.
    pub fn standings(&self) -> Vec<Standing> {
        let shared = self.read();
        let order = shared.order();
        let members = shared.members.iter();
        members
            .map(|member| Standing {
                provider: member.provider().clone(),
                place: order.iter().position(|other| other.is(member)).map(|place| place + 1),
                circuit: member.health.circuit.state(),
                tally: member.health.tally(),
            })
            .collect()
    }

    /// The provider of this name and model, whatever the policy says of new work.
    pub fn find(&self, provider: &Provider) -> Option<Arc<P>> {
        self.read().members.iter().find(|member| member.provider().is(provider)).map(|member| member.port.clone())
    }

    /// The policy in force.
    pub fn policy(&self) -> Policy {
        self.read().policy.clone()
    }

    /// Adds a provider while the program runs. It serves only where a [`Policy::Chain`] names it; one of the same name
    /// and model that is there already stays.
    ///
    /// # Errors
    /// [`Exhausted`](ErrorKind::Exhausted) if there are too many.
    pub fn add(&self, port: Arc<P>) -> Result<()> {
        let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        if shared.members.iter().any(|member| member.provider().is(port.provider())) {
            return Ok(());
        }
        if shared.members.len() >= MOST {
            return Err(Error::new(ErrorKind::Exhausted, "there are too many providers of this kind")
                .with_context("most", MOST)
                .with_hint("restart to forget those that were added meanwhile"));
        }
        shared.members.push(Member::new(port, true));
        Ok(())
    }

    /// Puts another policy in force from the next call on; calls under way keep theirs.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) if it names a provider that there is not, or permits nobody without saying so;
    /// the policy in force stays.
    pub fn set_policy(&self, policy: Policy) -> Result<()> {
        let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        let known = || format!("known: {}", named(shared.members.iter().map(Member::provider)));
        if let Policy::Chain(chain) = &policy {
            let is_known = |name: &&String| shared.members.iter().any(|member| member.provider().answers_to(name));
            if let Some(unknown) = chain.iter().find(|name| !is_known(name)) {
                return Err(Error::invalid("the policy names an unknown provider")
                    .with_context("provider", unknown)
                    .with_hint(known()));
            }
        }
        // Where nobody was there at the start, nobody serving is how it was.
        let somebody = shared.members.iter().any(|member| !member.added) || matches!(&policy, Policy::Chain(_));
        if somebody && policy != Policy::Nobody && shared.permitted(&policy).is_empty() {
            return Err(Error::invalid("the policy permits no provider")
                .with_context("policy", &policy)
                .with_hint(known()));
        }
        shared.policy = policy;
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, Shared<P>> {
        self.shared.read().unwrap_or_else(PoisonError::into_inner)
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
    ///   ends the call at once: no other provider would do better. So does a machine without room
    ///   ([`Error::starved`]).
    /// - If all fail, the error is of the last one's kind, names all attempts and those whom the policy forbids, and
    ///   is temporary if one of them was.
    /// - [`Unavailable`](ErrorKind::Unavailable) if there is no provider.
    pub async fn in_turn<T, F, W>(&self, first: Option<Arc<P>>, work: W) -> Result<Served<T>>
    where
        W: Fn(Turn<P>) -> F,
        F: Future<Output = Result<T>>,
    {
        let (policy, order, forbidden) = {
            let shared = self.read();
            let may_serve: Vec<Member<P>> = shared.order().into_iter().cloned().collect();
            let holder = first.and_then(|first| {
                let known = shared.members.iter().find(|member| Arc::ptr_eq(&member.port, &first)).cloned();
                known.or_else(|| Some(Member::new(first, true)))
            });
            let is_first = |member: &Member<P>| holder.as_ref().is_some_and(|holder| holder.is(member));
            let forbidden_holder =
                holder.as_ref().is_some_and(|holder| !may_serve.iter().any(|member| member.is(holder)));
            let order: Vec<(Member<P>, bool)> = holder
                .iter()
                .map(|holder| (holder.clone(), forbidden_holder))
                .chain(may_serve.iter().filter(|member| !is_first(member)).map(|member| (member.clone(), false)))
                .collect();
            let left_out = shared.members.iter().filter(|member| !may_serve.iter().any(|other| other.is(member)));
            (shared.policy.clone(), order, named(left_out.map(Member::provider)))
        };
        let mut after: Vec<Attempt> = Vec::new();
        let mut errors = Vec::new();
        let mut before: Option<Member<P>> = None;
        for (member, is_forbidden) in order {
            if let Some(failed) = before.take() {
                failed.health.replaced();
            }
            let provider = member.provider().clone();
            let turn = Turn {
                member: member.clone(),
                after: after.clone(),
                forbidden_by: is_forbidden.then(|| policy.clone()),
                retrying: self.retrying.clone(),
            };
            match work(turn).await {
                Ok(value) => return Ok(Served { value, by: provider, after }),
                Err(error)
                    if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Cancelled) || error.is_starved() =>
                {
                    return Err(error.with_context("provider", provider));
                }
                Err(error) => {
                    after.push(Attempt { provider, error: error.to_string() });
                    errors.push(error);
                    before = Some(member);
                }
            }
        }
        let error = all_failed(&after, errors);
        Err(match forbidden {
            names if names.is_empty() => error,
            names => {
                let other = format!("set a policy that permits {names}");
                let hint = error.hint().map_or(other.clone(), |hint| format!("{hint}; or {other}"));
                error.with_context("policy", &policy).with_context("forbidden", names).with_hint(hint)
            }
        })
    }
}

impl<P: Capability + ?Sized> Shared<P> {
    /// Who may serve now, in order.
    fn order(&self) -> Vec<&Member<P>> {
        self.permitted(&self.policy)
    }

    /// Who may serve under a policy, in order; nobody twice.
    fn permitted(&self, policy: &Policy) -> Vec<&Member<P>> {
        let of = |side| self.members.iter().filter(move |member| !member.added && member.provider().side == side);
        match policy {
            Policy::Local => of(Side::Local).collect(),
            Policy::Cloud => of(Side::Cloud).collect(),
            Policy::PreferLocal => of(Side::Local).chain(of(Side::Cloud)).collect(),
            Policy::PreferCloud => of(Side::Cloud).chain(of(Side::Local)).collect(),
            Policy::Nobody => Vec::new(),
            Policy::Chain(names) => {
                let mut order: Vec<&Member<P>> = Vec::new();
                for name in names {
                    let called = self.members.iter().filter(|member| member.provider().answers_to(name));
                    let fresh: Vec<_> =
                        called.filter(|member| !order.iter().any(|earlier| earlier.is(member))).collect();
                    order.extend(fresh);
                }
                order
            }
        }
    }
}

fn named<'p>(providers: impl Iterator<Item = &'p Provider>) -> String {
    providers.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// One provider's turn.
pub struct Turn<P: ?Sized> {
    member: Member<P>,
    after: Vec<Attempt>,
    forbidden_by: Option<Policy>,
    retrying: Option<Retrying>,
}

impl<P: Capability + ?Sized> Turn<P> {
    /// Whose turn it is.
    pub fn by(&self) -> &Provider {
        self.member.provider()
    }

    /// Counts what the provider was paid.
    pub fn paid(&self, amount: Money) {
        self.member.health.paid(amount);
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
            Some(retrying) => retrying.run(&self.member.health, cancellation, || work(self.member.port.clone())).await,
            None => work(self.member.port.clone()).await,
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
        let providers = self.providers();
        f.debug_struct("Strategy").field("policy", &self.policy()).field("providers", &providers).finish()
    }
}

#[cfg(test)]
mod tests;
