//! The agent's status page in a real browser: it names a fault, and is read as well on a phone and in the dark.

use std::path::Path;

use serde_json::{Value, json};

use super::browser::{Browser, READERS};
use super::doubles::nobody;
use super::peers;
use super::{binary, eventually};

/// What is wider than the window, and what each target and endpoint is shown as.
const LOOK: &str = r"(() => {
  const wide = [...document.body.querySelectorAll('*')].filter(part => {
    const box = part.getBoundingClientRect();
    return box.left < 0 || box.right > document.documentElement.clientWidth + 0.5;
  });
  const article = part => [part.className, part.innerText];
  return { width: document.documentElement.scrollWidth, wide: wide.map(part => part.outerHTML.slice(0, 200)),
           articles: [...document.querySelectorAll('article')].map(article),
           events: document.querySelector('ol').innerText,
           colours: [getComputedStyle(document.documentElement).colorScheme,
                     getComputedStyle(document.querySelector('.error')).color] };
})()";

#[test]
fn a_fault_is_named_on_the_agents_page_in_a_browser_in_light_and_dark_and_on_a_phone() {
    let folder = tempfile::tempdir().unwrap();
    let artefacts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-artifacts");
    let start = |name: &str, arguments: &dyn Fn(u16) -> Vec<String>| {
        peers::start(binary(name).to_str().unwrap(), arguments, "/-/healthy")
    };
    let api = start("pushpull-api", &|port| vec!["--listen".to_owned(), format!("127.0.0.1:{port}")]);
    let gateway = start("pushpull-gateway", &|port| vec![format!("--web.listen-address=127.0.0.1:{port}")]);
    // Long names find what does not wrap.
    let away = format!("http://127.0.0.1:{}/{}", nobody(), "a-path-without-a-place-to-break".repeat(4));
    let no_gateway = format!("http://127.0.0.1:{}", nobody());
    let settings = format!(
        "interval = \"300ms\"\nidentity.instance = \"{}\"\n\
         [[scrape]]\nurl = \"http://127.0.0.1:{}/metrics\"\n[[scrape]]\nurl = \"{away}\"\n\
         [[push]]\nurl = \"http://127.0.0.1:{}\"\n[[push]]\nurl = \"{no_gateway}\"\n",
        "an_instance_with_a_long_name".repeat(3),
        api.port,
        gateway.port
    );
    let file = folder.path().join("agent.toml");
    std::fs::write(&file, settings).unwrap();
    let file = file.to_str().unwrap();
    let listen =
        |port| ["--config", file, "--listen", &format!("127.0.0.1:{port}")].map(str::to_owned).into();
    let agent = start("pushpull-agent", &listen);
    eventually("pushes and faults", || {
        let status = peers::request(agent.port, "GET", "/api/v1/status", b"").map(|(_, body)| body);
        let status: Value = serde_json::from_str(&status.unwrap_or_default()).unwrap_or_default();
        let has = |list: &str, what: &str, value: Value| {
            status[list].as_array().is_some_and(|all| all.iter().any(|entry| entry[what] == value))
        };
        has("targets", "up", json!(false))
            && has("endpoints", "state", json!("retrying"))
            && has("endpoints", "state", json!("ok"))
    });

    let url = format!("http://127.0.0.1:{}/", agent.port);
    let mut browser = Browser::start(&folder.path().join("profile"));
    let mut colours = Vec::new();
    for (name, width, scheme) in READERS {
        browser.open(&url, width, scheme);
        browser.picture(&artefacts.join(format!("agent-{name}.png")));
        let seen = browser.value(LOOK);
        assert!(seen["width"].as_u64().unwrap() <= u64::from(width), "{name}: {seen}");
        assert_eq!(seen["wide"], json!([]), "{name}");
        // Nothing but itself.
        let wrong = browser.faults(|asked| asked == url);
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
        let shown = |class: &str, whose: &str, says: &str| {
            seen["articles"].as_array().unwrap().iter().any(|article| {
                let text = article[1].as_str().unwrap();
                article[0] == class && text.contains(whose) && text.contains(says)
            })
        };
        assert!(shown("bad", &away, "Connection refused"), "{name}: {seen}");
        assert!(shown("bad", &no_gateway, "Connection refused"), "{name}: {seen}");
        assert!(shown("good", &format!("127.0.0.1:{}/metrics", api.port), "samples"), "{name}: {seen}");
        assert!(shown("good", &format!("127.0.0.1:{}\n", gateway.port), "pushed"), "{name}: {seen}");
        assert!(seen["events"].as_str().unwrap().contains("scrape failed"), "{name}: {seen}");
        colours.push(seen["colours"].clone());
    }
    assert_ne!(colours[0], colours[1], "light and dark look alike");
}
