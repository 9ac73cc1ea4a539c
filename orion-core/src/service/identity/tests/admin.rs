//! The first administrator, and what administrators do.

use super::*;
use crate::testing::assert_fails;
use futures_util::future::join;

#[tokio::test]
async fn the_first_start_makes_an_administrator_who_sets_a_password_once() {
    let kit = Kit::new().await;
    let lost = kit.identity.first_admin("admin@orion.local").await.unwrap().unwrap();
    // A restart before the set-up gives another token, and only the last is good.
    let token = kit.identity.first_admin("admin@orion.local").await.unwrap().unwrap();
    let here = client("192.0.2.1", None);
    assert_fails(kit.identity.set_up(&lost, &secret(PASSWORD), &here).await, ErrorKind::Unauthorized);
    assert_fails(kit.identity.set_up(&token, &secret("short"), &here).await, ErrorKind::Invalid);
    let signed_in = kit.identity.set_up(&token, &secret(PASSWORD), &here).await.unwrap();
    assert_eq!((signed_in.user.role, signed_in.user.active), (Role::Admin, true));
    assert_eq!(kit.caller(&signed_in).role, Role::Admin);
    assert_fails(kit.identity.set_up(&token, &secret(PASSWORD), &here).await, ErrorKind::Unauthorized);
    assert!(kit.identity.first_admin("admin@orion.local").await.unwrap().is_none());
    kit.login("admin@orion.local").await;
}

/// Processes that start at the same moment on one record, also with different addresses set: one link counts, and one
/// administrator comes of all of them.
#[tokio::test]
async fn of_several_first_starts_one_link_counts() {
    let kit = Kit::new().await;
    let other = kit.second().await;
    let (a, b) =
        join(kit.identity.first_admin("admin@orion.local"), other.identity.first_admin("root@example.org")).await;
    let tokens = [a.unwrap().unwrap(), b.unwrap().unwrap()];
    let here = client("192.0.2.1", None);
    let (first, second) = {
        let password = secret(PASSWORD);
        join(kit.identity.set_up(&tokens[0], &password, &here), other.identity.set_up(&tokens[1], &password, &here))
            .await
    };
    let made: Vec<_> = [first, second].into_iter().filter_map(Result::ok).collect();
    assert_eq!(made.len(), 1, "one of the links counts");
    assert_eq!(made[0].user.role, Role::Admin);
}

#[tokio::test]
async fn an_administrator_made_by_hand_voids_the_link() {
    let kit = Kit::new().await;
    let token = kit.identity.first_admin("admin@orion.local").await.unwrap().unwrap();
    kit.identity.create_admin("root@example.org", "Root", &secret(PASSWORD)).await.unwrap();
    let here = client("192.0.2.1", None);
    assert_fails(kit.identity.set_up(&token, &secret(PASSWORD), &here).await, ErrorKind::Unauthorized);
    assert!(kit.identity.first_admin("admin@orion.local").await.unwrap().is_none());
}

#[tokio::test]
async fn who_took_the_address_first_gains_nothing() {
    let kit = Kit::new().await;
    let squatter = kit.register("admin@orion.local").await;
    let session = kit.login("admin@orion.local").await;
    let token = kit.identity.first_admin("admin@orion.local").await.unwrap().unwrap();
    assert_eq!(kit.user(squatter.id).await.role, Role::Viewer);
    kit.identity.set_up(&token, &secret("the real owner"), &client("192.0.2.7", None)).await.unwrap();
    assert_eq!(kit.user(squatter.id).await.role, Role::Admin);
    assert_fails(kit.identity.authenticate(session.access_token.expose()), ErrorKind::Unauthorized);
    let squatted = kit.identity.login("admin@orion.local", &secret(PASSWORD), &client("192.0.2.1", None)).await;
    assert_fails(squatted, ErrorKind::Unauthorized);
}

