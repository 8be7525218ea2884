//! What a real browser makes of it.

use std::path::Path;

use serde_json::Value;

use super::{command, written};
use crate::browser::Browser;

/// Texts that lie over each other, as the browser really set them; pictures and rows that are cut.
const LOOK: &str = r"(() => {
  const faults = [];
  document.querySelectorAll('details').forEach(part => part.open = true);
  for (const svg of document.querySelectorAll('figure svg')) {
    const box = svg.getBoundingClientRect();
    if (box.width < 100 || box.height < 50) faults.push('not drawn: ' + svg.querySelector('title').textContent);
    const texts = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBBox()]);
    const view = svg.viewBox.baseVal;
    texts.forEach(([name, a], place) => {
      if (a.x < 0 || a.x + a.width > view.width || a.y + a.height > view.height) faults.push('cut: ' + name);
      for (const [other, b] of texts.slice(0, place))
        if (a.x + 1 < b.x + b.width && b.x + 1 < a.x + a.width && a.y + 3 < b.y + b.height && b.y + 3 < a.y + a.height)
          faults.push(name + ' lies over ' + other + ' in ' + svg.querySelector('title').textContent);
    });
  }
  if (document.documentElement.scrollWidth > innerWidth) faults.push('wider than the window: ' + document.documentElement.scrollWidth);
  return { faults, pictures: document.querySelectorAll('figure svg').length,
           back: getComputedStyle(document.body).backgroundColor };
})()";

#[test]
fn a_browser_shows_all_of_it_without_network_in_light_and_dark_and_on_a_phone() {
    let folder = tempfile::tempdir().unwrap();
    let artefacts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-artifacts");
    let files = written(folder.path());
    let mut arguments: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let out = artefacts.join("report");
    arguments.extend(["--out", out.to_str().unwrap()]);
    let (good, _, told) = command(&arguments);
    assert!(good && told.contains("push-versus-pull.md") && told.contains("plots/capture.svg"), "{told}");
    let page = out.canonicalize().unwrap().join("push-versus-pull.html");
    let url = format!("file://{}", page.display());
    let mut browser = Browser::start(&folder.path().join("profile"));
    let mut backs = Vec::new();
    for (name, width, scheme) in [("light", 1200, "light"), ("dark", 1200, "dark"), ("phone", 400, "light")] {
        browser.open(&url, width, scheme);
        browser.picture(&artefacts.join(format!("report-{name}.png")));
        let seen = browser.value(LOOK);
        assert_eq!(seen["faults"], Value::Array(Vec::new()), "{name}");
        assert!(seen["pictures"].as_u64().unwrap() >= 15, "{seen}");
        backs.push(seen["back"].clone());
        let about = |event: &&Value| {
            let method = event["method"].as_str().unwrap_or_default();
            let asked = event["params"]["request"]["url"].as_str().unwrap_or_default();
            let other = method == "Network.requestWillBeSent" && asked != url && !asked.starts_with("data:");
            other
                || ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"].contains(&method)
        };
        let wrong: Vec<_> = browser.events.iter().filter(about).collect();
        assert!(wrong.is_empty(), "{name}: {wrong:?}");
    }
    assert_ne!(backs[0], backs[1], "light and dark look alike");
    let kept = browser.value("JSON.parse(document.getElementById('results-0').textContent).command");
    assert_eq!(kept, "compare");
}
