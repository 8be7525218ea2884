//! The report as Markdown, as a code host shows it.

use super::document::{Block, Document, Table};
use super::markup::attribute;

/// The page; pictures are in the folder beside it.
pub fn page(document: &Document, plots: &str) -> String {
    let mut text = format!("# {}\n\n", document.title);
    text.push_str(
        "<!-- Written by `pushpull-lab report`: change the code or the results, not this file. -->\n\n",
    );
    blocks(&mut text, &document.blocks, plots);
    format!("{}\n", text.trim_end())
}

fn blocks(text: &mut String, blocks_: &[Block], plots: &str) {
    for block in blocks_ {
        match block {
            Block::Heading(level, id, name) => {
                text.push_str(&format!(
                    "<a id=\"{id}\"></a>\n\n{} {name}\n\n",
                    "#".repeat(usize::from(*level))
                ));
            }
            Block::Text(words) => text.push_str(&format!("{words}\n\n")),
            Block::List(items) => {
                text.extend(items.iter().map(|item| format!("- {item}\n")));
                text.push('\n');
            }
            Block::Table(of) => table(text, of),
            Block::Plot(plot) => {
                let alt = attribute(&plot.title).replace(['[', ']'], "");
                text.push_str(&format!("![{alt}]({plots}/{}.svg)\n\n", plot.name));
            }
            Block::Code(code) => text.push_str(&format!("```sh\n{}\n```\n\n", code.trim_end())),
            Block::Folded(name, inside) => {
                text.push_str(&format!("<details><summary>{}</summary>\n\n", super::markup::html(name)));
                blocks(text, inside, plots);
                text.push_str("</details>\n\n");
            }
        }
    }
}

fn table(text: &mut String, table: &Table) {
    if !table.id.is_empty() {
        text.push_str(&format!("<a id=\"{}\"></a>\n\n", table.id));
    }
    if !table.caption.is_empty() {
        text.push_str(&format!("{}\n\n", table.caption));
    }
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | ").replace('\n', "<br>"));
    text.push_str(&row(&table.head));
    let rule = |place: usize| if place == 0 || table.prose { "---" } else { "---:" };
    let rules: Vec<String> = (0..table.head.len()).map(|place| rule(place).to_owned()).collect();
    text.push_str(&row(&rules));
    text.extend(table.rows.iter().map(|cells| row(cells)));
    text.push('\n');
}
