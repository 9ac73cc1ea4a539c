//! Accounts: how they begin, and what their users say of themselves.

use super::{Caller, Identity, rules, settled};
use crate::domain::{Login, LoginKind, Role, Secret, TicketKind, User};
use crate::id::{Id, LoginId, UserId};
use crate::port::{Filter, RepositoryExt, Tx};
use crate::{Error, ErrorKind, Result, Timestamp};
use serde_json::{Map, Value};

/// No user's settings are larger, as JSON.
const SETTINGS_MOST: usize = 64 * 1024;

/// A user, and where else they can sign in.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The user.
    pub user: User,
    /// Providers whose accounts are linked: `github`, `google`.
    pub oauth_providers: Vec<String>,
}

/// What to change of a profile. `None` leaves as it is; where there is a second `Option`, its `None` clears.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileChange {
    /// Name for people.
    pub name: Option<String>,
    /// Given name.
    pub first_name: Option<Option<String>>,
    /// Family name.
    pub last_name: Option<Option<String>>,
    /// A few words about them.
    pub bio: Option<Option<String>>,
    /// Time zone by its IANA name.
    pub timezone: Option<String>,
    /// Address of a picture.
    pub avatar_url: Option<Option<String>>,
}

impl ProfileChange {
    /// The same change with every field checked and in its normal form.
    fn checked(self) -> Result<Self> {
        if self == Self::default() {
            return Err(Error::invalid("no fields to change"));
        }
        let line = |field, text: Option<Option<String>>| match text {
            Some(Some(text)) => rules::line(field, &text, 128).map(|text| Some(Some(text))),
            other => Ok(other),
        };
        let optional = |text: Option<Option<String>>, check: fn(&str) -> Result<String>| match text {
            Some(Some(text)) => check(&text).map(|text| Some(Some(text))),
            other => Ok(other),
        };
        Ok(Self {
            name: self.name.as_deref().map(rules::name).transpose()?,
            first_name: line("first_name", self.first_name)?,
            last_name: line("last_name", self.last_name)?,
            bio: optional(self.bio, |text| rules::text("bio", text, 2000))?,
            timezone: self.timezone.as_deref().map(rules::timezone).transpose()?,
            avatar_url: optional(self.avatar_url, rules::picture)?,
        })
    }

    fn apply(&self, user: &mut User) {
        fn set<T: Clone>(field: &mut T, change: &Option<T>) {
            if let Some(value) = change {
                *field = value.clone();
            }
        }
        set(&mut user.name, &self.name);
        set(&mut user.first_name, &self.first_name);
        set(&mut user.last_name, &self.last_name);
        set(&mut user.bio, &self.bio);
        set(&mut user.timezone, &self.timezone);
        set(&mut user.avatar_url, &self.avatar_url);
    }
}

impl Identity {
    /// Makes an account that may read, and sends a mail to confirm its address.
    ///
    /// # Errors
    /// `Invalid` naming the field; `AlreadyExists` if the address has an account.
    pub async fn register(&self, email: &str, password: &Secret, name: &str) -> Result<User> {
        let (email, name) = (rules::email(email)?, rules::name(name)?);
        rules::password(password)?;
        let password = self.hasher.hash(password).await?;
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let mut user = self.new_user(email, name, Role::Viewer, now);
        user.password = Some(password);
        insert_user(tx.as_mut(), &mut user).await?;
        let ticket = self.issue_by_mail(tx.as_mut(), TicketKind::VerifyEmail, Some(user.id), now).await?;
        tx.commit().await?;
        self.deliver_now(ticket).await;
        Ok(user)
    }

    /// An account as it begins: active, without a password.
    pub(super) fn new_user(&self, email: String, name: String, role: Role, now: Timestamp) -> User {
        User {
            id: UserId::random(self.entropy.as_ref()),
            email,
            name,
            role,
            active: true,
            username: None,
            password: None,
            first_name: None,
            last_name: None,
            avatar_url: None,
            bio: None,
            timezone: "UTC".to_owned(),
            email_verified: false,
            last_login_at: None,
            settings: Map::new(),
            created_at: now,
            updated_at: now,
            version: 0,
        }
    }

    /// Notes that an address is its user's, by the token that was sent there.
    ///
    /// # Errors
    /// `Unauthorized` for a token that is not good, was used or has expired.
    pub async fn verify_email(&self, token: &Secret) -> Result<()> {
        settled(|| async {
            let mut tx = self.store.begin().await?;
            let now = self.clock.now();
            let ticket = self.take_ticket(tx.as_mut(), TicketKind::VerifyEmail, token, now).await?;
            let mut user = tx.users().require(Self::holder(&ticket)?).await?;
            user.email_verified = true;
            user.updated_at = now;
            tx.users().update(&mut user).await?;
            tx.commit().await
        })
        .await
    }

