use super::*;
use crate::{Clash, Limits, Sheet};

const KEY: [(&str, &str); 2] = [("job", "a \"b\""), ("instance", "i")];

fn parsed(text: &str) -> Page {
    Page::parse(text.to_owned(), &Limits::NONE).unwrap()
}

/// `text` read by the form of a page before, if it is of that.
fn filled(text: &str, before: &str, how: &Rewrite<'_>) -> Option<Filled> {
    let (page, made) = (parsed(before), parsed(before).rewrite(how));
    Arc::new(Form::of(&page, &made, how)?).read(text.as_bytes())
}

fn again(text: &str, before: &str, how: &Rewrite<'_>) -> Option<Page> {
    filled(text, before, how).map(|filled| filled.page())
}

/// Pages that differ in values, and in anything else.
const PAGES: [&str; 30] = [
    "a 1\n",
    "a 2.50 \n",
    "a 2.5\nb",
    "a 1\n\n",
    "a 1\n# EOF\n",
    "a{} 1\n",
    "a{x=\"1\"} 1\n",
    "a{x=\"1\",} 2\n",
    "a{ x=\"1\" } 2\n",
    "a{x=\"1\"}  3\n",
    "a{job=\"x\"} 1\n",
    "a{exported_job=\"x\"} 1\n",
    "a{instance=\"i\"} 1\n",
    "a{job=\"\"} 1\n",
    "a{x=\"1\"} 1 5\n",
    "# TYPE a counter\na{x=\"1\"} 7\n",
    "# TYPE a gauge\na{x=\"1\"} 7\n",
    "# HELP a text\n# TYPE a gauge\na{x=\"1\"} NaN\n",
    "# HELP a text\n# TYPE a gauge\na{x=\"1\"} +Inf\n",
    "# HELP a \n# TYPE a gauge\na{x=\"1\"} 7\n",
    "# HELP a other\\\\ \\n text\n# TYPE a gauge\na{x=\"1\"} 7\n",
    "a{x=\"1\"} 1\nb{y=\",job=\\\"a\\\"} \"} 2\na{x=\"2\"} 3\n",
    "a{x=\"1\"} 1\na{x=\"2\"} 3\nb{y=\",job=\\\"a\\\"} \"} 20000\n",
    "{\"a.b\"} 1\na_b 2\n",
    "a_b 2\n{\"a.b\",\"c.d\"=\"1\"} 1\n",
    "# HELP none no sample\n# TYPE none counter\n# TYPE a gauge\na 1\n",
    "# HELP none no sample\n# TYPE none counter\n# TYPE a gauge\na 1e9\n# TYPE last gauge\n",
    "# a comment\n\n# TYPE a gauge\n# HELP a text\na 1\n\nb 2\n",
    "# a comment\n\n# TYPE a gauge\n# HELP a text\na -3\n\nb 2e-7\n",
    "a 1e999\n",
];

#[test]
fn what_is_read_by_the_page_before_is_what_reading_and_rewriting_makes() {
    let mut found = 0;
    for clash in [Clash::Overwrite, Clash::Keep, Clash::Export] {
        let how = Rewrite { labels: &KEY, clash, keep_timestamps: true, ..Rewrite::default() };
        for (before, text) in PAGES.iter().flat_map(|one| PAGES.iter().map(move |other| (one, other))) {
            if Page::parse(*before, &Limits::NONE).is_err() {
                continue;
            }
            let Some(filled) = filled(text, before, &how) else { continue };
            let (again, whole) = (filled.page(), parsed(text).rewrite(&how));
            assert_eq!(again.text(), whole.text(), "{text} like {before}");
            assert_eq!(format!("{:?}", again.index), format!("{:?}", whole.index), "{text} like {before}");
            let bare = |page: Option<Page>| page.map(|page| format!("{page:?}"));
            assert_eq!(bare(filled.without_ending(&KEY)), bare(whole.without_ending(&KEY)), "{text}");
            assert!(filled.without_ending(&KEY[..1]).is_none());
            same_families(&Sheet::from(filled), &Sheet::from(whole));
            found += 1;
        }
    }
    // Each of a few like itself and its like, three times; the others never.
    assert!(found >= 45, "{found}");
}

#[test]
fn a_page_with_other_lines_around_its_samples_is_found_too() {
    let how = Rewrite { labels: &KEY, ..Rewrite::default() };
    for (before, text) in [(25, 25), (27, 28)] {
        assert!(again(PAGES[text], PAGES[before], &how).is_some(), "{}", PAGES[text]);
    }
    let none = "# HELP none another text\n# TYPE none counter\n# TYPE a gauge\na 1\n";
    assert!(again(none, PAGES[25], &how).is_none(), "whose help changed");
}

#[test]
fn a_page_of_another_time_is_found_though_values_grow() {
    let how = Rewrite { labels: &KEY, ..Rewrite::default() };
    let page = |value: &str| {
        format!(
            "# HELP h text\n# TYPE h histogram\nh_bucket{{le=\"+Inf\"}} {value}\nh_sum {value}\nh_count {value}\n# TYPE g gauge\ng {value}\n"
        )
    };
    let form = |text: &str| Form::of(&parsed(text), &parsed(text).rewrite(&how), &how).map(Arc::new).unwrap();
    let (form, other) = (form(&page("9")), form(&page("9")));
    let mut before = None::<Filled>;
    for value in ["10", "1e300", "7", "NaN", "123456789012345678"] {
        let filled = form.read(page(value).as_bytes()).unwrap();
        assert_eq!(filled.page().text(), parsed(&page(value)).rewrite(&how).text());
        assert!(!filled.is_of_one_form(&other.read(page("1").as_bytes()).unwrap()));
        assert!(before.replace(filled.clone()).is_none_or(|before| before.is_of_one_form(&filled)));
    }
    for value in ["1e400", "1_0", "", "7 8", "0x1"] {
        assert!(form.read(page(value).as_bytes()).is_none(), "{value}");
    }
}

#[test]
fn a_form_is_filled_with_values() {
    let how = Rewrite { labels: &KEY, ..Rewrite::default() };
    let text = "# TYPE a gauge\na 1\na{x=\"1\"} 2\n";
    let form = Arc::new(Form::of(&parsed(text), &parsed(text).rewrite(&how), &how).unwrap());
    let text = "# TYPE a gauge\na 0.25\na{x=\"1\"} +Inf\n";
    let (filled, whole) = (form.fill(vec![0.25, f64::INFINITY]).unwrap(), parsed(text).rewrite(&how));
    assert_eq!(
        (filled.page().text(), format!("{:?}", filled.page().index)),
        (whole.text(), format!("{:?}", whole.index))
    );
    assert!(form.fill(vec![1.0]).is_none() && form.fill(vec![1.0; 3]).is_none());
}

/// What is said of both without their text.
fn same_families(one: &Sheet, other: &Sheet) {
    let said = |sheet: &Sheet| -> Vec<String> {
        let families = sheet.families().map(|(family, samples)| {
            assert!([0, samples.len()].contains(&family.samples().collect::<Vec<_>>().len()));
            let values: Vec<_> = samples.map(|at| sheet.value(at).map(f64::to_bits)).collect();
            format!("{} {:?} {:?} {values:?}", family.name(), family.kind(), family.help())
        });
        families.collect()
    };
    assert_eq!(said(one), said(other));
    assert_eq!((one.sample_count(), one.value(9999)), (other.sample_count(), None));
    assert_eq!(one.page().text(), other.page().text());
}
