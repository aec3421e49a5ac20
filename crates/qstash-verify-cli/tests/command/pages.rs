//! Transcripts in docs/cli.md match what the command prints. `…` stands for text that
//! varies; times and durations are not compared.

use std::path::Path;

use qstash_verify_test_support::captures;

use crate::backend::{Backend, Reply};
use crate::keys::{CURRENT, NEW, NEXT, OLD, TOKEN, keys};
use crate::process::{Listen, split_time};
use crate::transcript::Shell;

/// The address of the service in the transcripts.
const ADDRESS: &str = "127.0.0.1:3000";

const CLI_PAGE: &str = "docs/cli.md";

/// The first block of this language on a page that contains this text.
pub(crate) fn block(page: &str, language: &str, with: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(page);
    let page = std::fs::read_to_string(path).unwrap();
    let fence = format!("```{language}\n");
    let blocks = page.split(&fence).skip(1);
    let mut blocks = blocks.map(|block| block.split_once("```").unwrap().0);
    blocks
        .find(|block| block.contains(with))
        .unwrap()
        .to_owned()
}

/// The transcript in docs/cli.md that contains this text.
fn transcript(with: &str) -> String {
    block(CLI_PAGE, "console", with)
}

#[track_caller]
pub(crate) fn assert_same(played: &str, shown: &str) {
    let alike = played.lines().count() == shown.lines().count()
        && played
            .lines()
            .zip(shown.lines())
            .all(|(line, pattern)| matches(&without_durations(line), &without_durations(pattern)));
    assert!(alike, "now:\n{played}\nthe page has:\n{shown}");
}

/// Tells whether a line is the pattern, in which `…` stands for any text.
pub(crate) fn matches(line: &str, pattern: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('…') else {
        return line == pattern;
    };
    let Some(line) = line.strip_prefix(first) else {
        return false;
    };
    let ends = line.char_indices().map(|(at, _)| at).chain([line.len()]);
    ends.into_iter().any(|at| matches(&line[at..], rest))
}

fn without_durations(line: &str) -> String {
    let (_, line) = split_time(line);
    match line.split_once(" after ") {
        Some((status, duration)) if duration.ends_with(" ms") || duration.ends_with(" s") => {
            status.to_owned()
        }
        _ => line.to_owned(),
    }
}

#[test]
fn pattern_matches_other_text_only_at_an_ellipsis() {
    assert!(matches("a 1 b 2", "a … b …") && matches("a", "a…") && matches("a", "a"));
    assert!(!matches("a 1 c", "a … b") && !matches("a", "b…") && !matches("ab", "a"));
}

#[test]
fn check_transcript_is_up_to_date() {
    let shown = transcript("qstash-verify check");
    assert_same(&Shell::new().play(&shown, str::to_owned), &shown);
}

#[test]
fn verify_transcript_is_up_to_date() {
    let shown = transcript("qstash-verify verify");
    let mut shell = Shell::new();
    let capture = captures().remove(0);
    shell.file("token", &capture.signature);
    let body = std::str::from_utf8(&capture.body).unwrap();
    shell.file("body.json", &format!("{body}\n"));
    shell.file("current-key", &capture.keys[0]);
    shell.file("next-key", &capture.keys[1]);
    assert_same(&shell.play(&shown, str::to_owned), &shown);
}

#[cfg(unix)]
#[test]
fn send_and_listen_transcripts_are_up_to_date() {
    let (listening, sending) = (transcript("verify listen"), transcript("verify send"));
    let (command, said) = listening.split_once('\n').unwrap();
    let arguments = command
        .strip_prefix("$ qstash-verify listen --port 3000 ")
        .unwrap();
    let arguments: Vec<_> = arguments.split(' ').collect();
    let listen = Listen::start(&arguments, &[]);
    let url = listen.url("");
    let address = url.strip_prefix("http://").unwrap();
    let played = Shell::new().play(&sending, |line| line.replace(ADDRESS, address));
    assert_same(&played.replace(address, ADDRESS), &sending);

    let output = listen.stop();
    let first = format!("{}listening on http://{ADDRESS}\n", output.stderr);
    assert_same(&(first + &output.stdout), &said.replace("^C\n", ""));
}

#[test]
fn sign_transcript_is_up_to_date() {
    let shown = transcript("verify sign");
    assert_same(&Shell::new().play(&shown, str::to_owned), &shown);
}

/// Plays a transcript with an API in place of that of the EU.
fn play_with_api(shown: &str, replies: Vec<Reply>, prefix: &str, pair: [&str; 2]) -> String {
    let server = Backend::start(replies);
    let url = server.url("");
    let [current, next] = pair;
    let mut shell = Shell::new();
    let file = format!(
        "{prefix}QSTASH_URL={url}\n{prefix}QSTASH_TOKEN={TOKEN}\n\
         {prefix}QSTASH_CURRENT_SIGNING_KEY={current}\n{prefix}QSTASH_NEXT_SIGNING_KEY={next}\n"
    );
    let region = prefix.strip_suffix('_').unwrap_or_default();
    shell.file(".env", &format!("{file}QSTASH_REGION={region}\n"));
    let played = shell.play(shown, |command| {
        if command.contains("roll") {
            format!("echo yes | {command}")
        } else {
            command.to_owned()
        }
    });
    // Standard input isn't echoed.
    let played = played.replace("[yes/no] ", "[yes/no] yes\n");
    played.replace(url.trim_start_matches("http://"), "qstash.upstash.io")
}

#[test]
fn keys_transcript_is_up_to_date() {
    let shown = transcript("verify keys");
    let played = play_with_api(&shown, vec![keys(CURRENT, NEXT)], "", [OLD, CURRENT]);
    assert_same(&played, &shown);
}

#[test]
fn roll_and_write_transcript_is_up_to_date() {
    let shown = block("docs/key-rotation.md", "console", "keys roll");
    let replies = vec![keys(CURRENT, NEXT), keys(NEXT, NEW), keys(NEXT, NEW)];
    let played = play_with_api(&shown, replies, "EU_CENTRAL_1_", [CURRENT, NEXT]);
    assert_same(&played, &shown);
}
