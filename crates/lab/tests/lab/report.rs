//! The report says what the results say, and reads well: as Markdown, and as a page in a real browser.

mod browser;
mod synthetic;

use std::path::{Path, PathBuf};
use std::process::Command;

use lab::compare::results::Results;
use lab::report::document::{Document, Table};
use lab::report::source::Source;
use lab::report::{self, html, markdown, shown};
use serde_json::Value;

use self::browser::Browser;
use crate::binary;

fn sources() -> Vec<Source> {
    vec![
        Source::of("compare.json", synthetic::compared()),
        Source::of("overhead.json", synthetic::overhead()),
        Source::of("article.json", synthetic::article()),
    ]
}

fn of(results: Results) -> Document {
    report::document(&[Source::of("compare.json", results)])
}

fn table<'a>(document: &'a Document, id: &str) -> &'a Table {
    document.tables().into_iter().find(|table| table.id == id).unwrap_or_else(|| panic!("no table {id}"))
}

/// The values of all repeats of a cell.
fn values(results: &Results, scenario: &str, cohort: &str, path: &str, measure: &str) -> Vec<f64> {
    let runs = results.runs.iter().filter(|run| run.scenario == scenario);
    let cells = runs.flat_map(|run| &run.cells).filter(|cell| cell.cohort == cohort && cell.path == path);
    let mut values: Vec<f64> = cells.filter_map(|cell| cell.figures.get(measure)?.value).collect();
    values.sort_by(f64::total_cmp);
    values
}

#[test]
fn each_number_of_a_table_is_a_median_of_the_results_with_its_range() {
    let results = synthetic::compared();
    let document = of(results.clone());
    let mut read = 0;
    for measure in ["capture_ratio", "increase_ratio", "ghost_max_seconds"] {
        let table = table(&document, &lab::report::document::id(&["lifetimes", measure]));
        for row in &table.rows {
            let cohort = row[0].trim_matches('`');
            for (place, path) in
                ["pull-static", "pull-discovered", "push-ours", "push-real"].iter().enumerate()
            {
                let found = values(&results, "lifetimes", cohort, path, measure);
                let (low, middle, high) = (found[0], found[1], found[2]);
                let number = |text: &str| {
                    text.trim_matches(|one: char| !one.is_ascii_digit())
                        .replace(',', "")
                        .parse::<f64>()
                        .unwrap()
                };
                let cell = &row[place + 1];
                // What goes on has no range: all that is known is that it is at least so long.
                let range =
                    cell.split_once(" [").and_then(|(_, range)| range.split_once(']')?.0.split_once('–'));
                let mut pairs = vec![(cell.split([',', '[']).next().unwrap(), middle)];
                assert_eq!(range.is_none(), cell.contains("18 of 18 go on"), "{cell}");
                pairs.extend(range.into_iter().flat_map(|(least, most)| [(least, low), (most, high)]));
                let scale = if measure.ends_with("_ratio") { 100.0 } else { 1.0 };
                for (text, meant) in pairs {
                    assert!(
                        (number(text) - meant * scale).abs() <= 0.51,
                        "{cohort} {path} {measure}: {cell}, {meant}"
                    );
                    read += 1;
                }
                assert_eq!(
                    cell.contains('✓'),
                    measure == "capture_ratio" && cohort.ends_with("kill") && !cell.contains('✗'),
                    "{cell}"
                );
            }
            assert_eq!(row[5], (if measure.starts_with("ghost") { "18" } else { "72" }), "n of {row:?}");
        }
    }
    assert!(read > 300, "only {read} numbers");
}

/// The line of a workload: its name, what to take, what is given up, and the rest.
fn decision(document: &Document, begins: &str) -> Vec<String> {
    let table = table(document, "decisions");
    table.rows.iter().find(|row| row[0].starts_with(begins)).unwrap_or_else(|| panic!("no {begins}")).clone()
}

/// The same results with two ways' names exchanged: the data turned around.
fn turned(mut results: Results, one: &str, other: &str) -> Results {
    for cell in results.runs.iter_mut().flat_map(|run| &mut run.cells) {
        if cell.path == one {
            other.clone_into(&mut cell.path);
        } else if cell.path == other {
            one.clone_into(&mut cell.path);
        }
    }
    results
}