#[tokio::test]
async fn the_system_has_no_way_in() {
    let kit = Kit::new().await;
    kit.identity.create_admin("root@orion.local", "Root", &secret(PASSWORD)).await.unwrap();
    let system = kit.user(UserId::SYSTEM).await;
    assert_eq!((system.role, system.password), (Role::Admin, None));
    let here = client("192.0.2.1", None);
    assert_fails(kit.identity.login("system@orion.internal", &secret(PASSWORD), &here).await, ErrorKind::Unauthorized);
    kit.identity.forgot_password("system@orion.internal", &here).await.unwrap();
    assert_eq!(kit.identity.deliver_mails().await.unwrap(), 0);
    let admin = kit.caller(&kit.login("root@orion.local").await);
    assert_fails(kit.identity.set_active(&admin, UserId::SYSTEM, false).await, ErrorKind::Forbidden);
    let (users, total) = kit.identity.users(&admin, None, None, 1, 20).await.unwrap();
    assert_eq!((users.len(), total), (1, 1));
}

#[tokio::test]
async fn only_administrators_administer() {
    let kit = Kit::new().await;
    let editor = kit.member("ed@example.org", Role::Editor).await;
    let id = editor.user_id;
    assert_fails(kit.identity.users(&editor, None, None, 1, 20).await, ErrorKind::Forbidden);
    assert_fails(kit.identity.invite(&editor, "a@b.cd", None, Role::Editor).await, ErrorKind::Forbidden);
    assert_fails(kit.identity.set_role(&editor, id, Role::Admin).await, ErrorKind::Forbidden);
    assert_fails(kit.identity.set_active(&editor, id, false).await, ErrorKind::Forbidden);
    let made = kit.identity.create_user(&editor, "a@b.cd", &secret(PASSWORD), "A", Role::Admin).await;
    assert_fails(made, ErrorKind::Forbidden);
}

#[tokio::test]
async fn an_invitation_is_taken_up_once() {
    let kit = Kit::new().await;
    let admin = kit.member("root@example.org", Role::Admin).await;
    let invited = kit.identity.invite(&admin, "New.Person@example.org", None, Role::Editor).await.unwrap().user;
    assert_eq!((invited.name.as_str(), invited.role, invited.password), ("new.person", Role::Editor, None));
    let again = kit.identity.invite(&admin, "new.person@example.org", None, Role::Editor).await;
    assert_fails(again, ErrorKind::AlreadyExists);
    let token = kit.last_token().await;
    kit.clock.advance(Duration::from_secs(7 * 24 * 3600 - 1));
    let user = kit.identity.accept_invite(&token, &secret(PASSWORD), Some("Newton")).await.unwrap();
    assert_eq!((user.name.as_str(), user.email_verified), ("Newton", true));
    assert_fails(kit.identity.accept_invite(&token, &secret(PASSWORD), None).await, ErrorKind::Unauthorized);
    kit.login("new.person@example.org").await;
}

#[tokio::test]
async fn users_are_listed_by_pages() {
    let kit = Kit::new().await;
    let admin = kit.member("root@example.org", Role::Admin).await;
    for n in 0..5 {
        kit.clock.advance(Duration::from_secs(1));
        let made =
            kit.identity.create_user(&admin, &format!("u{n}@example.org"), &secret(PASSWORD), "U", Role::Viewer).await;
        let id = made.unwrap().user.id;
        if n == 0 {
            kit.identity.set_active(&admin, id, false).await.unwrap();
        }
    }
    let (page, total) = kit.identity.users(&admin, Some(Role::Viewer), Some(true), 2, 3).await.unwrap();
    assert_eq!((page.len(), total, page[0].user.email.as_str()), (1, 4, "u1@example.org"));
    for (page, size) in [(0, 20), (1, 0), (1, 101)] {
        assert_fails(kit.identity.users(&admin, None, None, page, size).await, ErrorKind::Invalid);
    }
    let (none, _) = kit.identity.users(&admin, None, None, u32::MAX, 100).await.unwrap();
    assert!(none.is_empty());
}

