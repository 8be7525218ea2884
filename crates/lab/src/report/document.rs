//! What a report is made of, before anybody writes it as Markdown or HTML. Text is our markup: see `markup`.

use super::plot::Plot;

/// A report.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// Its name.
    pub title: String,
    /// All of it, in order.
    pub blocks: Vec<Block>,
}

/// A part of it.
#[derive(Debug, Clone)]
pub enum Block {
    /// A heading of level 2 or 3, with the name that links find it by.
    Heading(u8, String, String),
    /// A paragraph.
    Text(String),
    /// Items without an order.
    List(Vec<String>),
    /// A table.
    Table(Table),
    /// A picture.
    Plot(Plot),
    /// Commands as one types them.
    Code(String),
    /// What is there for those who ask for it: a line, and the rest behind it.
    Folded(String, Vec<Block>),
}

/// A table.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// The name that links find it by; empty for none.
    pub id: String,
    /// What it shows, as a line above it; empty for none.
    pub caption: String,
    /// The columns' heads.
    pub head: Vec<String>,
    /// Rows, as wide as the head.
    pub rows: Vec<Vec<String>>,
    /// Whether cells are sentences, to be set from the left; figures are set from the right.
    pub prose: bool,
}

impl Document {
    /// All pictures, also folded ones.
    pub fn plots(&self) -> Vec<&Plot> {
        fn of<'a>(blocks: &'a [Block], found: &mut Vec<&'a Plot>) {
            for block in blocks {
                match block {
                    Block::Plot(plot) => found.push(plot),
                    Block::Folded(_, inside) => of(inside, found),
                    _ => {}
                }
            }
        }
        let mut found = Vec::new();
        of(&self.blocks, &mut found);
        found
    }

    /// All tables, also folded ones.
    pub fn tables(&self) -> Vec<&Table> {
        fn of<'a>(blocks: &'a [Block], found: &mut Vec<&'a Table>) {
            for block in blocks {
                match block {
                    Block::Table(table) => found.push(table),
                    Block::Folded(_, inside) => of(inside, found),
                    _ => {}
                }
            }
        }
        let mut found = Vec::new();
        of(&self.blocks, &mut found);
        found
    }
}

/// A name for links, of words: lower case, digits and dashes.
pub fn id(words: &[&str]) -> String {
    let mut name = String::new();
    for character in words.join("-").chars() {
        if character.is_ascii_alphanumeric() {
            name.push(character.to_ascii_lowercase());
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    name.trim_matches('-').to_owned()
}
