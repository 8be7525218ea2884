//! The article's app under uvicorn, as it is run in the article: one worker.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::python;

pub(crate) struct Article {
    child: Child,
    pub(crate) address: String,
}

impl Drop for Article {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn start() -> Result<Article, String> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/crates/lab/article"));
    let python = python::interpreter()?;
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new(&python)
        .args(python::uvicorn(folder, port))
        .env("WORK", "0")
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot start {}: {error}", python.display()))?;
    let mut article = Article { child, address: format!("127.0.0.1:{port}") };
    let end = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(&article.address).is_err() {
        if article.child.try_wait().is_ok_and(|ended| ended.is_some()) || Instant::now() > end {
            return Err("uvicorn did not start: its lines are above".to_owned());
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
    Ok(article)
}
