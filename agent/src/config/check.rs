//! What no single value shows to be wrong, each with its place.

mod durations;
mod endpoints;
mod receivers;
mod targets;
mod transport;

use service::config::{Loaded, Mistakes, nearest};
use service::web::Web;

use super::{Settings, shown};
use crate::identity::Identity;
use crate::sources::host::COLLECTORS;

use durations::{AGE, INTERVAL, WAIT};

/// Where mistakes go: the key, and what is wrong with it.
type Wrong<'a> = dyn FnMut(&str, String) + 'a;

/// Checks all settings together; what passes is resolved for good.
pub fn check(loaded: &Loaded<Settings>) -> Result<Identity, Mistakes> {
    let Loaded { settings, places } = loaded;
    let mut mistakes = Mistakes::default();
    let mut wrong = |key: &str, message: String| mistakes.add(&places.of(key), key, message);
    INTERVAL.check("interval", settings.interval, &mut wrong);
    WAIT.check("shutdown.grace", settings.shutdown.grace, &mut wrong);
    targets::check(settings, places, &mut wrong);
    endpoints::check(settings, places, &mut wrong);
    receivers::check(settings, places, &mut wrong);
    if let Some(error) = settings.pull.web_config_file.as_deref().and_then(|file| Web::open(file).err()) {
        wrong("pull.web_config_file", error.to_string());
    }
    for name in &settings.host.collectors {
        let known = COLLECTORS.iter().map(|(name, _)| *name);
        if !known.clone().any(|known| known == name) {
            let hint = match nearest(name, known.clone()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("expected one of {}", known.collect::<Vec<_>>().join(", ")),
            };
            wrong("host.collectors", format!("unknown collector \"{name}\": {hint}"));
        }
    }
    if let Some(life) = settings.reap.older_than {
        AGE.check("reap.older_than", life, &mut wrong);
    }
    for (job, life) in &settings.reap.jobs {
        let key = format!("reap.jobs.{job}");
        if let Err(error) = glob::Pattern::new(job) {
            wrong(&key, format!("expected a job or a pattern such as batch-*, got \"{job}\": {}", error.msg));
        }
        AGE.check(&key, life.0, &mut wrong);
    }
    let environment = |name: &str| std::env::var(name).ok();
    let identity = Identity::resolve(settings, &environment, &mut wrong);
    mistakes.into_result()?;
    Ok(identity)
}

/// An http or https URL; what is wrong with it is told without the password that may be in it.
fn url(key: &str, text: &str, wrong: &mut Wrong<'_>) -> Option<url::Url> {
    let expected = format!("expected an http or https URL, got \"{}\"", shown(text));
    match url::Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => return Some(url),
        Ok(_) => wrong(key, expected),
        Err(error) => wrong(key, format!("{expected} ({error})")),
    }
    None
}