#[test]
fn decisions_turn_around_with_the_data() {
    let straight = of(synthetic::compared());
    let turned = of(turned(synthetic::compared(), "pull-static", "push-ours"));
    let death = "An alert soon";
    assert!(decision(&straight, death)[1].contains("pull"), "{:?}", decision(&straight, death));
    assert!(!decision(&straight, death)[1].contains("our gateway"));
    assert!(decision(&turned, death)[1].contains("push to our gateway"), "{:?}", decision(&turned, death));
    assert!(!decision(&turned, death)[1].contains("**pull**"));
    let (nat, back) =
        (decision(&straight, "Long-lived, behind NAT"), decision(&turned, "Long-lived, behind NAT"));
    assert!(nat[1].contains("push to either gateway") && !nat[1].contains("pull"), "{nat:?}");
    assert!(nat[2].contains("shown after death") && nat[2].contains("by pull"), "{nat:?}");
    assert!(
        back[1].contains("**pull or push to the Pushgateway**") && !back[1].contains("our gateway"),
        "{back:?}"
    );
    let killed = decision(&straight, "Jobs within an interval that are killed");
    assert!(killed[3].contains("#lifetimes-capture-ratio"), "{killed:?}");
    assert!(killed[6].contains("not measured yet"), "{killed:?}");
    let answer = |document: &Document| {
        markdown::page(document, "plots")
            .lines()
            .find(|line| line.contains("After death:"))
            .unwrap()
            .to_owned()
    };
    assert!(answer(&straight).contains("After death: pull does best"), "{}", answer(&straight));
    assert!(answer(&turned).contains("After death: push to our gateway does best"), "{}", answer(&turned));
}

