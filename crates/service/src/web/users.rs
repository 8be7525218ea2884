//! Who may ask: users with bcrypt hashes of their passwords.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bcrypt::HashParts;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::logins::Logins;

/// A hash of this cost takes two seconds for each password that is tried.
const HIGHEST_COST: u32 = 15;
/// Pairs that were right, remembered; more means that hashes change all the time.
const REMEMBERED: usize = 100;
/// Compared with where there is no such user, so that time does not tell who there is.
const NOBODY: &str = "$2b$10$rcAUVtHPGnVSVWLf9xNGXu4pYtyyW4c1lEaZbPqMT1O1Ghb7VLqDq";

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    /// There are no users: anyone may.
    Anyone,
    /// Somebody with the right password.
    User(Arc<str>),
    /// Somebody who may not.
    Nobody,
    /// Somebody of whom too much waits to be looked at.
    Busy,
}

/// Users, and which of their passwords were right before: a hash is slow on purpose.
#[derive(Clone)]
pub(crate) struct Users {
    hashes: Arc<BTreeMap<String, String>>,
    right: Arc<Mutex<HashSet<u64>>>,
    secret: RandomState,
    logins: Arc<Logins>,
}

impl Users {
    /// The error names the user and not the hash.
    pub(super) fn new(hashes: BTreeMap<String, String>) -> Result<Self, String> {
        for (user, hash) in &hashes {
            let parts = HashParts::from_str(hash)
                .map_err(|_| format!("basic_auth_users.{user}: expected a bcrypt hash such as $2y$10$…"))?;
            if parts.get_cost() > HIGHEST_COST {
                let cost = parts.get_cost();
                return Err(format!(
                    "basic_auth_users.{user}: expected a cost of at most {HIGHEST_COST}, got {cost}"
                ));
            }
        }
        let (right, logins) = (Arc::default(), Arc::default());
        Ok(Self { hashes: Arc::new(hashes), right, secret: RandomState::new(), logins })
    }

    /// These users in the place of others: passwords that were right stay so where their hash is the same, for
    /// it is a part of what is remembered.
    pub(super) fn after(self, before: &Self) -> Self {
        Self { hashes: self.hashes, ..before.clone() }
    }

    /// Whether there are none, so that anyone may.
    pub(super) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Whether there is a user of this name.
    pub(super) fn knows(&self, user: &str) -> bool {
        self.hashes.contains_key(user)
    }

    /// Who sends these headers; anyone may where there are no users.
    pub(crate) async fn who(&self, headers: &HeaderMap, from: IpAddr) -> Who {
        if self.hashes.is_empty() {
            return Who::Anyone;
        }
        let Some((user, password)) = credentials(headers) else { return Who::Nobody };
        match self.is_right(&user, password, from).await {
            Some(true) => Who::User(user.into()),
            Some(false) => Who::Nobody,
            None => Who::Busy,
        }
    }

    /// Nothing where too many of the same wait to know.
    async fn is_right(&self, user: &str, password: String, from: IpAddr) -> Option<bool> {
        let known = self.hashes.get(user).cloned();
        let hash = known.clone().unwrap_or_else(|| NOBODY.to_owned());
        let key = self.secret.hash_one((user, &hash, &password));
        if self.right.lock().unwrap_or_else(PoisonError::into_inner).contains(&key) {
            return Some(true);
        }
        let turn = self.logins.turn((from, known.as_ref().map(|_| Arc::from(user)))).await?;
        let verified = tokio::task::spawn_blocking(move || {
            // Whoever asked may be gone; until this is done no other is begun all the same.
            let _turn = turn;
            bcrypt::verify(password, &hash)
        });
        let verified = verified.await;
        let right = known.is_some() && matches!(verified, Ok(Ok(true)));
        if right {
            let mut before = self.right.lock().unwrap_or_else(PoisonError::into_inner);
            if before.len() >= REMEMBERED {
                before.clear();
            }
            before.insert(key);
        }
        Some(right)
    }
}

fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, value) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let decoded =
        scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(value.trim()).ok()).flatten()?;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())])
    }

    #[tokio::test]
    async fn only_whoever_knows_the_password_passes() {
        let hash = bcrypt::hash("secret", 4).unwrap();
        let users = Users::new(BTreeMap::from([("me".to_owned(), hash)])).unwrap();
        let basic = |pair: &str| headers(&format!("Basic {}", STANDARD.encode(pair)));
        for (headers, may) in [
            (basic("me:secret"), true),
            // Remembered by now.
            (basic("me:secret"), true),
            (basic("me:other"), false),
            (basic("you:secret"), false),
            (basic("me"), false),
            (headers("Bearer secret"), false),
            (headers("Basic %"), false),
            (HeaderMap::new(), false),
        ] {
            let want = if may { Who::User("me".into()) } else { Who::Nobody };
            assert_eq!(users.who(&headers, "127.0.0.1".parse().unwrap()).await, want, "{headers:?}");
        }
        assert_eq!(users.right.lock().unwrap().len(), 1);
        let other = bcrypt::hash("secret", 4).unwrap();
        for (hashes, remembered) in [(users.hashes["me"].clone(), true), (other, false)] {
            let next = Users::new(BTreeMap::from([("me".to_owned(), hashes)])).unwrap().after(&users);
            let key = next.secret.hash_one(("me", &next.hashes["me"], "secret"));
            assert_eq!(next.right.lock().unwrap().contains(&key), remembered);
        }
    }

    #[test]
    fn what_is_no_hash_is_told_without_it() {
        let of = |hash: &str| Users::new(BTreeMap::from([("me".to_owned(), hash.to_owned())])).err();
        let told = of("hunter2").unwrap();
        assert!(told.starts_with("basic_auth_users.me: expected a bcrypt hash") && !told.contains("hunter2"));
        assert!(of(&NOBODY.replace("$10$", "$31$")).unwrap().contains("at most 15, got 31"));
        assert_eq!(of(NOBODY), None);
    }
}
