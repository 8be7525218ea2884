//! Chromium without a window, spoken to over a pipe: its own protocol, where a NUL ends each message.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use base64::Engine;
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_mins(1);

/// Those who read a page: a name for pictures, the width of the window, and which colours they prefer.
pub(crate) const READERS: [(&str, u32, &str); 4] =
    [("light", 1200, "light"), ("dark", 1200, "dark"), ("phone", 360, "light"), ("phone-dark", 360, "dark")];

/// A browser with one page, which ends with this.
pub(crate) struct Browser {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    session: String,
    number: u64,
    /// All events of the page so far.
    pub(crate) events: Vec<Value>,
}

impl Browser {
    pub(crate) fn start(profile: &Path) -> Self {
        let found =
            ["chromium", "chromium-browser"].into_iter().find(|name| lab::programs::on_path(name).is_some());
        let program = found.expect("chromium is not installed: sudo apt-get install chromium");
        // The protocol is on descriptors 3 and 4, which a shell can give and the standard library can not.
        let mut child = Command::new("sh")
            .arg("-c")
            .arg("exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null")
            .args([
                "sh",
                program,
                "--headless=new",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--disable-gpu",
            ])
            .args(["--no-first-run", "--disable-background-networking", "--disable-component-update"])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let messages = reader(output);
        let mut browser =
            Self { child, input, messages, session: String::new(), number: 0, events: Vec::new() };
        let target = browser.ask("Target.createTarget", &json!({"url": "about:blank"}));
        let attached = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.ask("Target.attachToTarget", &attached);
        session["sessionId"].as_str().unwrap().clone_into(&mut browser.session);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.ask(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    /// One command, and its answer.
    pub(crate) fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        self.number += 1;
        let id = self.number;
        let mut message = json!({"id": id, "method": method, "params": parameters});
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.input.write_all(format!("{message}\0").as_bytes()).unwrap();
        self.input.flush().unwrap();
        let end = Instant::now() + PATIENCE;
        loop {
            let mut message = self.next(end, method);
            if message["id"] == json!(id) {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].take();
            }
            self.events.push(message);
        }
    }

    fn next(&mut self, end: Instant, what: &str) -> Value {
        let left = end.saturating_duration_since(Instant::now());
        self.messages.recv_timeout(left).unwrap_or_else(|_| panic!("Chromium did not answer: {what}"))
    }

    /// Opens a page as a reader with this width and these colours has it.
    pub(crate) fn open(&mut self, url: &str, width: u32, scheme: &str) {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600});
        self.ask("Emulation.setDeviceMetricsOverride", &size);
        let colours = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.ask("Emulation.setEmulatedMedia", &colours);
        self.events.clear();
        self.ask("Page.navigate", &json!({"url": url}));
        let end = Instant::now() + PATIENCE;
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.next(end, "Page.loadEventFired");
            self.events.push(event);
        }
    }

    /// What a page may not do: fail, complain (of its own policy, too), or fetch what it may not.
    pub(crate) fn faults(&self, may_fetch: impl Fn(&str) -> bool) -> Vec<&Value> {
        let wrong = |event: &&Value| {
            let method = event["method"].as_str().unwrap_or_default();
            let asked = event["params"]["request"]["url"].as_str().unwrap_or_default();
            let other =
                method == "Network.requestWillBeSent" && !may_fetch(asked) && !asked.starts_with("data:");
            other
                || ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"].contains(&method)
        };
        self.events.iter().filter(wrong).collect()
    }

    /// What an expression is.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.ask("Runtime.evaluate", &asked);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub(crate) fn until(&mut self, expression: &str) {
        super::eventually(expression, || self.value(expression) == json!(true));
    }

    /// A key as a person presses it.
    pub(crate) fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            _ => panic!("no code for the key {key}"),
        };
        let text = if key == "Enter" { "\r" } else { "" };
        let down = json!({"type": if text.is_empty() { "rawKeyDown" } else { "keyDown" }, "key": key, "code": key,
                          "text": text, "windowsVirtualKeyCode": code});
        self.ask("Input.dispatchKeyEvent", &down);
        let up = json!({"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code});
        self.ask("Input.dispatchKeyEvent", &up);
    }

    /// A click in the middle of what a selector finds first.
    pub(crate) fn click(&mut self, selector: &str) {
        let place = self.value(&format!(
            "(() => {{ const part = document.querySelector({selector:?}); part.scrollIntoView({{block: 'center'}}); \
             const box = part.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event =
                json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
            self.ask("Input.dispatchMouseEvent", &event);
        }
    }

    /// All of the page as a picture.
    pub(crate) fn picture(&mut self, file: &Path) {
        let mut asked = json!({"format": "png", "captureBeyondViewport": true});
        let size =
            self.value("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]");
        asked["clip"] = json!({"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1});
        let answer = self.ask("Page.captureScreenshot", &asked);
        let bytes =
            base64::engine::general_purpose::STANDARD.decode(answer["data"].as_str().unwrap()).unwrap();
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn reader(output: ChildStdout) -> Receiver<Value> {
    let (sender, messages) = channel();
    std::thread::spawn(move || {
        for message in BufReader::new(output).split(0).map_while(Result::ok) {
            if sender.send(serde_json::from_slice(&message).unwrap()).is_err() {
                return;
            }
        }
    });
    messages
}
