//! What is written is well formed, leads somewhere, and bad files are named.

use lab::report::{self, html, markdown, shown};

use super::{command, sources, synthetic, written};

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
    let mut part = synthetic::compared();
    part.runs.truncate(1);
    let again = folder.path().join("part.json");
    part.write(&again).unwrap();
    let (good, _, told) = command(&[&file, again.to_str().unwrap()]);
    assert!(!good && told.contains("one run is no two repeats"), "{told}");
    part.runs[0].began = "2026-02-02T00:00:00Z".to_owned();
    part.machine.cores += 1;
    part.write(&again).unwrap();
    let (good, _, told) = command(&[&file, again.to_str().unwrap()]);
    assert!(!good && told.contains("other machines or with other versions"), "{told}");
    part.runs[0].cells[0].path = "x[x](javascript:alert)".to_owned();
    let told = format!("{:#}", part.write(&again).unwrap_err());
    assert!(told.contains("`x[x](javascript:alert)`: expected letters"), "{told}");
    let mut quick = synthetic::compared();
    quick.runs.iter_mut().for_each(|run| run.began = "2026-02-02T00:00:00Z".to_owned());
    quick.settings.insert("quick".to_owned(), "true".to_owned());
    let other = folder.path().join("quick.json");
    quick.write(&other).unwrap();
    let (good, _, told) = command(&[&file, other.to_str().unwrap()]);
    assert!(!good && told.contains("settings.quick is false and true"), "{told}");
}
