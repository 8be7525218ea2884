//! Pictures as SVG: one style, light and dark, alone as a file and within a page.

pub mod axis;
pub mod curves;
pub mod multiples;
pub mod rows;

use super::markup::attribute;
use crate::compare::path::Path;

/// Colours and fonts of all pictures. A page that has pictures inlined needs it once.
pub const STYLE: &str = include_str!("plot/style.css");
/// All pictures are so wide.
pub const WIDTH: f64 = 760.0;
/// The usual font's size, and about how wide a letter of it is, on the safe side.
const LETTER: f64 = 7.1;

/// A picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plot {
    /// Its file's name, without an ending.
    pub name: String,
    /// What it shows.
    pub title: String,
    /// The same at length, for those who don't see it.
    pub description: String,
    /// Its height.
    pub height: f64,
    /// What is drawn.
    pub body: String,
}

impl Plot {
    /// An empty one with its title drawn.
    pub fn new(name: &str, title: &str, description: &str) -> Self {
        let mut plot = Self {
            name: name.to_owned(),
            title: title.to_owned(),
            description: description.to_owned(),
            ..Self::default()
        };
        plot.text("title", "start", 12.0, 26.0, title);
        plot
    }

    /// A file.
    pub fn standalone(&self) -> String {
        self.svg(&format!("<style>{}</style>", STYLE.replace('\n', "")))
    }

    /// An element of a page that has the style.
    pub fn inline(&self) -> String {
        self.svg("")
    }

    fn svg(&self, style: &str) -> String {
        let (name, height) = (&self.name, self.height.ceil());
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" viewBox=\"0 0 {WIDTH} {height}\" \
             width=\"{WIDTH}\" height=\"{height}\" role=\"img\" \
             aria-labelledby=\"{name}-title {name}-text\"><title id=\"{name}-title\">{}</title>\
             <desc id=\"{name}-text\">{}</desc>{style}<rect class=\"back\" width=\"{WIDTH}\" \
             height=\"{height}\" rx=\"8\"/>{}</svg>\n",
            attribute(&self.title),
            attribute(&self.description),
            self.body
        )
    }

    /// Text at its baseline; `anchor` is start, middle or end.
    pub fn text(&mut self, class: &str, anchor: &str, x: f64, y: f64, text: &str) {
        self.body.push_str(&format!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
            attribute(text)
        ));
    }

    /// A path of `M x y L x y …`.
    pub fn path(&mut self, class: &str, commands: &str) {
        self.body.push_str(&format!("<path class=\"{class}\" d=\"{commands}\"/>"));
    }

    /// A rectangle.
    pub fn rect(&mut self, class: &str, [x, y, width, height]: [f64; 4]) {
        self.body.push_str(&format!(
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
        ));
    }

    /// A way's mark at a place: each has its own shape, so that colour is not all that tells them apart.
    pub fn dot(&mut self, path: &str, x: f64, y: f64) {
        let place = series(path);
        let shape = match place {
            0 => format!("M{:.1} {y:.1}a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z", x - 4.5),
            1 => format!("M{:.1} {:.1}h8v8h-8z", x - 4.0, y - 4.0),
            2 => format!("M{x:.1} {:.1}l5.2 9h-10.4z", y - 5.5),
            3 => format!("M{x:.1} {:.1}l5.5 5.5l-5.5 5.5l-5.5 -5.5z", y - 5.5),
            4 => format!("M{x:.1} {:.1}l-5.2 -9h10.4z", y + 5.5),
            6 => format!("M{:.1} {:.1}h10v6h-10z", x - 5.0, y - 3.0),
            _ => format!("M{:.1} {:.1}h6v10h-6z", x - 3.0, y - 5.0),
        };
        self.path(&format!("dot s{place}"), &shape);
    }

    /// Marks with names in a row, as many rows as needed; returns the height.
    pub fn legend(&mut self, paths: &[String], top: f64) -> f64 {
        let (mut x, mut y) = (20.0, top);
        for path in paths {
            let name = super::words::path(path);
            let width = 16.0 + long(name) + 18.0;
            if x + width > WIDTH - 8.0 {
                x = 20.0;
                y += 20.0;
            }
            self.dot(path, x, y - 4.5);
            self.text("", "start", x + 11.0, y, name);
            x += width;
        }
        y - top + 20.0
    }
}

/// How long a text is at most.
pub fn long(text: &str) -> f64 {
    text.chars().count() as f64 * LETTER
}

/// A way's place among colours: the last is for all that have none of their own.
pub fn series(path: &str) -> usize {
    match path {
        "our-api" | "api" => 2,
        "article-app" | "fastapi" => 3,
        "agent" => 1,
        _ => Path::ALL.iter().position(|known| known.name() == path).unwrap_or(5),
    }
}

/// A line through points, as commands.
pub fn through(points: &[(f64, f64)]) -> String {
    let each = points.iter().enumerate();
    each.map(|(place, (x, y))| format!("{}{x:.1} {y:.1}", if place == 0 { 'M' } else { 'L' })).collect()
}
