//! Who may do what: some users only push, and some only read.

use std::fmt;

use http::Method;
use service::server::User;

use crate::settings::WebFlags;
use crate::target::Target;

/// What a user is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Pushes, and deletes single groups.
    Push,
    /// Reads all there is.
    Read,
    /// Does everything: also anyone where there are no users, as with the real one.
    Admin,
}

/// What a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Nothing: whether the gateway is there, and what is nowhere.
    None,
    /// To change one group that is named.
    Push,
    /// To see what others pushed.
    Read,
    /// To change more than one group, or the gateway.
    Admin,
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "do nothing",
            Self::Push => "push and delete groups",
            Self::Read => "read",
            Self::Admin => "administer the gateway",
        })
    }
}

impl Role {
    /// The role of whoever is logged in, or of anyone where nobody has to.
    pub fn of(user: Option<&User>, flags: &WebFlags) -> Self {
        let among = |names: &[String]| user.is_some_and(|user| names.iter().any(|name| **name == *user.0));
        match (among(&flags.push_only), among(&flags.read_only)) {
            (true, _) => Self::Push,
            (_, true) => Self::Read,
            _ => Self::Admin,
        }
    }

    /// Whether that is enough.
    pub fn may(self, right: Right) -> bool {
        match self {
            Self::Admin => true,
            Self::Push => matches!(right, Right::None | Right::Push),
            Self::Read => matches!(right, Right::None | Right::Read),
        }
    }
}

impl Right {
    /// What a request needs. What is not listed needs the most.
    pub fn of(target: Target<'_>, method: &Method) -> Self {
        match (target, method.as_str()) {
            (_, "OPTIONS")
            | (
                Target::Healthy
                | Target::Ready
                | Target::Nothing
                | Target::Unclean
                | Target::Moved(..)
                | Target::Prefix,
                _,
            ) => Self::None,
            (Target::Group(_), _) => Self::Push,
            (_, "GET" | "HEAD") => Self::Read,
            _ => Self::Admin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_what_their_names_say() {
        let flags = WebFlags {
            push_only: vec!["ci".to_owned()],
            read_only: vec!["prometheus".to_owned()],
            ..WebFlags::default()
        };
        let (pusher, reader) = (User("ci".into()), User("prometheus".into()));
        let rows = [
            ("PUT", Target::Group("job/a"), true, false),
            ("DELETE", Target::Group("job/a"), true, false),
            ("GET", Target::Telemetry, false, true),
            ("HEAD", Target::Page, false, true),
            ("GET", Target::Status, false, true),
            ("GET", Target::Healthy, true, true),
            ("GET", Target::Nothing, true, true),
            ("OPTIONS", Target::Wipe, true, true),
            ("PUT", Target::Wipe, false, false),
            ("POST", Target::Quit, false, false),
        ];
        for (method, target, push, read) in rows {
            let right = Right::of(target, &method.parse().unwrap());
            assert_eq!(Role::of(Some(&pusher), &flags).may(right), push, "{method} {target:?}");
            assert_eq!(Role::of(Some(&reader), &flags).may(right), read, "{method} {target:?}");
            assert!(Role::of(Some(&User("other".into())), &flags).may(right));
            assert!(Role::of(None, &flags).may(right));
        }
    }
}
