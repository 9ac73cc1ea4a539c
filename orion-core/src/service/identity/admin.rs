//! What administrators do with the accounts of others.

use super::accounts::{insert_user, linked, profile_of};
use super::{Caller, Identity, Profile, rules, settled};
use crate::domain::{Revocation, Role, Secret, SessionEnd, TicketKind, User};
use crate::id::UserId;
use crate::port::{Filter, Order, Page, RepositoryExt, Tx};
use crate::{Error, ErrorKind, Result, Timestamp};

impl Identity {
    /// A page of all users but the system's own, latest first, and how many there are in all.
    ///
    /// # Errors
    /// `Forbidden` for who is no administrator; `Invalid` for a page before the first or a size outside 1 to 100.
    pub async fn users(
        &self,
        caller: &Caller,
        role: Option<Role>,
        active: Option<bool>,
        page: u32,
        page_size: u32,
    ) -> Result<(Vec<Profile>, u64)> {
        caller.require(Role::Admin)?;
        if page < 1 || !(1..=100).contains(&page_size) {
            return Err(Error::invalid("pages begin with 1 and have 1 to 100 users")
                .with_context("page", page)
                .with_context("page_size", page_size));
        }
        let mut tx = self.store.read().await?;
        let filter = Filter { states: role.iter().map(Role::to_string).collect(), ..Filter::default() };
        let skip = u64::from(page - 1) * u64::from(page_size);
        let (mut matching, mut profiles) = (0, Vec::new());
        // One page of the store is in memory at a time, and no more are read than the answer needs.
        let mut rows = Page::first(Order::Newest, Page::MOST);
        loop {
            let slice = tx.users().list(&filter, &rows).await?;
            for user in slice.items {
                if user.id == UserId::SYSTEM || active.is_some_and(|active| user.active != active) {
                    continue;
                }
                matching += 1;
                if matching > skip && profiles.len() < page_size as usize {
                    profiles.push(profile_of(tx.as_mut(), user).await?);
                }
            }
            match slice.next {
                // Who is active is no column: those who are must be counted one by one.
                Some(next) if active.is_some() || profiles.len() < page_size as usize => rows.after = Some(next),
                _ => break,
            }
        }
        let total = match active {
            Some(_) => matching,
            None => {
                let system = tx.users().get(UserId::SYSTEM).await?;
                let among = system.is_some_and(|system| role.is_none_or(|role| role == system.role));
                tx.users().count(&filter).await? - u64::from(among)
            }
        };
        Ok((profiles, total))
    }

    /// Makes an account with a password that the administrator chose.
    ///
    /// # Errors
    /// `Forbidden` for who is no administrator; `Invalid` naming the field; `AlreadyExists` if the address has one.
    pub async fn create_user(
        &self,
        caller: &Caller,
        email: &str,
        password: &Secret,
        name: &str,
        role: Role,
    ) -> Result<Profile> {
        caller.require(Role::Admin)?;
        let (email, name) = (rules::email(email)?, rules::name(name)?);
        rules::password(password)?;
        let password = self.hasher.hash(password).await?;
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let mut user = self.new_user(email, name, role, now);
        user.password = Some(password);
        insert_user(tx.as_mut(), &mut user).await?;
        let ticket = self.issue_by_mail(tx.as_mut(), TicketKind::VerifyEmail, Some(user.id), now).await?;
        tx.commit().await?;
        self.deliver_now(ticket).await;
        Ok(Profile { user, oauth_providers: Vec::new() })
    }

    /// Makes an account without a password and invites its user by mail to choose one. Without a name the account is
    /// named by what stands before the `@`.
    ///
    /// # Errors
    /// `Forbidden` for who is no administrator; `Invalid` naming the field; `AlreadyExists` if the address has one.
    pub async fn invite(&self, caller: &Caller, email: &str, name: Option<&str>, role: Role) -> Result<Profile> {
        caller.require(Role::Admin)?;
        let email = rules::email(email)?;
        let name = match name.map(str::trim).filter(|name| !name.is_empty()) {
            Some(name) => rules::name(name)?,
            None => email.split('@').next().unwrap_or_default().chars().take(256).collect(),
        };
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let mut user = self.new_user(email, name, role, now);
        insert_user(tx.as_mut(), &mut user).await?;
        let ticket = self.issue_by_mail(tx.as_mut(), TicketKind::Invite, Some(user.id), now).await?;
        tx.commit().await?;
        self.deliver_now(ticket).await;
        Ok(Profile { user, oauth_providers: Vec::new() })
    }

