//! The gateway's page in a real browser: found, sorted, unfolded and deleted by mouse and by keyboard alone, read
//! by machines, on a phone and in the dark, with thousands of groups and with names that are hostile.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use serde_json::{Value, json};

use super::browser::{Browser, READERS};
use super::peers::{self, Peer};
use super::{binary, eventually};

/// Texts that do not stand out from what is behind them (WCAG 2.2, 1.4.3), and what is wider than the window.
const LOOK: &str = r"(() => {
  const channels = text => text.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = part => {
    for (; part; part = part.parentElement) {
      const colour = channels(getComputedStyle(part).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const parts = [...document.body.querySelectorAll('*')].filter(part => part.checkVisibility());
  const texts = parts.filter(part => [...part.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  const faint = texts.filter(part => {
    const [a, b] = [light(channels(getComputedStyle(part).color)), light(behind(part))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
  });
  const wide = parts.filter(part => {
    const box = part.getBoundingClientRect();
    return box.left < 0 || box.right > document.documentElement.clientWidth + 0.5;
  });
  const show = part => part.outerHTML.slice(0, 200);
  // What breaks within its words is wide enough, and not to be read.
  const tall = parts.filter(part => part.matches('button') && part.offsetHeight > 48);
  return { tall: tall.map(show), texts: texts.length, faint: faint.map(show), wide: wide.map(show),
           paper: getComputedStyle(document.body).backgroundColor };
})()";
const ROWS: &str = "document.querySelectorAll('tbody tr').length";

fn gateway() -> Peer {
    let arguments = |port| vec![format!("--web.listen-address=127.0.0.1:{port}")];
    peers::start(binary("pushpull-gateway").to_str().unwrap(), arguments, "/-/ready")
}

fn put(gateway: &Peer, path: &str, body: &str) -> u16 {
    peers::request(gateway.port, "PUT", &format!("/metrics/{path}"), body.as_bytes()).unwrap().0
}

fn held(gateway: &Peer, part: &str) -> bool {
    peers::request(gateway.port, "GET", "/metrics", b"").unwrap().1.contains(part)
}

/// What is wrong with the page, which may fetch nothing from elsewhere.
fn faults<'a>(browser: &'a Browser, url: &str) -> Vec<&'a Value> {
    browser.faults(|asked| asked.starts_with(url))
}

/// Roles and names, as a screen reader has them.
fn read_out(browser: &mut Browser) -> Vec<(String, String)> {
    let tree = browser.ask("Accessibility.getFullAXTree", &json!({}));
    let text = |node: &Value, what: &str| node[what]["value"].as_str().unwrap_or_default().to_owned();
    let nodes = tree["nodes"].as_array().unwrap().iter();
    nodes
        .filter(|node| node["ignored"] != true)
        .map(|node| (text(node, "role"), text(node, "name")))
        .collect()
}

/// Tabs to what a selector finds; each stop on the way must be seen.
fn tab_to(browser: &mut Browser, selector: &str) {
    for _ in 0..100 {
        browser.press("Tab");
        let seen = browser.value(&format!(
            "(() => {{ const part = document.activeElement; return [part.matches({selector:?}), part === document.body \
             || getComputedStyle(part).outlineStyle !== 'none', part.outerHTML.slice(0, 200)]; }})()"
        ));
        assert_eq!(seen[1], true, "no focus is seen: {seen}");
        if seen[0] == true {
            return;
        }
    }
    panic!("no key leads to {selector}");
}

#[test]
fn groups_are_found_sorted_unfolded_and_deleted_on_the_gateways_page() {
    let folder = tempfile::tempdir().unwrap();
    let artefacts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-artifacts");
    let gateway = gateway();
    let hostile = "%3Cscript%3Edocument.title='taken'%3C%2Fscript%3E".replace("%2F", "");
    let script = "# HELP a <img src=x onerror=\"document.title='taken'\">\na{x=\"<script>document.title='taken'</script>\"} 1\n";
    assert_eq!(put(&gateway, "job/large", "a 1\nb 1\nc 1\n"), 200);
    assert_eq!(put(&gateway, &format!("job/hostile/x/{hostile}"), script), 200);
    assert_eq!(
        put(
            &gateway,
            &format!("job/small/name/{}?ttl=1h", "a_name_without_a_place_to_break".repeat(4)),
            "a 1\n"
        ),
        200
    );
    assert_eq!(put(&gateway, "job/small", "a 1\n"), 200);
    assert_eq!(put(&gateway, "job/large", "a 1 5\n"), 400);
    let url = format!("http://127.0.0.1:{}/", gateway.port);
    let mut browser = Browser::start(&folder.path().join("profile"));
    let mut papers = Vec::new();
    for (name, width, scheme) in READERS {
        browser.open(&url, width, scheme);
        browser.click("tr.bad summary");
        browser.until("document.querySelectorAll('tr.bad .families details').length === 3");
        browser.picture(&artefacts.join(format!("gateway-{name}.png")));
        let seen = browser.value(LOOK);
        assert!(seen["texts"].as_u64().unwrap() > 40, "{name}: {seen}");
        for what in ["faint", "wide", "tall"] {
            assert_eq!(seen[what], json!([]), "{name}: {what}");
        }
        papers.push(seen["paper"].clone());
        // A table stays one where it is shown as cards.
        let read = read_out(&mut browser);
        for (role, what) in [
            ("table", "Groups"),
            ("searchbox", "Search groups"),
            ("columnheader", "Time to live"),
            ("cell", ""),
            ("status", ""),
            ("button", "Delete group job=\"large\""),
        ] {
            assert!(
                read.iter().any(|(r, n)| r == role && n.contains(what)),
                "{name}: {role} {what}: {read:?}"
            );
        }
        assert_eq!(faults(&browser, &url), Vec::<&Value>::new(), "{name}");
    }
    assert_ne!(papers[0], papers[1], "light and dark look alike");

    browser.open(&url, 1200, "light");
    assert_eq!(browser.value("document.querySelector('#count').textContent"), "4 groups");
    browser.click("a[data-keep=series]");
    browser.until("document.querySelector('th[aria-sort=ascending]')?.textContent === 'Series'");
    browser.click("a[data-keep=series]");
    browser.until("document.querySelector('th[aria-sort=descending]')?.textContent === 'Series'");
    browser.until("document.querySelector('tbody tr summary').textContent === 'job=\"large\"'");
    assert!(
        browser
            .value("document.querySelector('tr.bad .why').textContent")
            .as_str()
            .unwrap()
            .contains("timestamps")
    );
    browser.click("#q");
    browser.ask("Input.insertText", &json!({"text": "HOSTILE"}));
    browser.until("document.querySelector('#count').textContent === '1 of 4 groups found'");
    assert!(browser.value("location.search").as_str().unwrap().contains("sort=series"), "the order is kept");
    browser.click("summary");
    browser.until("document.querySelector('.families details') !== null");
    browser.click(".families summary");
    browser.until("document.querySelector('.families pre').textContent.includes('<script>document.title=')");
    assert_eq!(
        browser.value("[document.title, document.querySelectorAll('script, img').length]"),
        json!(["pushpull gateway", 1])
    );

    browser.click("form.delete button");
    browser.until("document.querySelector('dialog').open");
    assert_eq!(browser.value("document.activeElement.textContent"), "Keep it", "Enter must do no harm");
    assert!(
        read_out(&mut browser).iter().any(|(role, name)| role == "dialog" && name == "Delete this group?")
    );
    browser.click("dialog button");
    browser.until(
        "!document.querySelector('dialog').open && document.activeElement.matches('form.delete button')",
    );
    assert!(held(&gateway, "hostile"));
    browser.click("form.delete button");
    browser.until("document.querySelector('dialog').open");
    browser.click("dialog .danger");
    browser.until("document.querySelector('#count').textContent.endsWith('0 of 3 groups found')");
    assert!(!held(&gateway, "hostile"), "deleted on the page, and still scraped");
    assert!(held(&gateway, "job=\"large\""));
    assert_eq!(browser.value("document.activeElement.id"), "q", "the focus is nowhere");
    assert_eq!(faults(&browser, &url), Vec::<&Value>::new());
    // A gateway that is gone is named, and the page stays.
    drop(gateway);
    browser.click("#search button");
    browser.until("document.querySelector('#alert').textContent.includes('did not answer')");
}

#[test]
fn the_gateways_page_is_worked_by_keyboard_alone() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = gateway();
    for name in ["a", "b", "c"] {
        assert_eq!(put(&gateway, &format!("job/{name}"), "a 1\n"), 200);
    }
    let mut browser = Browser::start(&folder.path().join("profile"));
    browser.open(&format!("http://127.0.0.1:{}/status", gateway.port), 1200, "light");
    tab_to(&mut browser, "#q");
    browser.ask("Input.insertText", &json!({"text": "{job=~\"b|c\"}"}));
    browser.press("Enter");
    browser.until("document.querySelector('#count').textContent === '2 of 3 groups found'");
    tab_to(&mut browser, "a[data-keep=group]");
    browser.press("Enter");
    browser.until("document.activeElement.closest('th')?.getAttribute('aria-sort') === 'descending'");
    tab_to(&mut browser, "summary");
    browser.press("Enter");
    browser.until("document.querySelector('.families summary') !== null");
    tab_to(&mut browser, ".families summary");
    browser.press("Enter");
    browser.until("document.querySelector('.families pre').checkVisibility()");
    tab_to(&mut browser, "form.delete button");
    browser.press("Enter");
    browser.until("document.querySelector('dialog').open");
    browser.press("Escape");
    browser.until(
        "!document.querySelector('dialog').open && document.activeElement.matches('form.delete button')",
    );
    browser.press("Enter");
    browser.until("document.querySelector('dialog').open");
    tab_to(&mut browser, "dialog .danger");
    browser.press("Enter");
    browser
        .until("document.querySelector('#count').textContent === 'Deleted job=\"c\". 1 of 2 groups found'");
    // The next one is at hand.
    browser.until("document.activeElement.getAttribute('aria-label') === 'Delete group job=\"b\"'");
    assert!(!held(&gateway, "job=\"c\"") && held(&gateway, "job=\"b\""));
}

#[test]
fn the_gateways_page_works_with_five_thousand_groups() {
    let folder = tempfile::tempdir().unwrap();
    let gateway = gateway();
    let all: Vec<usize> = (0..5_000).collect();
    for part in all.chunks(500) {
        let push = |at: &usize| {
            let close = if at == part.last().unwrap() { "Connection: close\r\n" } else { "" };
            format!(
                "PUT /metrics/job/job-{at:04} HTTP/1.1\r\nHost: a\r\n{close}Content-Length: 4\r\n\r\na 1\n"
            )
        };
        let mut stream = TcpStream::connect(("127.0.0.1", gateway.port)).unwrap();
        stream.write_all(part.iter().map(push).collect::<String>().as_bytes()).unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).unwrap();
        assert_eq!(answers.matches("HTTP/1.1 200").count(), part.len());
    }
    let mut browser = Browser::start(&folder.path().join("profile"));
    browser.open(&format!("http://127.0.0.1:{}/", gateway.port), 1200, "light");
    eventually("the first paint", || {
        browser.value("performance.getEntriesByName('first-contentful-paint').length") == json!(1)
    });
    assert_eq!(browser.value("document.querySelector('#count').textContent"), "5,000 groups");
    assert_eq!(browser.value(ROWS), 100);
    let bytes =
        browser.value("performance.getEntriesByType('navigation')[0].decodedBodySize").as_u64().unwrap();
    assert!((20_000..1_000_000).contains(&bytes), "{bytes} bytes");
    browser.click("a[data-keep=next]");
    browser.until("document.querySelector('tbody summary').textContent === 'job=\"job-0100\"'");
    assert_eq!(browser.value("document.activeElement.textContent"), "Next");
    browser.click("#q");
    browser.ask("Input.insertText", &json!({"text": "job-49"}));
    browser.until("document.querySelector('#count').textContent === '100 of 5,000 groups found'");
    browser.ask("Input.insertText", &json!({"text": "99"}));
    browser.until("document.querySelector('#count').textContent === '1 of 5,000 groups found'");
    assert_eq!(browser.value("document.querySelector('tbody summary').textContent"), "job=\"job-4999\"");
}
