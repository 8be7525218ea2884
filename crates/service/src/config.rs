//! Settings in layers: defaults, then a TOML file, then the environment, then flags.
//!
//! The file is read strictly and every mistake in it is found in one run, with line and column;
//! then each environment variable and flag is tried on its own; only then are the layers joined.

mod file;
mod mistakes;
mod overrides;
mod places;
mod secret;
mod strangers;
mod typed;
mod values;

pub use mistakes::{Mistake, Mistakes};
pub use places::{Place, Places};
pub use secret::Secret;
pub use values::{ByteSize, OneOrMany, duration, nearest, optional_duration};

use std::path::PathBuf;

use ::config::{Config, File, FileFormat};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Where the settings of one program come from, weakest first.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    /// The TOML file, if there is one.
    pub file: Option<PathBuf>,
    /// `PUSHPULL_AGENT`: variables are `PUSHPULL_AGENT__SECTION__KEY`.
    pub env_prefix: &'static str,
    /// The environment, handed in so that tests need not change that of the process.
    pub env: Vec<(String, String)>,
    /// Names of variables whose values are no UTF-8.
    pub garbled: Vec<String>,
    /// Flags that stand for settings.
    pub flags: Vec<Flag>,
}

/// A flag of the command line that sets one key.
#[derive(Debug, Clone)]
pub struct Flag {
    /// The flag as typed: `--listen`.
    pub flag: &'static str,
    /// The key that it sets: `pull.listen`.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// Settings, with the place that each came from.
#[derive(Debug)]
pub struct Loaded<T> {
    /// The effective settings.
    pub settings: T,
    /// Where each was set.
    pub places: Places,
}

impl Layers {
    /// The layers of a program: its environment prefix and the process' environment.
    pub fn new(env_prefix: &'static str, file: Option<PathBuf>) -> Self {
        let (mut env, mut garbled) = (Vec::new(), Vec::new());
        for (name, value) in std::env::vars_os() {
            // A name that is no UTF-8 cannot be one of ours.
            match (name.into_string(), value.into_string()) {
                (Ok(name), Ok(value)) => env.push((name, value)),
                (Ok(name), Err(_)) => garbled.push(name),
                _ => {}
            }
        }
        Self { file, env_prefix, env, garbled, flags: Vec::new() }
    }

    /// Adds a flag if it was given.
    #[must_use]
    pub fn flag(mut self, flag: &'static str, key: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.flags.push(Flag { flag, key: key.to_owned(), value: value.to_string() });
        }
        self
    }
}

/// Reads all layers; either everything is right, or all that is wrong is told.
pub fn load<T>(layers: &Layers) -> Result<Loaded<T>, Mistakes>
where
    T: DeserializeOwned + Serialize + Default,
{
    load_checked(layers, |_| Ok(())).map(|(loaded, ())| loaded)
}

/// Reads all layers and checks them together; what `check` finds is told with all else that is wrong.
///
/// Where something is wrong already, `check` gets the rest, with defaults in place of what cannot be
/// read; what it says of those is left out.
pub fn load_checked<T, R>(
    layers: &Layers,
    check: impl FnOnce(&Loaded<T>) -> Result<R, Mistakes>,
) -> Result<(Loaded<T>, R), Mistakes>
where
    T: DeserializeOwned + Serialize + Default,
{
    let mut mistakes = Mistakes::default();
    let mut places = Places::default();
    let text = match &layers.file {
        Some(path) => file::read(path, &mut mistakes),
        None => Some(String::new()),
    };
    let name = layers.file.as_deref().map_or_else(String::new, |path| path.display().to_string());
    let file = text.and_then(|text| file::check::<T>(&name, &text, &mut places, &mut mistakes));
    let readable = file.is_some();
    // Without its mistakes, which would show again in each trial below.
    let file = file.unwrap_or_default();
    let defaults = defaults::<T>(&file);
    let mut beneath = toml::Table::new();
    for layer in [&defaults, &file] {
        beneath.extend(toml::from_str::<toml::Table>(layer).unwrap_or_default());
    }
    let is_known = |name: &str, value: &str| {
        let key = overrides::key(name, &beneath);
        let set = || join::<T>(&defaults, &file, &[(key.clone(), values::plain(value))]).err();
        overrides::far_index(&key).is_none() && set().is_none_or(|error| !overrides::is_stray(&error))
    };
    for (place, message) in strangers::of(layers, &beneath, is_known) {
        mistakes.add(&place, "", message);
    }
    let mut good = Vec::new();
    for (place, key, value) in overrides::of(layers, &beneath) {
        if let Some(index) = overrides::far_index(&key) {
            let message = format!("expected an index below {}, got {index}", overrides::MOST_ITEMS);
            mistakes.add(&place, &key, message);
            continue;
        }
        let mut parsed = values::parsed(&value);
        let tried = join::<T>(&defaults, &file, &[(key.clone(), parsed.clone())]);
        // A password may look like a list: what only reads as text is text.
        let plain = [(key.clone(), values::plain(&value))];
        let tried = match tried {
            Err(_) if join::<T>(&defaults, &file, &plain).is_ok() => {
                parsed = values::plain(&value);
                Ok(())
            }
            tried => tried.map(drop),
        };
        places.set(&key, place.clone());
        match tried {
            // The rest of a new table may come from another variable: only all of them tell.
            Err(error) if !error.starts_with("missing") => {
                mistakes.add(&place, &key, mistakes::explain(&error));
                places.wrong(&key);
            }
            _ => good.push((key, parsed)),
        }
    }
    let settings = match join(&defaults, &file, &good) {
        Ok(settings) => settings,
        Err(error) => {
            mistakes.add(&Place::Whole, "", mistakes::explain(&error));
            return Err(mistakes);
        }
    };
    let loaded = Loaded { settings, places };
    match check(&loaded) {
        Ok(checked) if mistakes.is_empty() => return Ok((loaded, checked)),
        Err(found) if readable => mistakes.extend(found, &loaded.places),
        _ => {}
    }
    Err(mistakes)
}

/// The defaults as the weakest layer, so that a variable can change one key of a default table.
///
/// A list in the file stands for the whole list, so the default one must not show beneath it.
fn defaults<T: Serialize + Default>(file: &str) -> String {
    let set: toml::Table = toml::from_str(file).unwrap_or_default();
    let mut defaults = toml::Table::try_from(T::default()).unwrap_or_default();
    defaults.retain(|key, value| !value.is_array() || !set.contains_key(key));
    defaults.to_string()
}

fn join<T: DeserializeOwned>(
    defaults: &str,
    file: &str,
    overrides: &[(String, ::config::Value)],
) -> Result<T, String> {
    let mut builder = Config::builder()
        .add_source(File::from_str(defaults, FileFormat::Toml))
        .add_source(File::from_str(file, FileFormat::Toml));
    for (key, value) in overrides {
        builder = builder.set_override(key, value.clone()).map_err(|error| error.to_string())?;
    }
    let joined = builder.build().map_err(|error| error.to_string())?;
    T::deserialize(typed::Typed(joined.cache)).map_err(|error| error.to_string())
}
