//! LOCAL and CLOUD sides of a capability behind one trait. A [`Policy`] says who may serve and in which order, it can
//! be changed while the program runs, and every answer says who gave it and who failed before. Nobody serves whom the
//! policy does not permit: there is no silent fallback.
//!
//! [`Retrying`] is the one layer that tries again. It belongs inside a strategy, around one provider: the retries of
//! a provider come before the next provider's turn.

mod retry;

pub use retry::Retrying;

use crate::port::{Attempt, Provider, Served, Side};
use crate::{Error, ErrorKind, Result, Retry};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, PoisonError, RwLock};

/// Who may serve, and in which order. In text: `local`, `cloud`, `prefer-local`, `prefer-cloud`, or the names of
/// providers separated by commas.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Policy {
    /// Only what runs here.
    #[default]
    Local,
    /// Only what runs elsewhere.
    Cloud,
    /// What runs here; if that fails, what runs elsewhere.
    PreferLocal,
    /// What runs elsewhere; if that fails, what runs here.
    PreferCloud,
    /// Providers by name, in this order, and no others.
    Chain(Vec<String>),
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::Cloud => f.write_str("cloud"),
            Self::PreferLocal => f.write_str("prefer-local"),
            Self::PreferCloud => f.write_str("prefer-cloud"),
            Self::Chain(names) => f.write_str(&names.join(",")),
        }
    }
}

impl FromStr for Policy {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        Ok(match text.trim().to_lowercase().as_str() {
            "local" => Self::Local,
            "cloud" => Self::Cloud,
            "prefer-local" => Self::PreferLocal,
            "prefer-cloud" => Self::PreferCloud,
            _ => {
                let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
                if names.iter().any(String::is_empty) {
                    return Err(Error::invalid("not a policy").with_context("value", text).with_hint(
                        "write local, cloud, prefer-local, prefer-cloud, or names of providers separated by commas",
                    ));
                }
                Self::Chain(names)
            }
        })
    }
}

impl TryFrom<String> for Policy {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Policy> for String {
    fn from(policy: Policy) -> Self {
        policy.to_string()
    }
}

/// The providers of one capability and the policy between them.
///
/// ```
/// # use orion_core::{port::{Provider, Side}, strategy::{Policy, Strategy}};
/// # use std::sync::Arc;
/// # async fn example() -> orion_core::Result<()> {
/// let provider = |name: &str, side| Provider { name: name.to_owned(), model: String::new(), side };
/// let greeters: Strategy<str> = Strategy::new(Policy::PreferLocal, vec![
///     (provider("here", Side::Local), Arc::from("hello")),
///     (provider("there", Side::Cloud), Arc::from("good day")),
/// ])?;
/// let served = greeters.call(|greeter| async move { Ok(greeter.len()) }).await?;
/// assert_eq!((served.value, served.by.name.as_str()), (5, "here"));
/// # Ok(())
/// # }
/// ```
pub struct Strategy<P: ?Sized> {
    providers: Vec<(Provider, Arc<P>)>,
    policy: RwLock<Policy>,
}

impl<P: ?Sized> Strategy<P> {
    /// Providers in the order in which those of one side are tried.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) if two providers share a name, or the policy is one that
    /// [`set_policy`](Self::set_policy) refuses.
    pub fn new(policy: Policy, providers: Vec<(Provider, Arc<P>)>) -> Result<Self> {
        for (place, (provider, _)) in providers.iter().enumerate() {
            if providers.iter().take(place).any(|(earlier, _)| earlier.name == provider.name) {
                return Err(Error::invalid("two providers share a name").with_context("provider", &provider.name));
            }
        }
        let strategy = Self { providers, policy: RwLock::default() };
        strategy.set_policy(policy)?;
        Ok(strategy)
    }

    /// The providers, in order.
    pub fn providers(&self) -> impl Iterator<Item = &Provider> {
        self.providers.iter().map(|(provider, _)| provider)
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
        let names: Vec<&str> = self.providers().map(|provider| provider.name.as_str()).collect();
        if let Policy::Chain(chain) = &policy
            && let Some(unknown) = chain.iter().find(|name| !names.contains(&name.as_str()))
        {
            return Err(Error::invalid("the policy names an unknown provider")
                .with_context("provider", unknown)
                .with_hint(format!("known: {}", names.join(", "))));
        }
        if !self.providers.is_empty() && self.permitted(&policy).is_empty() {
            return Err(Error::invalid("the policy permits no provider")
                .with_context("policy", &policy)
                .with_hint(format!("known: {}", names.join(", "))));
        }
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = policy;
        Ok(())
    }

