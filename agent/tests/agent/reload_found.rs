//! A reload of lists, of files with pages, and of what is done to a page.

use serde_json::json;

use super::doubles::Double;
use super::flow::settings;
use super::lists::write;
use super::process::{Agent, eventually, start};
use super::reload::now;

/// Another file of settings is in effect; what was said of it.
fn reload(agent: &Agent, text: &str) -> String {
    agent.rewrite(text);
    let (status, said) = agent.reload();
    assert_eq!(status, 200, "{said}");
    said
}

/// What a gateway's URL names a target of this job by.
fn group(target: &Double) -> String {
    format!("PUT /metrics/job/j/instance/{}", address(target).replace(':', "%3A"))
}

fn address(target: &Double) -> &str {
    target.url.trim_start_matches("http://")
}

#[test]
fn a_list_goes_on_is_taken_over_gives_way_and_ends() {
    let (one, two) = (Double::page("a 1\nb 2\n"), Double::page("a 1\nb 2\n"));
    let gateway = Double::gateway();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.json");
    write(&file, &json!([{"targets": [address(&one), address(&two)]}]).to_string());
    let base = settings(&[], &[&gateway], "1h");
    let listed = |more: &str| {
        let path = file.display();
        format!(
            "{base}[[scrape]]\nurl = \"http://*/metrics\"\ndiscovery = \"file\"\ntargets = \"{path}\"\n{more}"
        )
    };
    let pushes = |target: &Double| gateway.seen_of(&group(target)).len();
    let agent = start(&listed(""));
    eventually("both targets", || (pushes(&one), pushes(&two)) == (1, 1));

    // Nothing that matters to the list has changed: its targets are not read out of turn.
    let said = reload(&agent, &format!("{}# as before\n", listed("")));
    assert!(said.contains("sources that go on as before: 2\n"), "{said}");
    assert_eq!((one.seen().len(), two.seen().len()), (1, 1));

    // Other rules for the same targets: they are read anew, and no group ends.
    let rules = "[[scrape.metric_relabel_configs]]\nsource_labels = [\"__name__\"]\nregex = \"b\"\naction = \"drop\"\n";
    reload(&agent, &listed(rules));
    eventually("both by other rules", || (pushes(&one), pushes(&two)) == (2, 2));
    for put in [&one, &two].map(|target| gateway.seen_of(&group(target)).pop().unwrap()) {
        assert!(put.body.contains("a 1\n") && !put.body.contains("b 2\n"), "{put:?}");
        assert!(put.body.contains("up 1\n") && !put.line.ends_with("?ttl=30"), "{put:?}");
    }

    // A target of the settings' own takes a group of the list over, which is not ended.
    let own = format!("[[scrape]]\nurl = \"{}/own\"\ninstance = \"{}\"\n", one.url, address(&one));
    reload(&agent, &(listed(rules) + &own));
    eventually("the settings' own", || one.seen_of("GET /own").len() == 1 && pushes(&one) == 3);
    let put = gateway.seen_of(&group(&one)).pop().unwrap();
    assert!(put.body.contains("up 1\n") && !put.line.ends_with("?ttl=30"), "{put:?}");

    // Without the list its other target is gone, and said to be down.
    reload(&agent, &(base.clone() + &own));
    eventually("the end", || gateway.seen_of(&group(&two)).last().unwrap().line.ends_with("?ttl=30"));
    assert!(gateway.seen_of(&group(&two)).last().unwrap().body.contains("up 0\n"));
    let page = now(&agent);
    assert!(!page.contains(address(&two)) && !page.contains("t.json"), "{page}");
}

#[test]
fn files_with_pages_and_exit_files_come_and_go() {
    let (target, gateway) = (Double::page("a 1\n"), Double::gateway());
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("backup.prom");
    std::fs::write(&page, "backup_bytes 7\n").unwrap();
    let base = settings(&[&target], &[&gateway], "1h").replace("timeout = \"1h\"\n", "");
    let agent = start(&base);
    eventually("the first pushes", || gateway.seen_of("PUT ").len() == 2);

    let textfile = format!("[[textfile]]\npath = \"{}\"\n", page.display());
    let said = reload(&agent, &(base.clone() + &textfile));
    assert!(said.contains("new source: textfile "), "{said}");
    let group = "PUT /metrics/job/textfile/instance/i";
    eventually("its group", || {
        gateway.seen_of(group).iter().any(|put| put.body.contains("backup_bytes 7\n"))
    });

    let said = reload(&agent, &base);
    assert!(said.contains("gone source: textfile "), "{said}");
    eventually("its end", || {
        gateway.seen_of(group).last().is_some_and(|put| {
            put.line.ends_with("?ttl=30") && put.body.contains("up 0\n") && !put.body.contains("backup")
        })
    });

    let exit = format!("exit_file = \"{}\"\n", folder.path().join("exit.prom").display());
    let said = reload(&agent, &base.replace("[[push]]", &format!("{exit}[[push]]")));
    assert!(
        said.contains("changed source: ") && said.contains("sources that go on as before: 1\n"),
        "{said}"
    );
    eventually("a reading by the new settings", || target.seen().len() == 2);
}
