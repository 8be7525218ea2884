//! The article's app under uvicorn, as it is run in the article: one worker.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

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
    let root = env!("CARGO_MANIFEST_DIR");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new(format!("{root}/target/peers/venv/bin/python3"))
        .args(["-m", "uvicorn", "app:app", "--app-dir", &format!("{root}/crates/lab/article")])
        .args(["--port", &port.to_string(), "--log-level", "error", "--no-access-log"])
        .env("WORK", "0")
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("no Python environment ({error}): run `make tools`"))?;
    let mut article = Article { child, address: format!("127.0.0.1:{port}") };
    let end = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(&article.address).is_err() {
        if article.child.try_wait().is_ok_and(|ended| ended.is_some()) || Instant::now() > end {
            return Err("uvicorn did not start: run `make tools`, which installs it".to_owned());
        }
        std::thread::park_timeout(Duration::from_millis(50));
    }
    Ok(article)
}
