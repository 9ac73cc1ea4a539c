//! Access tokens: JSON Web Tokens with everything pinned that a token could choose for itself (RFC 8725).

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use orion_core::domain::{Role, Secret};
use orion_core::id::{RevocationId, SessionId, UserId};
use orion_core::port::{AccessTokens, Claims};
use orion_core::{Error, ErrorKind, Result, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The type of an access token (RFC 9068); no other token of anybody has it.
const TYPE: &str = "at+jwt";

/// A key of HS256 has at least as many bytes as its hash.
const KEY_LEAST: usize = 32;

/// No token that was signed here is longer; anything longer is refused unread.
const LONGEST: usize = 8 * 1024;

/// Signs and reads access tokens with HMAC-SHA-256.
pub struct JwtTokens {
    issuer: String,
    audience: String,
    header: Header,
    sign: EncodingKey,
    verify: DecodingKey,
    rules: Validation,
}

impl fmt::Debug for JwtTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtTokens")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

/// What a token holds (contract, section 1.7).
#[derive(Serialize, Deserialize)]
struct Body {
    iss: String,
    aud: String,
    jti: RevocationId,
    sub: UserId,
    sid: SessionId,
    email: String,
    name: String,
    role: Role,
    iat: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    onboarding: bool,
}

impl JwtTokens {
    /// Tokens of an issuer for an audience, under a key of at least 32 bytes.
    ///
    /// # Errors
    /// `Invalid` for a key that is too short.
    pub fn new(key: &Secret, issuer: impl Into<String>, audience: impl Into<String>) -> Result<Self> {
        let bytes = key.expose().as_bytes();
        if bytes.len() < KEY_LEAST {
            return Err(Error::invalid("the key of access tokens must have at least 32 bytes")
                .with_context("bytes", bytes.len())
                .with_hint("make one with `openssl rand -base64 32`; never use a password"));
        }
        let (issuer, audience) = (issuer.into(), audience.into());
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_issuer(&[&issuer]);
        rules.set_audience(&[&audience]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Time is an argument, so the expiry is checked below.
        rules.validate_exp = false;
        let (sign, verify) = (EncodingKey::from_secret(bytes), DecodingKey::from_secret(bytes));
        Ok(Self { issuer, audience, header, sign, verify, rules })
    }
}

fn seconds(time: Timestamp) -> i64 {
    time.as_micros().div_euclid(1_000_000)
}

fn from_seconds(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds.saturating_mul(1_000_000))
}

impl AccessTokens for JwtTokens {
    fn sign(&self, claims: &Claims) -> Result<Secret> {
        let body = Body {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            jti: claims.id,
            sub: claims.user_id,
            sid: claims.session_id,
            email: claims.email.clone(),
            name: claims.name.clone(),
            role: claims.role,
            iat: seconds(claims.issued_at),
            exp: seconds(claims.expires_at),
            onboarding: claims.onboarding,
        };
        let token = encode(&self.header, &body, &self.sign);
        token.map(Secret::new).map_err(|_| Error::unexpected("an access token could not be signed"))
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<Claims> {
        // The cause is dropped on purpose: it would tell a forger how far they came.
        let refused = || Error::new(ErrorKind::Unauthorized, "invalid or expired token");
        if token.len() > LONGEST {
            return Err(refused());
        }
        let token = decode::<Body>(token, &self.verify, &self.rules).map_err(|_| refused())?;
        let body = token.claims;
        if token.header != self.header || body.iss != self.issuer || body.aud != self.audience {
            return Err(refused());
        }
        let expires_at = from_seconds(body.exp);
        if now >= expires_at {
            return Err(refused());
        }
        Ok(Claims {
            id: body.jti,
            session_id: body.sid,
            user_id: body.sub,
            email: body.email,
            name: body.name,
            role: body.role,
            onboarding: body.onboarding,
            issued_at: from_seconds(body.iat),
            expires_at,
        })
    }
}
