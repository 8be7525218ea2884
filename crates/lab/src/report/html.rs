//! The report as one HTML file that needs nothing else: style, pictures and the results themselves are in it.

use anyhow::Context;

use super::document::{Block, Document, Table};
use super::markup::{attribute, html};
use super::plot;
use super::source::Source;

const STYLE: &str = include_str!("html/page.css");
/// What makes a file of the data that is in the page.
const SCRIPT: &str = include_str!("html/download.js");

/// The page.
///
/// # Errors
///
/// Where results are no JSON, which those that were read are not.
pub fn page(document: &Document, sources: &[Source]) -> anyhow::Result<String> {
    let mut body = format!("<h1>{}</h1>\n", html(&document.title));
    body.push_str(&contents(document));
    blocks(&mut body, &document.blocks);
    body.push_str("<h2 id=\"raw\">The results themselves</h2>\n<p>All figures of this page, as they were kept.</p>\n<ul>\n");
    for (place, source) in sources.iter().enumerate() {
        body.push_str(&format!(
            "<li><a href=\"#raw\" data-results=\"results-{place}\" download=\"{0}\">{0}</a></li>\n",
            attribute(&source.name)
        ));
    }
    body.push_str("</ul>\n");
    let mut data = String::new();
    for (place, source) in sources.iter().enumerate() {
        let text = serde_json::to_string(&source.results).with_context(|| source.name.clone())?;
        // A `<` is only ever within a string of JSON, and there this is the same letter.
        let text = text.replace('<', "\\u003c");
        data.push_str(&format!("<script type=\"application/json\" id=\"results-{place}\">{text}</script>\n"));
    }
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{}</title>\n<style>\n{STYLE}{}</style>\n</head>\n\
         <body>\n<main>\n{body}</main>\n{data}<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        attribute(&document.title),
        plot::STYLE
    ))
}

fn contents(document: &Document) -> String {
    let items = document.blocks.iter().filter_map(|block| match block {
        Block::Heading(2, id, name) => Some(format!("<li><a href=\"#{id}\">{}</a></li>", html(name))),
        _ => None,
    });
    format!("<nav aria-label=\"contents\"><ul>{}</ul></nav>\n", items.collect::<String>())
}

fn blocks(body: &mut String, all: &[Block]) {
    for block in all {
        match block {
            Block::Heading(level, id, name) => {
                body.push_str(&format!("<h{level} id=\"{id}\">{}</h{level}>\n", html(name)));
            }
            Block::Text(words) => body.push_str(&format!("<p>{}</p>\n", html(words))),
            Block::List(items) => {
                let items: String = items.iter().map(|item| format!("<li>{}</li>\n", html(item))).collect();
                body.push_str(&format!("<ul>\n{items}</ul>\n"));
            }
            Block::Table(of) => table(body, of),
            Block::Plot(plot) => body.push_str(&format!("<figure>{}</figure>\n", plot.inline().trim_end())),
            Block::Code(code) => body.push_str(&format!("<pre><code>{}</code></pre>\n", attribute(code))),
            Block::Folded(name, inside) => {
                body.push_str(&format!("<details><summary>{}</summary>\n", html(name)));
                blocks(body, inside);
                body.push_str("</details>\n");
            }
        }
    }
}

fn table(body: &mut String, table: &Table) {
    let class = if table.prose { "table prose" } else { "table" };
    let id = if table.id.is_empty() { String::new() } else { format!(" id=\"{}\"", table.id) };
    body.push_str(&format!("<div class=\"{class}\"{id}><table>\n"));
    if !table.caption.is_empty() {
        body.push_str(&format!("<caption>{}</caption>\n", html(&table.caption)));
    }
    let head: String =
        table.head.iter().map(|cell| format!("<th scope=\"col\">{}</th>", html(cell))).collect();
    body.push_str(&format!("<thead><tr>{head}</tr></thead>\n<tbody>\n"));
    for row in &table.rows {
        let cells = row.iter().enumerate().map(|(place, cell)| match place {
            0 => format!("<th scope=\"row\">{}</th>", html(cell)),
            _ => format!("<td>{}</td>", html(cell)),
        });
        body.push_str(&format!("<tr>{}</tr>\n", cells.collect::<String>()));
    }
    body.push_str("</tbody></table></div>\n");
}
