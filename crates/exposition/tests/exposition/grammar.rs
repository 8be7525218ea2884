//! Text 0.0.4: what Prometheus' scraper takes, what a Pushgateway takes, and where a fault is.

use exposition::{Limits, Page};

/// A page, whether the scraper takes it, whether a Pushgateway does, and the error where one refuses.
pub(crate) type Row = (&'static str, bool, bool, &'static str);

pub(crate) const ROWS: &[Row] = &[
    ("", true, true, ""),
    ("\n\n", true, true, ""),
    ("# just a comment\n", true, true, ""),
    ("#\n# \n#no blank\n", true, true, ""),
    ("a 1\n", true, true, ""),
    (" \ta 1\n", false, true, "line 1, column 1: expected a metric name, got ` `"),
    ("a 1\n \n\t# free\n # TYPE b gauge\nb 1\n", true, true, ""),
    ("a 1 -5\n", false, true, "line 1, column 5: expected a timestamp in milliseconds, got `-5`"),
    ("a 1 +5\n", false, true, "line 1, column 5: expected a timestamp in milliseconds, got `+5`"),
    ("a\t1\n", true, true, ""),
    ("a  1  2\n", true, true, ""),
    ("a 1", true, false, "line 1, column 4: the last line does not end in a line break"),
    ("a 1 \n", true, false, "line 1, column 4: expected the end of the line, got ` `"),
    ("a 1 2 \n", true, false, "line 1, column 6: expected the end of the line, got ` `"),
    ("a 1 2 3\n", false, false, "line 1, column 7: expected the end of the line, got `3`"),
    ("a 1 2.5\n", false, false, "line 1, column 5: expected a timestamp in milliseconds, got `2.5`"),
    ("a 1\r\n", false, false, "line 1, column 3: expected a float as value, got `1\r`"),
    ("a\n", false, false, "line 1, column 2: expected a value after the series, got the end of the line"),
    ("a abc\n", false, false, "line 1, column 3: expected a float as value, got `abc`"),
    ("a 0x10\n", false, false, "line 1, column 3: expected a float as value, got `0x10`"),
    ("a 1_000\n", false, false, "line 1, column 3: expected a float as value, got `1_000`"),
    ("a 1e400\n", false, false, "line 1, column 3: value `1e400` is out of the range of a 64-bit float"),
    ("9a 1\n", false, false, "line 1, column 1: expected a metric name, got `9`"),
    ("a 1\n\nb-c 1 x\n", false, false, "line 3, column 2: expected a float as value, got `-c`"),
    ("a{} 1\n", true, true, ""),
    ("a {b=\"c\"}1\n", true, true, ""),
    ("a{b=\"c\",} 1\n", true, true, ""),
    ("a{ b = \"c\" , d=\"e\" } 1\n", true, true, ""),
    ("a{b=\"}\",c=\" #,\"} 1\n", true, true, ""),
    ("a{b=\"\\\\\\\"\\n\"} 1\n", true, true, ""),
    ("a{b=\"\\q\"} 1\n", true, false, "line 1, column 6: invalid escape sequence `\\q`"),
    (
        "a{b=\"c\nd\"} 1\n",
        true,
        false,
        "line 1, column 7: a line break inside a label value must be written `\\n`",
    ),
    (
        "a{b=\"c\" d=\"e\"} 1\n",
        true,
        false,
        "line 1, column 9: expected `,` or `}` after the label value, got `d`",
    ),
    ("a{b=\"c\",,d=\"e\"} 1\n", false, false, "line 1, column 9: expected a label name or `}`, got `,`"),
    ("a{,} 1\n", false, false, "line 1, column 3: expected a label name or `}`, got `,`"),
    ("a{b} 1\n", false, false, "line 1, column 4: expected `=` after the label name, got `}`"),
    ("a{b=c} 1\n", false, false, "line 1, column 5: expected a label value in double quotes, got `c`"),
    ("a{b=\"c} 1\n", false, false, "line 1, column 5: label value is not closed by a double quote"),
    (
        "a{b=\"c\"\n",
        false,
        false,
        "line 1, column 8: expected `,` or `}` after the label value, got the end of the line",
    ),
    ("a{b=\"1\",b=\"2\"} 1\n", false, false, "line 1, column 9: label name `b` stands twice in one series"),
    ("a{é=\"1\"} 1\n", false, false, "line 1, column 3: expected a label name or `}`, got `é`"),
    ("a{b=\"é\"} 1 x\n", false, false, "line 1, column 12: expected a timestamp in milliseconds, got `x`"),
    (
        "a{__name__=\"b\"} 1\n",
        false,
        false,
        "line 1, column 3: label name `__name__` is reserved for the metric name",
    ),
    ("{} 1\n", false, false, "line 1, column 1: expected a metric name, got `{`"),
    ("{\"a.b\",c=\"d\"} 1\n", true, false, "line 1, column 1: expected a metric name, got `{`"),
    ("# HELP a text \\\\ \\n\n# TYPE a counter\na 1\n", true, true, ""),
    ("# HELP a \\q\na 1\n", true, false, "line 1, column 10: invalid escape sequence `\\q`"),
    ("# HELP a\na 1\n", true, true, ""),
    ("# HELP\n# TYPE\na 1\n", true, true, ""),
    ("# TYPE a gauge\n# HELP a b\na 1\n", true, true, ""),
    ("# TYPE a GAUGE\n", false, true, "line 1, column 10: unknown metric type `GAUGE`"),
    ("# TYPE a  gauge\n", false, true, "line 1, column 10: unknown metric type ` gauge`"),
    ("# TYPE a\n", false, true, "line 1, column 9: unknown metric type ``"),
    ("# TYPE a gauge \n", false, false, "line 1, column 10: unknown metric type `gauge `"),
    ("# TYPE a info\n", false, false, "line 1, column 10: unknown metric type `info`"),
    ("# TYPE 9a gauge\n", false, false, "line 1, column 8: expected a metric name, got `9`"),
    (
        "# TYPE a gauge\n# TYPE a gauge\n",
        true,
        false,
        "line 2, column 8: second TYPE line for metric name `a`, or TYPE after its samples",
    ),
    (
        "# HELP a b\n# HELP a b\na 1\n",
        true,
        false,
        "line 2, column 8: second HELP line for metric name `a`, or HELP after its samples",
    ),
    (
        "a 1\n# TYPE a gauge\na{b=\"c\"} 1\n",
        true,
        false,
        "line 2, column 8: second TYPE line for metric name `a`, or TYPE after its samples",
    ),
    ("# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na{c=\"d\"} 2\n", true, true, ""),
    ("# EOF\na 1\n", true, true, ""),
    ("# HELP h_sum text\n# TYPE h histogram\nh_sum 1\n", true, true, ""),
    ("# TYPE h histogram\n# HELP h_sum text\nh_sum 1\n", true, true, ""),
    (
        "# TYPE h histogram\nh_sum 1\n# TYPE h_count gauge\nh_count 1\n",
        true,
        false,
        "line 3, column 8: second TYPE line for metric name `h`, or TYPE after its samples",
    ),
    (
        "# HELP s b\n# TYPE s summary\n# HELP s_sum text\ns_sum 1\n",
        true,
        false,
        "line 3, column 8: second HELP line for metric name `s`, or HELP after its samples",
    ),
    ("# TYPE s summary\n# TYPE s_bucket gauge\ns_bucket 1\n", true, true, ""),
];