    /// A user and where else they can sign in.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn profile(&self, id: UserId) -> Result<Profile> {
        let mut tx = self.store.read().await?;
        let user = tx.users().require(id).await?;
        profile_of(tx.as_mut(), user).await
    }

    /// Changes the caller's profile.
    ///
    /// # Errors
    /// `Invalid` naming the field, or if there is nothing to change.
    pub async fn update_profile(&self, caller: &Caller, change: ProfileChange) -> Result<Profile> {
        let change = change.checked()?;
        let user = self.change_user(caller.user_id, |user| {
            change.apply(user);
            Ok(())
        });
        let user = user.await?;
        profile_of(self.store.read().await?.as_mut(), user).await
    }

    /// Changes a user in a transaction of its own.
    pub(super) async fn change_user(&self, id: UserId, change: impl Fn(&mut User) -> Result<()>) -> Result<User> {
        settled(|| async {
            let mut tx = self.store.begin().await?;
            let mut user = tx.users().require(id).await?;
            change(&mut user)?;
            user.updated_at = self.clock.now();
            tx.users().update(&mut user).await?;
            tx.commit().await?;
            Ok(user)
        })
        .await
    }

    /// Completes an account that came by a provider: a username and a password, and what else is known.
    ///
    /// # Errors
    /// `Invalid` naming the field; `AlreadyExists` if the username is taken; `Conflict` if it was done already.
    pub async fn onboard(
        &self,
        caller: &Caller,
        username: &str,
        password: &Secret,
        first_name: Option<&str>,
        last_name: Option<&str>,
        timezone: Option<&str>,
    ) -> Result<User> {
        rules::username(username)?;
        rules::password(password)?;
        let line = |field, text: Option<&str>| text.map(|text| rules::line(field, text, 128)).transpose();
        let (first_name, last_name) = (line("first_name", first_name)?, line("last_name", last_name)?);
        let timezone = timezone.map(rules::timezone).transpose()?;
        let done = || Error::conflict("onboarding is done already");
        if self.profile(caller.user_id).await?.user.password.is_some() {
            return Err(done());
        }
        let password = self.hasher.hash(password).await?;
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let mut user = tx.users().require(caller.user_id).await?;
        if user.password.is_some() {
            return Err(done());
        }
        let mut login = self.new_login(user.id, LoginKind::Username, username.to_owned(), now);
        tx.logins().insert(&mut login).await.map_err(|error| taken(error, "username taken"))?;
        user.username = Some(username.to_owned());
        user.password = Some(password);
        user.first_name = first_name.or(user.first_name);
        user.last_name = last_name.or(user.last_name);
        user.timezone = timezone.unwrap_or(user.timezone);
        user.updated_at = now;
        tx.users().update(&mut user).await?;
        tx.commit().await?;
        Ok(user)
    }

    pub(super) fn new_login(&self, user_id: UserId, kind: LoginKind, subject: String, now: Timestamp) -> Login {
        Login {
            id: LoginId::random(self.entropy.as_ref()),
            user_id,
            kind,
            subject,
            email: None,
            tokens: None,
            created_at: now,
            updated_at: now,
            version: 0,
        }
    }

    /// Whether nobody has this username.
    ///
    /// # Errors
    /// `Invalid` for what cannot be a username.
    pub async fn username_free(&self, username: &str) -> Result<bool> {
        rules::username(username)?;
        let unique = format!("{}/{username}", LoginKind::Username);
        Ok(self.store.read().await?.logins().find(&unique).await?.is_none())
    }

    /// What the caller has set.
    ///
    /// # Errors
    /// What the store says.
    pub async fn settings(&self, caller: &Caller) -> Result<Map<String, Value>> {
        Ok(self.store.read().await?.users().require(caller.user_id).await?.settings)
    }

    /// Replaces the settings that are named, by their top-level keys, and gives all of them.
    ///
    /// # Errors
    /// `Invalid` if they would grow beyond 64 KiB of JSON.
    pub async fn merge_settings(&self, caller: &Caller, change: Map<String, Value>) -> Result<Map<String, Value>> {
        let user = self.change_user(caller.user_id, |user| {
            user.settings.extend(change.clone());
            if serde_json::to_string(&user.settings)?.len() > SETTINGS_MOST {
                return Err(Error::invalid("settings may have at most 64 KiB").with_context("field", "settings"));
            }
            Ok(())
        });
        Ok(user.await?.settings)
    }
}

/// Adds an account; the address may have none yet.
pub(super) async fn insert_user(tx: &mut dyn Tx, user: &mut User) -> Result<()> {
    tx.users().insert(user).await.map_err(|error| taken(error, "email already registered"))
}

/// Says what is taken, instead of which row.
pub(super) fn taken(error: Error, message: &'static str) -> Error {
    match error.kind() {
        ErrorKind::AlreadyExists => Error::new(ErrorKind::AlreadyExists, message),
        _ => error,
    }
}

/// A user with the providers they have linked.
pub(super) async fn profile_of(tx: &mut dyn Tx, user: User) -> Result<Profile> {
    let mut oauth_providers: Vec<String> = linked(tx, user.id).await?.iter().map(|l| l.kind.to_string()).collect();
    oauth_providers.sort_unstable();
    Ok(Profile { user, oauth_providers })
}

/// The accounts at providers that a user has linked.
pub(super) async fn linked(tx: &mut dyn Tx, user_id: UserId) -> Result<Vec<Login>> {
    let mut logins = tx.logins().all(&Filter { owner: Some(user_id.as_uuid()), ..Filter::default() }).await?;
    logins.retain(|login| login.kind != LoginKind::Username);
    Ok(logins)
}
