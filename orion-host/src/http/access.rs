//! Who may call what: one table over methods and route patterns. What it does not name is for people who are signed in:
//! viewers read, editors work. So a new route is guarded before anybody has thought of it.

use axum::http::Method;
use orion_core::domain::Role;

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Nothing. Who shows a valid token or cookie is known all the same.
    Open,
    /// An access token of this role.
    Bearer(Role),
    /// An access token or the dashboard's cookie.
    Cookie(Role),
}

/// The methods that a rule is about.
#[derive(Debug, Clone, Copy)]
enum For {
    All,
    Read,
}

/// The first rule that fits counts. A pattern that ends in `*` fits everything that begins with it.
const RULES: &[(For, &str, Access)] = &[
    (For::Read, "/", Access::Open),
    (For::Read, "/health", Access::Open),
    (For::Read, "/ready", Access::Open),
    (For::Read, "/openapi.json", Access::Open),
    (For::Read, "/docs", Access::Open),
    (For::Read, "/setup", Access::Open),
    (For::Read, "/reset-password", Access::Open),
    (For::Read, "/verify-email", Access::Open),
    (For::Read, "/accept-invite", Access::Open),
    // Sockets show tickets; their handler refuses whoever has none.
    (For::Read, "/ws", Access::Open),
    (For::Read, "/ws/progress", Access::Open),
    (For::Read, "/api/v1/system/*", Access::Open),
    (For::Read, "/login", Access::Open),
    (For::All, "/api/v1/auth/logout", Access::Bearer(Role::Viewer)),
    (For::All, "/api/v1/auth/oauth/{provider}/link", Access::Bearer(Role::Viewer)),
    (For::All, "/api/v1/auth/*", Access::Open),
    (For::All, "/api/v1/ws/ticket", Access::Bearer(Role::Viewer)),
    (For::Read, "/api/v1/providers/{service}/status", Access::Cookie(Role::Viewer)),
    // Links to files carry their own, expiring signature.
    (For::Read, "/api/v1/media/files/*", Access::Open),
    (For::All, "/api/v1/identity/users/me*", Access::Bearer(Role::Viewer)),
    (For::All, "/api/v1/identity/users/check-username", Access::Bearer(Role::Viewer)),
    (For::All, "/api/v1/identity/notifications*", Access::Bearer(Role::Viewer)),
    (For::All, "/api/v1/identity/*", Access::Bearer(Role::Admin)),
    // Alertmanager shows a token of its own.
    (For::All, "/api/v1/webhooks/*", Access::Bearer(Role::Admin)),
    (For::All, "/api/v1/pulse/admin/*", Access::Bearer(Role::Admin)),
];

/// What a route asks.
pub(super) fn of(method: &Method, pattern: &str) -> Access {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    let fits = |(methods, rule, _): &&(For, &str, Access)| {
        let path = match rule.strip_suffix('*') {
            Some(beginning) => pattern.starts_with(beginning),
            None => pattern == *rule,
        };
        path && (reads || matches!(methods, For::All))
    };
    match RULES.iter().find(fits) {
        Some((_, _, access)) => *access,
        None if reads => Access::Bearer(Role::Viewer),
        None => Access::Bearer(Role::Editor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_rule_names_is_guarded() {
        assert_eq!(of(&Method::GET, "/api/v1/new/thing"), Access::Bearer(Role::Viewer));
        assert_eq!(of(&Method::HEAD, "/api/v1/new/thing"), Access::Bearer(Role::Viewer));
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE] {
            assert_eq!(of(&method, "/api/v1/new/thing"), Access::Bearer(Role::Editor));
        }
        assert_eq!(of(&Method::POST, "/health"), Access::Bearer(Role::Editor));
    }

    #[test]
    fn own_things_are_a_viewers_and_other_users_an_administrators() {
        assert_eq!(of(&Method::PATCH, "/api/v1/identity/users/me"), Access::Bearer(Role::Viewer));
        assert_eq!(of(&Method::GET, "/api/v1/identity/users"), Access::Bearer(Role::Admin));
        assert_eq!(of(&Method::PUT, "/api/v1/identity/users/{id}/role"), Access::Bearer(Role::Admin));
        assert_eq!(of(&Method::POST, "/api/v1/pulse/admin/cleanup"), Access::Bearer(Role::Admin));
        assert_eq!(of(&Method::POST, "/api/v1/auth/login"), Access::Open);
        assert_eq!(of(&Method::POST, "/api/v1/auth/logout"), Access::Bearer(Role::Viewer));
    }
}