#[test]
fn each_reader_takes_what_the_real_one_takes() {
    for (text, scraped, pushed, error) in ROWS {
        let scrape = Page::parse(*text, &Limits::default());
        let push = Page::parse_pushed(*text, &Limits::default());
        assert_eq!(scrape.is_ok(), *scraped, "scraped {text:?}: {scrape:?}");
        assert_eq!(push.is_ok(), *pushed, "pushed {text:?}: {push:?}");
        if let Some(found) = scrape.err().or_else(|| push.err()) {
            assert_eq!(found.to_string(), *error, "{text:?}");
        }
    }
}

#[test]
fn values_are_read_bit_for_bit() {
    let text = "a 1\na -0\na +Inf\na -Inf\na inf\na NaN\na nan\na 1.7976931348623157e308\na 5e-324\na 0.1\na 123456789012345678\na +1.5\na 2.57631297536e+11\n";
    let page = Page::parse(text, &Limits::default()).unwrap();
    let nan = f64::from_bits(0x7ff8_0000_0000_0001);
    let want = [
        1.0,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::INFINITY,
        nan,
        nan,
        f64::MAX,
        5e-324,
        0.1,
        123_456_789_012_345_678.0,
        1.5,
        257_631_297_536.0,
    ];
    let bits: Vec<u64> = page.samples().map(|sample| sample.value().to_bits()).collect();
    assert_eq!(bits, want.map(f64::to_bits));
}