    /// Takes up an invitation: sets the password, and the name if one is given.
    ///
    /// # Errors
    /// `Invalid` naming the field, which leaves the token good; `Unauthorized` for a token that is not good, was used
    /// or has expired.
    pub async fn accept_invite(&self, token: &Secret, password: &Secret, name: Option<&str>) -> Result<User> {
        let name = name.map(rules::name).transpose()?;
        self.set_password_by(TicketKind::Invite, token, password, |user| {
            if let Some(name) = &name {
                user.name.clone_from(name);
            }
        })
        .await
    }

    /// Gives a user another role. Their sessions end, as tokens name the role.
    ///
    /// # Errors
    /// `Forbidden` for who is no administrator; `NotFound`; `Conflict` if no active administrator would be left.
    pub async fn set_role(&self, caller: &Caller, id: UserId, role: Role) -> Result<Profile> {
        caller.require(Role::Admin)?;
        self.change_standing(id, |user| user.role = role).await
    }

    /// Lets a user in again, or disables them, which ends their sessions.
    ///
    /// # Errors
    /// `Forbidden` for who is no administrator; `NotFound`; `Conflict` if no active administrator would be left.
    pub async fn set_active(&self, caller: &Caller, id: UserId, active: bool) -> Result<Profile> {
        caller.require(Role::Admin)?;
        self.change_standing(id, |user| user.active = active).await
    }

    async fn change_standing(&self, id: UserId, change: impl Fn(&mut User)) -> Result<Profile> {
        settled(|| self.try_change_standing(id, &change)).await
    }

    async fn try_change_standing(&self, id: UserId, change: &impl Fn(&mut User)) -> Result<Profile> {
        if id == UserId::SYSTEM {
            return Err(Error::new(ErrorKind::Forbidden, "the system's own user cannot be changed"));
        }
        let mut tx = self.store.begin().await?;
        let now = self.clock.now();
        let mut user = tx.users().require(id).await?;
        let before = user.clone();
        change(&mut user);
        if user == before {
            return profile_of(tx.as_mut(), user).await;
        }
        if administers(&before) && !administers(&user) {
            guard_last_admin(tx.as_mut(), id, now).await?;
        }
        user.updated_at = now;
        tx.users().update(&mut user).await?;
        let revocations: Vec<Revocation> = self.end_all(tx.as_mut(), id, None, SessionEnd::UserChanged, now).await?;
        let profile = profile_of(tx.as_mut(), user).await?;
        tx.commit().await?;
        self.refuse(&revocations).await;
        Ok(profile)
    }
}

/// Whether a person administers Orion now.
fn administers(user: &User) -> bool {
    user.role == Role::Admin && user.active && user.id != UserId::SYSTEM
}

/// Every person who administers Orion now.
pub(super) async fn administrators(tx: &mut dyn Tx) -> Result<Vec<User>> {
    let filter = Filter { states: vec![Role::Admin.to_string()], ..Filter::default() };
    let mut users = tx.users().all(&filter).await?;
    users.retain(administers);
    Ok(users)
}

/// Whether a user has any way in.
pub(super) async fn has_a_way_in(tx: &mut dyn Tx, user: &User) -> Result<bool> {
    Ok(user.password.is_some() || !linked(tx, user.id).await?.is_empty())
}

/// Makes transactions that decide who administers wait for each other or fail: two that each take away one of the last
/// two administrators, or make the first one, touch different users, and only a row that both write tells them apart.
pub(super) async fn hold_administrators(tx: &mut dyn Tx, now: Timestamp) -> Result<()> {
    if let Some(mut system) = tx.users().get(UserId::SYSTEM).await? {
        system.updated_at = now;
        tx.users().update(&mut system).await?;
    }
    Ok(())
}

/// Refuses to lose the last administrator who can sign in.
async fn guard_last_admin(tx: &mut dyn Tx, leaving: UserId, now: Timestamp) -> Result<()> {
    hold_administrators(tx, now).await?;
    for user in administrators(tx).await? {
        if user.id != leaving && has_a_way_in(tx, &user).await? {
            return Ok(());
        }
    }
    Err(Error::conflict("the last active administrator must stay")
        .with_hint("make somebody else an administrator first"))
}
