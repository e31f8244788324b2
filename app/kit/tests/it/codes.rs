//! Every stable code that the server can answer has words of its own. The codes are read from the sources, so that a new one
//! without a text fails here and not on a screen.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use kit::t;

/// What a code is the second argument of.
const CALLS: [&str; 9] = [
    "Problem::new(",
    "Problem::field(",
    "Missing::new(",
    "several(",
    "wrong(",
    "Err((",
    "ok_or((",
    "=> (",
    "const fn code(self) -> &'static str {",
];
/// Programs of the laboratory, and tools: nobody reads their refusals on a screen.
const OTHERS: [&str; 3] = ["lab", "xtask", "pilot"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if entry.is_dir() && !OTHERS.contains(&name) && name != "tests" && name != "target" {
            sources(&entry, found);
        } else if name.ends_with(".rs") {
            found.push(entry);
        }
    }
}

/// The text of a literal at the beginning.
fn literal(text: &str) -> Option<&str> {
    text.trim_start().strip_prefix('"')?.split('"').next()
}

/// What follows the first comma that stands in no bracket and no literal.
fn second(arguments: &str) -> Option<&str> {
    let (mut depth, mut quoted) = (0_i32, false);
    for (at, letter) in arguments.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => return None,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => return Some(&arguments[at + 1..]),
            _ => {}
        }
    }
    None
}

/// A stable code: small letters and lines under them, below a crate's name or without one.
fn is_code(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_lowercase() || matches!(letter, '_' | '.'))
}

fn codes_of(source: &str) -> Vec<String> {
    let mut codes = Vec::new();
    for call in CALLS {
        for (at, _) in source.match_indices(call) {
            let rest = &source[at + call.len()..];
            if call.ends_with('{') {
                let body = rest.split("\n    }").next().unwrap_or_default();
                codes.extend(body.split("=>").skip(1).filter_map(literal).filter(|text| text.contains('.')).map(str::to_owned));
            } else {
                // A pair behind an arrow is many things: a code of it names its crate.
                let told = second(rest).and_then(literal).filter(|text| is_code(text) && (call != "=> (" || text.contains('.')));
                codes.extend(told.map(str::to_owned));
            }
        }
    }
    codes
}

#[test]
fn every_code_that_the_server_can_answer_has_words() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["server", "shared/src", "app"] {
        sources(&root.join(folder), &mut files);
    }
    let mut codes: BTreeMap<String, PathBuf> = BTreeMap::new();
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        // What tests invent is answered to nobody.
        let source = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        for code in codes_of(source) {
            codes.entry(code).or_insert_with(|| file.clone());
        }
    }

    let mute: Vec<_> = codes.iter().filter(|(code, _)| t::problem(code).or_else(|| t::problem_desk(code)).is_none()).collect();

    assert!(codes.len() > 100, "the sources were not read: {codes:?}");
    assert!(mute.is_empty(), "codes without a text `problem-…` in es.ftl: {mute:#?}");
}

#[test]
fn codes_are_found_where_they_are_written() {
    let source = r#"Problem::new(409, "shop.full", x); Problem::field(format!("a[{n}]", n = (1)), "bad_qty", y); wrong(2, "catalogue.name"); Problem::field(a, error.code(), z);"#;

    assert_eq!(codes_of(source), ["shop.full", "bad_qty", "catalogue.name"]);
}