#[test]
fn a_sample_gives_back_its_parts() {
    let text = "# HELP a b \\\\ c\\nd\n# TYPE a counter\na{x=\"\\\"1\\\"\\\\\\n\",y=\"\"} 5 1700000000000\n";
    let page = Page::parse(text, &Limits::default()).unwrap();
    let family = page.families().next().unwrap();
    assert_eq!((family.name(), family.help().as_deref()), ("a", Some("b \\ c\nd")));
    let sample = page.samples().next().unwrap();
    assert_eq!(sample.labels().collect::<Vec<_>>(), [("x", "\"1\"\\\n"), ("y", "")]);
    assert_eq!(sample.label("y").as_deref(), Some(""));
    assert_eq!((sample.value_text(), sample.timestamp_ms()), ("5", Some(1_700_000_000_000)));
    assert_eq!(sample.line(), "a{x=\"\\\"1\\\"\\\\\\n\",y=\"\"} 5 1700000000000");
}

#[test]
fn invalid_utf8_is_minded_in_data_and_not_in_free_comments() {
    let page = |text: &[u8]| Page::parse(text.to_vec(), &Limits::default());
    assert_eq!(page(b"# comment \xff\na 1\n").unwrap().sample_count(), 1);
    for (text, place) in [
        (&b"a 1\na{b=\"\xff\"} 1\n"[..], "line 2, column 6"),
        (b"# HELP a \xff\n", "line 1, column 10"),
        // That is no comment, but a label value over two lines.
        (b"a{b=\"\n# \xff\"} 1\n", "line 2, column 3"),
        (b"# \xff\n\xff 1\n", "line 2, column 1"),
    ] {
        let error = page(text).unwrap_err().to_string();
        assert_eq!(error, format!("{place}: invalid UTF-8 (byte 0xff)"));
    }
}

#[test]
fn quoted_names_are_read_as_newer_scrapers_do() {
    let text = "# TYPE \"my.name\" gauge\n{\"my.name\",\"l.1\"=\"=\",job=\"a\"} 1\n{x=\"y\",\"my.name\"} 2\n";
    let page = Page::parse(text, &Limits::default()).unwrap();
    let names: Vec<&str> = page.samples().map(|sample| sample.name()).collect();
    assert_eq!(names, ["my.name", "my.name"]);
    let first = page.samples().next().unwrap();
    assert_eq!(first.labels().collect::<Vec<_>>(), [("l.1", "="), ("job", "a")]);
    assert_eq!(page.families().count(), 1);
    let made = page.rewrite(&exposition::Rewrite::default());
    assert!(made.text().contains("my_name{l_1=\"=\",job=\"a\"} 1\n"), "{}", made.text());
    assert!(Page::parse("{\"a\",\"b\"} 1\n", &Limits::default()).is_err());
}