#[test]
fn what_was_not_measured_is_said_to_be_so() {
    let mut results = synthetic::compared();
    results.runs.retain(|run| run.scenario == "bad-link" || run.scenario == "burst");
    let text = markdown::page(&of(results), "plots");
    assert!(text.contains("**Not run:** needs root: run it with sudo."), "{text}");
    for part in
        ["Costs were not measured", "Overhead was not measured", "not in these results", "| not measured |"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn claims_are_judged_by_figures() {
    let judge = |article: Results| {
        let document = report::document(&[Source::of("a", synthetic::overhead()), Source::of("b", article)]);
        table(&document, "claims").rows.clone()
    };
    let rows = judge(synthetic::article());
    let of = |rows: &[Vec<String>], claim: &str, of: &str| -> String {
        let row = rows.iter().find(|row| row[0].contains(claim) && row[1].contains(of));
        row.unwrap_or_else(|| panic!("no {claim} of {of}: {rows:?}"))[3].clone()
    };
    assert!(
        of(&rows, "below 500 ms", "article")
            .contains("holds only because the script sent 37.0/s instead of 100")
    );
    assert_eq!(of(&rows, "below 500 ms", "our API"), "**holds**");
    assert!(of(&rows, "2–3 %", "fastapi").contains("does not hold"));
    assert!(of(&rows, "2–3 %", "api, work 0").contains("holds: it is not more"));
    let mut slow = synthetic::article();
    for figure in slow
        .runs
        .iter_mut()
        .flat_map(|run| &mut run.cells)
        .filter_map(|cell| cell.figures.get_mut("latency_p99_seconds"))
    {
        figure.value = Some(0.7);
    }
    assert!(of(&judge(slow), "below 500 ms", "our API").contains("does not hold: p99"));
}

#[test]
fn pictures_are_well_formed_and_no_labels_overlap() {
    let document = report::document(&sources());
    let plots = document.plots();
    for name in [
        "capture",
        "freshness",
        "ghosts",
        "detection",
        "counter-link-cut",
        "rate-gateway-down",
        "bytes",
        "cpu",
        "overhead",
        "article-p99",
    ] {
        assert!(plots.iter().any(|plot| plot.name == name), "no picture {name}");
    }
    for plot in plots {
        let text = plot.standalone();
        let tree = roxmltree::Document::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", plot.name));
        assert!(
            text.contains("prefers-color-scheme:dark") && !text.contains("NaN") && !text.contains("inf"),
            "{}",
            plot.name
        );
        let mut boxes: Vec<([f64; 4], String)> = Vec::new();
        for node in tree.descendants().filter(|node| node.has_tag_name("text")) {
            let number = |name| node.attribute(name).unwrap().parse::<f64>().unwrap();
            let words = node.text().unwrap_or_default().to_owned();
            let wide = words.chars().count() as f64
                * if node.attribute("class") == Some("title") { 8.2 } else { 6.6 };
            let left = number("x")
                - wide
                    * match node.attribute("text-anchor").unwrap() {
                        "end" => 1.0,
                        "middle" => 0.5,
                        _ => 0.0,
                    };
            let one = [left, number("y") - 10.0, left + wide, number("y") + 2.0];
            assert!(
                one[0] >= 0.0 && one[2] <= report::plot::WIDTH && one[3] <= plot.height,
                "{}: `{words}` is cut: {one:?}",
                plot.name
            );
            for (other, others) in &boxes {
                let apart =
                    one[2] <= other[0] || other[2] <= one[0] || one[3] <= other[1] || other[3] <= one[1];
                assert!(apart, "{}: `{words}` lies over `{others}`", plot.name);
            }
            boxes.push((one, words));
        }
        assert!(boxes.len() > 4, "{}", plot.name);
    }
}

#[test]
fn all_links_lead_somewhere_and_what_files_say_stays_text() {
    let sources = sources();
    let document = report::document(&sources);
    let text = markdown::page(&document, "plots");
    let page = html::page(&document, &sources).unwrap();
    for (text, link, anchor) in [(&text, "](#", "id=\""), (&page, "href=\"#", "id=\"")] {
        let ends = |character: char| character == ')' || character == '"';
        let links: Vec<&str> = text.split(link).skip(1).filter_map(|rest| rest.split(ends).next()).collect();
        assert!(links.len() > 60, "{}", links.len());
        for name in links {
            assert!(text.contains(&format!("{anchor}{name}\"")), "nothing is called {name}");
        }
    }
    assert!(
        page.contains("a &lt;processor&gt; | of *tests*")
            && text.contains("a \\<processor\\> \\| of \\*tests\\*")
    );
    let loads = ["src=\"", "url(", "@import", "href=\"http", "href=\"//", "<iframe", "<img"];
    let style = page.split("<script type=\"application/json\"").next().unwrap();
    assert!(loads.iter().all(|load| !style.contains(load)), "something would be loaded");
    assert!(shown::value("capture_ratio", 0.5) == "50.0\u{a0}%");
}

/// The command on these results; where it wrote, whether it was content, and what it said.
fn command(arguments: &[&str]) -> (bool, Option<i32>, String) {
    let output = Command::new(binary("pushpull-lab")).arg("report").args(arguments).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.success(), output.status.code(), String::from_utf8(told).unwrap())
}

fn written(folder: &Path) -> Vec<PathBuf> {
    let all = [
        ("compare.json", synthetic::compared()),
        ("overhead.json", synthetic::overhead()),
        ("article.json", synthetic::article()),
    ];
    all.into_iter()
        .map(|(name, results)| {
            let file = folder.join(name);
            results.write(&file).unwrap();
            file
        })
        .collect()
}

#[test]
fn bad_files_are_named_with_their_fault() {
    let folder = tempfile::tempdir().unwrap();
    let (_, code, told) = command(&[]);
    assert!(code == Some(2) && told.contains("Usage"), "{told}");
    let bad = folder.path().join("bad.json");
    let bad = bad.to_str().unwrap();
    for (content, part) in [
        ("{}", "format"),
        ("nonsense", "not a file of results"),
        ("{\"format\":\"pushpull-results/1\"}", "command"),
    ] {
        std::fs::write(bad, content).unwrap();
        let (_, code, told) = command(&[bad, "--out", folder.path().to_str().unwrap()]);
        assert!(code == Some(1) && told.contains("bad.json") && told.contains(part), "{content}: {told}");
    }
    let file = written(folder.path())[0].to_str().unwrap().to_owned();
    let (good, _, told) = command(&[&file, &file]);
    assert!(!good && told.contains("the same file"), "{told}");
    let mut quick = synthetic::compared();
    quick.settings.insert("quick".to_owned(), "true".to_owned());
    let other = folder.path().join("quick.json");
    quick.write(&other).unwrap();
    let (good, _, told) = command(&[&file, other.to_str().unwrap()]);
    assert!(!good && told.contains("settings.quick is false and true"), "{told}");
}

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