#[tokio::test]
async fn who_is_disabled_or_gets_another_role_is_sent_away_at_once() {
    let kit = Kit::new().await;
    let admin = kit.member("root@example.org", Role::Admin).await;
    for change in [true, false] {
        let email = format!("{change}@example.org");
        let id = kit.register(&email).await.id;
        let signed_in = kit.login(&email).await;
        if change {
            kit.identity.set_role(&admin, id, Role::Editor).await.unwrap();
        } else {
            kit.identity.set_active(&admin, id, false).await.unwrap();
        }
        assert_fails(kit.identity.authenticate(signed_in.access_token.expose()), ErrorKind::Unauthorized);
        let again = kit.identity.refresh(&signed_in.refresh_token, None, &client("192.0.2.1", None)).await;
        assert_fails(again, ErrorKind::Unauthorized);
        let login = kit.identity.login(&email, &secret(PASSWORD), &client("192.0.2.1", None)).await;
        assert_eq!(login.is_ok(), change);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_administrator_stays() {
    let kit = Kit::new().await;
    let first = kit.member("one@example.org", Role::Admin).await;
    assert_fails(kit.identity.set_role(&first, first.user_id, Role::Editor).await, ErrorKind::Conflict);
    assert_fails(kit.identity.set_active(&first, first.user_id, false).await, ErrorKind::Conflict);
    // An administrator who was invited and has no way in yet does not count.
    kit.identity.invite(&first, "new@example.org", None, Role::Admin).await.unwrap();
    assert_fails(kit.identity.set_active(&first, first.user_id, false).await, ErrorKind::Conflict);
    for round in 0..20 {
        let second = kit.member(&format!("two{round}@example.org"), Role::Admin).await;
        let (a, b) = join(
            kit.identity.set_active(&first, second.user_id, false),
            kit.identity.set_role(&second, first.user_id, Role::Viewer),
        )
        .await;
        assert!(a.is_ok() != b.is_ok(), "exactly one of two who send each other away succeeds");
        if b.is_ok() {
            kit.identity.set_role(&second, first.user_id, Role::Admin).await.unwrap();
            kit.identity.set_active(&first, second.user_id, false).await.unwrap();
        }
    }
}

#[tokio::test]
async fn users_are_shown_page_by_page_and_counted_without_the_system() {
    let kit = Kit::new().await;
    kit.identity.create_admin("root@orion.local", "Root", &secret(PASSWORD)).await.unwrap();
    let admin = kit.caller(&kit.login("root@orion.local").await);
    let mut made = Vec::new();
    for n in 0..7 {
        kit.clock.advance(Duration::from_secs(1));
        made.push(kit.register(&format!("user{n}@example.org")).await.id);
    }
    for id in [made[1], made[4]] {
        kit.identity.set_active(&admin, id, false).await.unwrap();
    }
    let ask = async |role, active, page, size| {
        let (users, total) = kit.identity.users(&admin, role, active, page, size).await.unwrap();
        (users.iter().map(|profile| profile.user.id).collect::<Vec<_>>(), total)
    };
    let newest: Vec<UserId> = made.iter().rev().copied().collect();
    let mut seen = Vec::new();
    for page in 1..=3 {
        let (users, total) = ask(None, None, page, 3).await;
        assert_eq!((users.len(), total), (if page < 3 { 3 } else { 2 }, 8));
        seen.extend(users);
    }
    assert_eq!(seen[..7], newest);
    assert!(!seen.contains(&UserId::SYSTEM));
    assert_eq!(ask(None, None, 4, 3).await, (vec![], 8));
    assert_eq!(ask(Some(Role::Admin), None, 1, 20).await.1, 1);
    assert_eq!(ask(Some(Role::Viewer), None, 1, 2).await, (newest[..2].to_vec(), 7));
    assert_eq!(ask(None, Some(false), 1, 1).await, (vec![made[4]], 2));
    assert_eq!(ask(None, Some(false), 2, 1).await, (vec![made[1]], 2));
    assert_eq!(ask(Some(Role::Viewer), Some(true), 1, 20).await.1, 5);
}
