//! What changed, for a reader.

use super::{Change, Diff, Side, Verdict};

pub(super) fn text(diff: &Diff, a: &str, b: &str) -> String {
    let mut text = format!("A: {a}\nB: {b}\n");
    if !diff.context.is_empty() {
        text.push_str("\nNot made alike: changes may come from this.\n");
        let none = || "-".to_owned();
        let rows: Vec<_> = diff
            .context
            .iter()
            .map(|one| {
                [one.what.clone(), one.a.clone().unwrap_or_else(none), one.b.clone().unwrap_or_else(none)]
            })
            .collect();
        text.push_str(&aligned(["", "A", "B"], &rows));
    }
    for (verdict, title) in
        [(Some(Verdict::Worse), "Worse"), (Some(Verdict::Better), "Better"), (None, "Changed")]
    {
        let rows: Vec<_> = diff.changed.iter().filter(|change| change.verdict == verdict).map(row).collect();
        if !rows.is_empty() {
            text.push_str(&format!("\n{title}: {}\n", rows.len()));
            text.push_str(&aligned(["", "A", "B", "change", "noise"], &rows));
        }
    }
    for (only, name) in [(&diff.only_a, "A"), (&diff.only_b, "B")] {
        if !only.is_empty() {
            text.push_str(&format!("\nOnly in {name}: {}\n", only.len()));
            text.push_str(&only.iter().map(|one| format!("  {one}\n")).collect::<String>());
        }
    }
    let chance = diff.compared as f64 / 1000.0;
    text.push_str(&format!(
        "\n{} of {} figures changed beyond noise; by chance about {chance:.1} would.\n",
        diff.changed.len(),
        diff.compared
    ));
    text
}

fn row(change: &Change) -> [String; 5] {
    let by = change.b.median - change.a.median;
    let share = if change.a.median == 0.0 {
        String::new()
    } else {
        format!(" ({:+.0} %)", by / change.a.median.abs() * 100.0)
    };
    [
        change.key.to_string(),
        side(&change.a),
        side(&change.b),
        format!("{}{}{share}", if by < 0.0 { "-" } else { "+" }, number(by.abs())),
        number(change.noise),
    ]
}

fn side(side: &Side) -> String {
    format!("{}{}", if side.censored { ">= " } else { "" }, number(side.median))
}

/// Three digits that count, and no exponent: values are seconds, bytes and shares.
fn number(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if size >= 100.0 || size == 0.0 => format!("{value:.0}"),
        _ if size >= 10.0 => format!("{value:.1}"),
        _ if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

fn aligned<const N: usize>(heads: [&str; N], rows: &[[String; N]]) -> String {
    let heads = heads.map(str::to_owned);
    let all = || std::iter::once(&heads).chain(rows);
    let widths: Vec<usize> =
        (0..N).map(|column| all().map(|row| row[column].chars().count()).max().unwrap_or_default()).collect();
    all()
        .map(|row| {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("  {cell:<width$}"));
            cells.collect::<String>().trim_end().to_owned() + "\n"
        })
        .collect()
}
