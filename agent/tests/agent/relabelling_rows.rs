//! Pages, and rules for them as JSON, which is YAML. `m_` gets the number of the row.

const PLAIN: &str = "# HELP m_c Help.\n# TYPE m_c counter\nm_c{a=\"1\",b=\"x y\"} 1\nm_c{a=\"2\"} 2\nm_g 3\n";
const HISTOGRAM: &str = "# TYPE m_h histogram\nm_h_bucket{le=\"1\"} 1\nm_h_bucket{le=\"+Inf\"} 2\nm_h_sum 3\nm_h_count 2\nm_g 1\n";
const CASES: &str = "m_c{a=\"Straße İx ΟΔΟΣ ﬁ\"} 1\nm_c{a=\"ABC\"} 2\n";

#[rustfmt::skip]
pub(super) const ROWS: &[(&str, &str)] = &[
    // keep and drop
    (PLAIN, "[]"),
    (PLAIN, r#"[{"action":"drop","source_labels":["__name__"],"regex":"m_c"}]"#),
    (PLAIN, r#"[{"action":"keep","source_labels":["__name__"],"regex":"m_c"}]"#),
    (PLAIN, r#"[{"action":"keep","source_labels":["__name__"],"regex":"m"}]"#),
    (PLAIN, r#"[{"action":"drop","source_labels":["a"],"regex":""}]"#),
    (PLAIN, r#"[{"action":"drop","source_labels":["a","b"],"regex":"1;x y"}]"#),
    (PLAIN, r#"[{"action":"drop","source_labels":["a","b"],"separator":"","regex":"1x y"}]"#),
    (PLAIN, r#"[{"action":"drop","source_labels":["__name__"]}]"#),
    (PLAIN, r#"[{"action":"drop","regex":"x|"}]"#),
    (PLAIN, r#"[{"action":"keep","source_labels":["job"],"regex":"r\\d+"}]"#),
    // replace
    (PLAIN, r#"[{"source_labels":["a"],"target_label":"z"}]"#),
    (PLAIN, r#"[{"target_label":"z","replacement":"fixed"}]"#),
    (PLAIN, r#"[{"target_label":"a","replacement":""}]"#),
    (PLAIN, r#"[{"source_labels":["nope"],"target_label":"a"}]"#),
    (PLAIN, r#"[{"source_labels":["a"],"regex":"9","target_label":"z","replacement":"n"}]"#),
    (PLAIN, r#"[{"source_labels":["b"],"regex":"(\\w) (?P<last>\\w)","target_label":"z","replacement":"${last}-$1-${1}x-$1x-$9-$$-$"}]"#),
    (PLAIN, r#"[{"source_labels":["a","b"],"regex":"(.*);(.*)","target_label":"z","replacement":"$2/$1"}]"#),
    (PLAIN, r#"[{"source_labels":["a"],"regex":"(.+)","target_label":"l_$1","replacement":"v"}]"#),
    (PLAIN, r#"[{"source_labels":["b"],"regex":"(.+)","target_label":"${1}","replacement":"v"}]"#),
    (PLAIN, r#"[{"source_labels":["b"],"regex":"(?i)X Y","target_label":"z","replacement":"é\n\"\\"}]"#),
    // names
    (PLAIN, r#"[{"source_labels":["__name__"],"regex":"m_(.*)","target_label":"__name__","replacement":"m_new_$1"}]"#),
    (PLAIN, r#"[{"source_labels":["__name__"],"regex":"m_g","target_label":"__name__","replacement":"m_c"}]"#),
    (PLAIN, r#"[{"target_label":"__name__","replacement":"not a name"}]"#),
    (PLAIN, r#"[{"target_label":"__name__","replacement":""}]"#),
    (PLAIN, r#"[{"source_labels":["b"],"regex":"x.*","target_label":"__name__","replacement":"9"}]"#),
    (PLAIN, r#"[{"target_label":"__tmp","replacement":"stays"}]"#),
    (PLAIN, r#"[{"target_label":"job","replacement":"other"}]"#),
    (PLAIN, r#"[{"target_label":"instance","replacement":""}]"#),
    // labelmap, labeldrop, labelkeep
    (PLAIN, r#"[{"action":"labelmap","regex":"(a|b)","replacement":"l_$1"}]"#),
    (PLAIN, r#"[{"action":"labelmap","regex":"[ab]","replacement":"one"}]"#),
    (PLAIN, r#"[{"action":"labelmap","regex":"a","replacement":"b"},{"action":"labeldrop","regex":"a"}]"#),
    (PLAIN, r#"[{"action":"labelmap","regex":"a","replacement":"__name__"}]"#),
    (PLAIN, r#"[{"action":"labelmap","regex":"(a)(.*)","replacement":"$2"}]"#),
    (PLAIN, r#"[{"action":"labeldrop","regex":"b"}]"#),
    (PLAIN, r#"[{"action":"labeldrop","regex":"a|b"}]"#),
    (PLAIN, r#"[{"action":"labeldrop","regex":"__name__"}]"#),
    (PLAIN, r#"[{"action":"labeldrop","regex":".*"}]"#),
    (PLAIN, r#"[{"action":"labelkeep","regex":"__name__|job|instance|a"}]"#),
    (PLAIN, r#"[{"action":"labelkeep","regex":"__name__"}]"#),
    (PLAIN, r#"[{"action":"labelkeep","regex":"a"}]"#),
    // hashmod, lowercase, uppercase, keepequal, dropequal
    (PLAIN, r#"[{"action":"hashmod","source_labels":["a","b"],"target_label":"z","modulus":1000000007}]"#),
    (PLAIN, r#"[{"action":"hashmod","target_label":"z","modulus":18446744073709551615}]"#),
    (PLAIN, r#"[{"action":"hashmod","source_labels":["a"],"target_label":"__tmp","modulus":2},{"action":"keep","source_labels":["__tmp"],"regex":"1"},{"action":"labeldrop","regex":"__tmp"}]"#),
    (CASES, r#"[{"action":"lowercase","source_labels":["a"],"target_label":"z"}]"#),
    (CASES, r#"[{"action":"uppercase","source_labels":["a"],"target_label":"z"}]"#),
    (PLAIN, r#"[{"action":"uppercase","source_labels":["nope"],"target_label":"a"}]"#),
    ("m_c{a=\"1\",b=\"1\"} 1\nm_c{a=\"1\"} 2\nm_c 3\n", r#"[{"action":"keepequal","source_labels":["a"],"target_label":"b"}]"#),
    ("m_c{a=\"1\",b=\"1\"} 1\nm_c{a=\"1\"} 2\nm_c 3\n", r#"[{"action":"dropequal","source_labels":["a"],"target_label":"b"}]"#),
    // several rules, each on what the last one left
    (PLAIN, r#"[{"source_labels":["a"],"target_label":"z"},{"source_labels":["z"],"target_label":"y","replacement":"<$1>"},{"action":"drop","source_labels":["y"],"regex":"<2>"}]"#),
    // families that lose or rename parts
    (HISTOGRAM, r#"[{"action":"drop","source_labels":["__name__"],"regex":".*_bucket"}]"#),
    (HISTOGRAM, r#"[{"action":"drop","source_labels":["le"],"regex":"1"}]"#),
    (HISTOGRAM, r#"[{"source_labels":["le"],"regex":"1","target_label":"le","replacement":"one"}]"#),
    (HISTOGRAM, r#"[{"source_labels":["__name__"],"regex":"m_h(.*)","target_label":"__name__","replacement":"m_k$1"}]"#),
    (HISTOGRAM, r#"[{"source_labels":["__name__"],"regex":"m_g","target_label":"__name__","replacement":"m_h"}]"#),
    (HISTOGRAM, r#"[{"source_labels":["__name__"],"regex":"m_g","target_label":"__name__","replacement":"m_h_sum"},{"target_label":"z","replacement":"1"}]"#),
    // what stands on the page
    ("m_c{a=\"1\"} 1\nm_c{a=\"1\"} 2\n", r#"[{"target_label":"z","replacement":"1"}]"#),
    ("m_c{a=\"\",b=\"1\"} 1\n", r#"[{"source_labels":["a"],"regex":"","target_label":"z","replacement":"empty"}]"#),
    ("m_c{job=\"own\"} 1\n", r#"[{"source_labels":["exported_job"],"target_label":"job"},{"action":"labeldrop","regex":"exported_job"}]"#),
    ("m_c{a=\"\\\"\\\\\\n\"} 1\n", r#"[{"source_labels":["a"],"target_label":"b","replacement":"<$1>"}]"#),
    // the limit of samples counts what is left
    ("m_a 1\nm_b 1\nm_c 1\nm_d 1\nm_e 1\nm_f 1\nm_g 1\nm_h 1\nm_i 1\n", "[]"),
    ("m_a 1\nm_b 1\nm_c 1\nm_d 1\nm_e 1\nm_f 1\nm_g 1\nm_h 1\nm_i 1\n", r#"[{"action":"drop","source_labels":["__name__"],"regex":"m_a"}]"#),
    ("m_c{a=\"1\"} 1\nm_c{a=\"2\"} 1\nm_c{a=\"3\"} 1\nm_c{a=\"4\"} 1\nm_c{a=\"5\"} 1\nm_c{a=\"6\"} 1\nm_c{a=\"7\"} 1\nm_c{a=\"8\"} 1\nm_c{a=\"9\"} 1\n", r#"[{"action":"labeldrop","regex":"a"}]"#),
];