    /// Who may serve under a policy, in order; nobody twice.
    fn permitted(&self, policy: &Policy) -> Vec<&(Provider, Arc<P>)> {
        let of = |side| self.providers.iter().filter(move |(provider, _)| provider.side == side);
        match policy {
            Policy::Local => of(Side::Local).collect(),
            Policy::Cloud => of(Side::Cloud).collect(),
            Policy::PreferLocal => of(Side::Local).chain(of(Side::Cloud)).collect(),
            Policy::PreferCloud => of(Side::Cloud).chain(of(Side::Local)).collect(),
            Policy::Chain(names) => {
                let fresh = names.iter().enumerate().filter(|(place, name)| !names[..*place].contains(name));
                fresh
                    .filter_map(|(_, name)| self.providers.iter().find(|(provider, _)| provider.name == *name))
                    .collect()
            }
        }
    }

    /// Asks the permitted providers one after the other until one serves.
    ///
    /// # Errors
    /// - What is wrong with the request itself ([`Invalid`](ErrorKind::Invalid), [`Cancelled`](ErrorKind::Cancelled))
    ///   ends the call at once: no other provider would do better.
    /// - If all fail, the error is of the last one's kind, names all attempts, and is temporary if one of them was.
    /// - [`Unavailable`](ErrorKind::Unavailable) if there is no provider.
    pub async fn call<T, F, W>(&self, work: W) -> Result<Served<T>>
    where
        W: Fn(Arc<P>) -> F,
        F: Future<Output = Result<T>>,
    {
        let mut after = Vec::new();
        let mut errors = Vec::new();
        for (provider, port) in self.permitted(&self.policy()) {
            match work(Arc::clone(port)).await {
                Ok(value) => return Ok(Served { value, by: provider.clone(), after }),
                Err(error) if matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Cancelled) => {
                    return Err(error.with_context("provider", &provider.name));
                }
                Err(error) => {
                    after.push(Attempt { provider: provider.clone(), error: error.to_string() });
                    errors.push(error);
                }
            }
        }
        Err(all_failed(&after, errors))
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
        return last.with_context("provider", &only.provider.name);
    }
    let tried: Vec<String> =
        attempts.iter().map(|attempt| format!("{}: {}", attempt.provider.name, attempt.error)).collect();
    let error = Error::new(last.kind(), "every provider failed")
        .with_context("tried", tried.join("; "))
        .with_retry(temporary.unwrap_or(last.retry()))
        .with_source(last);
    match hint {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

impl<P: ?Sized> fmt::Debug for Strategy<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let providers: Vec<&Provider> = self.providers().collect();
        f.debug_struct("Strategy").field("policy", &self.policy()).field("providers", &providers).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// A provider that answers as it was told to.
    #[derive(Debug)]
    struct Fake {
        name: &'static str,
        fails: Option<ErrorKind>,
    }

    fn provider(name: &str, side: Side) -> Provider {
        Provider { name: name.to_owned(), model: "m".to_owned(), side }
    }

    fn strategy(policy: &str, fails: &[(&'static str, ErrorKind)]) -> Strategy<Fake> {
        let providers = [("l1", Side::Local), ("c1", Side::Cloud), ("l2", Side::Local), ("c2", Side::Cloud)];
        let fake = |(name, side): (&'static str, Side)| {
            let fails = fails.iter().find(|(failing, _)| *failing == name).map(|(_, kind)| *kind);
            (provider(name, side), Arc::new(Fake { name, fails }))
        };
        Strategy::new(policy.parse().unwrap(), providers.into_iter().map(fake).collect()).unwrap()
    }

    /// Who was asked, and what came of it.
    async fn ask(strategy: &Strategy<Fake>) -> (Vec<&'static str>, Result<Served<&'static str>>) {
        let asked = Mutex::new(Vec::new());
        let served = strategy
            .call(|fake| {
                asked.lock().unwrap().push(fake.name);
                async move {
                    match fake.fails {
                        Some(kind) => Err(Error::new(kind, "it failed").with_hint(format!("see {}", fake.name))),
                        None => Ok(fake.name),
                    }
                }
            })
            .await;
        (asked.into_inner().unwrap(), served)
    }

    const DOWN: ErrorKind = ErrorKind::Unavailable;

    #[tokio::test]
    async fn a_policy_decides_who_is_asked_and_in_which_order() {
        let all_down = ["l1", "l2", "c1", "c2"].map(|name| (name, DOWN));
        for (policy, order) in [
            ("local", &["l1", "l2"][..]),
            ("cloud", &["c1", "c2"]),
            ("prefer-local", &["l1", "l2", "c1", "c2"]),
            ("prefer-cloud", &["c1", "c2", "l1", "l2"]),
            ("c2", &["c2"]),
            ("c2, l1 ,c2", &["c2", "l1"]),
        ] {
            let (asked, served) = ask(&strategy(policy, &all_down)).await;
            assert_eq!(asked, order, "{policy}");
            assert_eq!(served.unwrap_err().kind(), DOWN);
            let (asked, served) = ask(&strategy(policy, &[])).await;
            assert_eq!(asked, order[..1], "{policy}: the first who serves is the last who is asked");
            let served = served.unwrap();
            assert_eq!((served.value, served.by.name.as_str(), served.after.len()), (order[0], order[0], 0));
        }
    }

    #[tokio::test]
    async fn an_answer_says_who_failed_before() {
        let (_, served) = ask(&strategy("prefer-local", &[("l1", DOWN), ("l2", ErrorKind::Timeout)])).await;
        let served = served.unwrap();
        assert_eq!(served.by, provider("c1", Side::Cloud));
        let attempt = |name: &str| Attempt { provider: provider(name, Side::Local), error: "it failed".to_owned() };
        assert_eq!(served.after, [attempt("l1"), attempt("l2")]);
    }

    #[tokio::test]
    async fn a_forbidden_side_never_serves() {
        let (asked, served) = ask(&strategy("local", &[("l1", DOWN), ("l2", DOWN)])).await;
        assert_eq!(asked, ["l1", "l2"]);
        let error = served.unwrap_err();
        assert_eq!(error.to_string(), "every provider failed (tried: l1: it failed; l2: it failed)");
        assert_eq!((error.hint(), error.is_temporary()), (Some("see l1"), true));
    }

    #[tokio::test]
    async fn what_is_wrong_with_the_request_ends_the_call() {
        for kind in [ErrorKind::Invalid, ErrorKind::Cancelled] {
            let (asked, served) = ask(&strategy("prefer-local", &[("l1", kind)])).await;
            assert_eq!(asked, ["l1"]);
            let error = served.unwrap_err();
            assert_eq!((error.kind(), error.to_string().as_str()), (kind, "it failed (provider: l1)"));
        }
    }

    #[tokio::test]
    async fn the_only_one_who_fails_speaks_for_itself() {
        let (_, served) = ask(&strategy("c1", &[("c1", ErrorKind::Unauthorized)])).await;
        let error = served.unwrap_err();
        assert_eq!((error.kind(), error.hint()), (ErrorKind::Unauthorized, Some("see c1")));
        assert!(!error.is_temporary());
        let nobody: Strategy<Fake> = Strategy::new(Policy::Local, vec![]).unwrap();
        assert_eq!(ask(&nobody).await.1.unwrap_err().kind(), ErrorKind::Unavailable);
    }

    #[tokio::test]
    async fn a_policy_is_switched_between_calls_and_checked() {
        let strategy = strategy("local", &[]);
        assert_eq!(ask(&strategy).await.0, ["l1"]);
        strategy.set_policy(Policy::Cloud).unwrap();
        assert_eq!(ask(&strategy).await.0, ["c1"]);
        let unknown = strategy.set_policy(Policy::Chain(vec!["c2".to_owned(), "C1".to_owned()])).unwrap_err();
        assert_eq!(unknown.kind(), ErrorKind::Invalid);
        assert_eq!(strategy.set_policy(Policy::Chain(vec![])).unwrap_err().kind(), ErrorKind::Invalid);
        assert_eq!(strategy.policy(), Policy::Cloud, "a refused policy changes nothing");

        let here = |name| (provider(name, Side::Local), Arc::new(Fake { name: "l", fails: None }));
        assert!(Strategy::new(Policy::Cloud, vec![here("a")]).is_err(), "nobody is permitted");
        assert!(Strategy::new(Policy::Local, vec![here("a"), here("a")]).is_err(), "two share a name");
    }

    #[test]
    fn policies_are_read_from_text() {
        for text in ["local", "cloud", "prefer-local", "prefer-cloud", "fal,ollama"] {
            let policy: Policy = text.parse().unwrap();
            assert_eq!(policy.to_string(), text);
            let json = serde_json::to_string(&policy).unwrap();
            assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy);
        }
        assert_eq!(" LOCAL ".parse::<Policy>().unwrap(), Policy::Local);
        for text in ["", "a,,b", ","] {
            assert!(text.parse::<Policy>().is_err(), "{text:?}");
        }
    }
}
