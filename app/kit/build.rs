//! Compiles `locales/*.ftl` into plain Rust functions, so that no Fluent runtime reaches a phone.
//!
//! `consumer-home-title = Tarjeta` becomes `t::consumer_home_title() -> &'static str`; a message with
//! parameters becomes a function that takes them in alphabetical order and returns a `String`. A parameter that
//! selects a plural, or that stands in `NUMBER($n)`, is an `i64`; every other one is a `&str`. Spanish is the
//! complete language: what another one lacks falls back to it, what Spanish lacks is an error here. A key that a
//! component misspells does not compile.
//!
//! Supported: text, parameters, string and number literals, references to other messages of the same language,
//! and selectors on plural categories, numbers or words. Terms, attributes and functions other than `NUMBER`
//! are refused with the key's name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey};
use fluent_syntax::parser;

type Message = Pattern<String>;
type Messages = BTreeMap<String, Message>;

/// Complete, and first: the others fall back to it.
const BASE: &str = "es";
/// The others, when their file exists.
const OTHERS: [&str; 2] = ["en", "pt"];
/// Families that are looked up by a code at run time: prefix of the key, name of the function, its description,
/// and what answers when it has no text.
///
/// A key belongs to the longest prefix that it has: what a desk alone can meet weighs nothing on a phone.
const FAMILIES: [(&str, &str, &str, &str); 4] = [
    ("problem-", "problem", "The general text of a problem, or what it means for the shop.", "return reason_shop(code)"),
    ("problem-desk-", "problem_desk", "The text of a problem that only a console's forms and files can have.", "return None"),
    ("reason-shop-", "reason_shop", "What a reason of the contract means for the shop.", "return None"),
    ("reason-consumer-", "reason_consumer", "What a reason of the contract means for the consumer.", "return None"),
];
const PLURALS: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

fn main() {
    println!("cargo::rerun-if-changed=locales");
    println!("cargo::rerun-if-changed=build.rs");
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("locales");
    let base = read(&folder.join(format!("{BASE}.ftl")));
    let others: Vec<(&str, Messages)> = OTHERS
        .iter()
        .filter(|language| folder.join(format!("{language}.ftl")).exists())
        .map(|language| (*language, read(&folder.join(format!("{language}.ftl")))))
        .collect();
    for (language, messages) in &others {
        for key in messages.keys() {
            assert!(base.contains_key(key), "{language}.ftl has `{key}`, which {BASE}.ftl lacks");
        }
    }

    let mut out = String::new();
    for (key, message) in &base {
        let translated: Vec<(&str, &Message, &Messages)> =
            others.iter().filter_map(|(language, messages)| messages.get(key).map(|message| (*language, message, messages))).collect();
        function(&mut out, key, message, &base, &translated);
    }
    for (prefix, name, about, otherwise) in FAMILIES {
        lookup(&mut out, prefix, name, about, otherwise, &base);
    }
    let target = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("t.rs");
    fs::write(target, out).expect("OUT_DIR can be written");
}

fn read(path: &Path) -> Messages {
    let name = path.display();
    let source = fs::read_to_string(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let resource = parser::parse(source).unwrap_or_else(|(_, errors)| panic!("{name}: {errors:?}"));
    let mut messages = Messages::new();
    for entry in resource.body {
        match entry {
            Entry::Message(message) => {
                let key = message.id.name;
                assert!(message.attributes.is_empty(), "{name}: `{key}`: attributes are not supported");
                let value = message.value.unwrap_or_else(|| panic!("{name}: `{key}` has no text"));
                assert!(messages.insert(key.clone(), value).is_none(), "{name}: `{key}` stands twice");
            }
            Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => {}
            Entry::Term(term) => panic!("{name}: `-{}`: terms are not supported", term.id.name),
            Entry::Junk { content } => panic!("{name}: not understood: {content}"),
        }
    }
    messages
}

/// One function; with several languages its body asks which one the reader wants.
fn function(out: &mut String, key: &str, message: &Message, base: &Messages, translated: &[(&str, &Message, &Messages)]) {
    let mut parameters = BTreeMap::new();
    collect(key, message, base, &mut parameters);
    for (language, message, messages) in translated {
        let before: BTreeSet<String> = parameters.keys().cloned().collect();
        collect(key, message, messages, &mut parameters);
        let new: Vec<&String> = parameters.keys().filter(|name| !before.contains(*name)).collect();
        assert!(new.is_empty(), "{language}.ftl: `{key}` uses {new:?}, which {BASE}.ftl does not give it");
    }
    let name = key.replace('-', "_");
    let arguments = parameters
        .iter()
        .map(|(name, number)| format!("{}: {}", name.replace('-', "_"), if *number { "i64" } else { "&str" }))
        .collect::<Vec<_>>()
        .join(", ");
    let plain = parameters.is_empty() && plain(key, message, base).is_some();
    let _ = writeln!(out, "/// {}", summary(key, message, base));
    let result = if plain { "&'static str" } else { "String" };
    let _ = writeln!(out, "pub fn {name}({arguments}) -> {result} {{");
    if !translated.is_empty() {
        let _ = writeln!(out, "match crate::locale::current() {{");
        for (language, message, messages) in translated {
            let variant = language[..1].to_uppercase() + &language[1..];
            let _ = write!(out, "crate::locale::Locale::{variant} => {{ ");
            body(out, key, message, messages, plain);
            let _ = writeln!(out, " }}");
        }
        let _ = write!(out, "_ => {{ ");
        body(out, key, message, base, plain);
        let _ = writeln!(out, " }}\n}}");
    } else {
        body(out, key, message, base, plain);
    }
    let _ = writeln!(out, "}}");
}

fn body(out: &mut String, key: &str, message: &Message, messages: &Messages, is_plain: bool) {
    if is_plain {
        let text = plain(key, message, messages).unwrap_or_else(|| panic!("`{key}` must have no parameter here either"));
        let _ = write!(out, "{text:?}");
        return;
    }
    let _ = writeln!(out, "let mut out = String::with_capacity(64);");
    write_pattern(out, key, message, messages);
    let _ = write!(out, "out");
}

/// Which parameters a pattern takes, and whether each is a number.
fn collect(key: &str, pattern: &Message, messages: &Messages, into: &mut BTreeMap<String, bool>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            collect_expression(key, expression, messages, into);
        }
    }
}

fn collect_expression(key: &str, expression: &Expression<String>, messages: &Messages, into: &mut BTreeMap<String, bool>) {
    match expression {
        Expression::Inline(inline) => collect_inline(key, inline, messages, into),
        Expression::Select { selector, variants } => {
            let number = variants.iter().all(|variant| match &variant.key {
                VariantKey::NumberLiteral { .. } => true,
                VariantKey::Identifier { name } => PLURALS.contains(&name.as_str()),
            });
            let name = variable(selector).unwrap_or_else(|| panic!("`{key}`: a selector must be a parameter"));
            let known = into.entry(name.to_owned()).or_insert(false);
            *known |= number;
            for variant in variants {
                collect(key, &variant.value, messages, into);
            }
        }
    }
}

fn collect_inline(key: &str, inline: &InlineExpression<String>, messages: &Messages, into: &mut BTreeMap<String, bool>) {
    match inline {
        InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
        InlineExpression::VariableReference { id } => {
            into.entry(id.name.clone()).or_insert(false);
        }
        InlineExpression::FunctionReference { .. } => {
            let name = variable(inline).unwrap_or_else(|| panic!("`{key}`: only NUMBER($parameter) is supported"));
            into.insert(name.to_owned(), true);
        }
        InlineExpression::MessageReference { id, attribute: None } => {
            collect(key, referenced(key, &id.name, messages), messages, into);
        }
        InlineExpression::Placeable { expression } => collect_expression(key, expression, messages, into),
        InlineExpression::MessageReference { .. } | InlineExpression::TermReference { .. } => {
            panic!("`{key}`: terms and attributes are not supported")
        }
    }
}

/// The parameter in `$n` or `NUMBER($n)`.
fn variable(inline: &InlineExpression<String>) -> Option<&str> {
    match inline {
        InlineExpression::VariableReference { id } => Some(&id.name),
        InlineExpression::FunctionReference { id, arguments } if id.name == "NUMBER" => arguments.positional.first().and_then(variable),
        _ => None,
    }
}

fn referenced<'a>(key: &str, name: &str, messages: &'a Messages) -> &'a Message {
    messages.get(name).unwrap_or_else(|| panic!("`{key}` refers to `{name}`, which does not exist"))
}

/// The whole text, when it needs no parameter.
fn plain(key: &str, pattern: &Message, messages: &Messages) -> Option<String> {
    let mut text = String::new();
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => text.push_str(value),
            PatternElement::Placeable { expression: Expression::Inline(inline) } => match inline {
                InlineExpression::StringLiteral { value } => text.push_str(&unescape(value)),
                InlineExpression::NumberLiteral { value } => text.push_str(value),
                InlineExpression::MessageReference { id, attribute: None } => {
                    text.push_str(&plain(key, referenced(key, &id.name, messages), messages)?);
                }
                _ => return None,
            },
            PatternElement::Placeable { .. } => return None,
        }
    }
    Some(text)
}

fn write_pattern(out: &mut String, key: &str, pattern: &Message, messages: &Messages) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => {
                let _ = writeln!(out, "out.push_str({value:?});");
            }
            PatternElement::Placeable { expression } => write_expression(out, key, expression, messages),
        }
    }
}

fn write_expression(out: &mut String, key: &str, expression: &Expression<String>, messages: &Messages) {
    match expression {
        Expression::Inline(inline) => write_inline(out, key, inline, messages),
        Expression::Select { selector, variants } => {
            let name = variable(selector).unwrap_or_else(|| panic!("`{key}`: a selector must be a parameter"));
            let name = name.replace('-', "_");
            let word =
                variants.iter().any(|variant| matches!(&variant.key, VariantKey::Identifier { name } if !PLURALS.contains(&name.as_str())));
            let _ = writeln!(out, "match {name} {{");
            // Literals before categories: `[1]` is more exact than `[one]`.
            for variant in variants.iter().filter(|variant| !variant.default) {
                let arm = match &variant.key {
                    VariantKey::NumberLiteral { value } => value.clone(),
                    VariantKey::Identifier { name } if word => format!("{name:?}"),
                    // Spanish and English count alike for whole numbers; Portuguese also says zero in singular,
                    // which its file writes as [0].
                    VariantKey::Identifier { name } if name == "one" => "1 | -1".to_owned(),
                    VariantKey::Identifier { name } => {
                        panic!("`{key}`: whole numbers have no plural `{name}`")
                    }
                };
                let _ = writeln!(out, "{arm} => {{");
                write_pattern(out, key, &variant.value, messages);
                let _ = writeln!(out, "}}");
            }
            let default = variants.iter().find(|variant| variant.default).expect("the parser wants one");
            let _ = writeln!(out, "_ => {{");
            write_pattern(out, key, &default.value, messages);
            let _ = writeln!(out, "}}\n}}");
        }
    }
}

fn write_inline(out: &mut String, key: &str, inline: &InlineExpression<String>, messages: &Messages) {
    match inline {
        InlineExpression::StringLiteral { value } => {
            let _ = writeln!(out, "out.push_str({:?});", unescape(value));
        }
        InlineExpression::NumberLiteral { value } => {
            let _ = writeln!(out, "out.push_str({value:?});");
        }
        InlineExpression::VariableReference { .. } | InlineExpression::FunctionReference { .. } => {
            let name = variable(inline).unwrap_or_else(|| panic!("`{key}`: only NUMBER($parameter) is supported"));
            let _ = writeln!(out, "crate::locale::Push::push({}, &mut out);", name.replace('-', "_"));
        }
        InlineExpression::MessageReference { id, .. } => {
            write_pattern(out, key, referenced(key, &id.name, messages), messages);
        }
        InlineExpression::Placeable { expression } => write_expression(out, key, expression, messages),
        InlineExpression::TermReference { .. } => panic!("`{key}`: terms are not supported"),
    }
}

/// `{" "}` and `{"\u00A0"}` are how Fluent writes spaces that must stay.
fn unescape(value: &str) -> String {
    fluent_syntax::unicode::unescape_unicode_to_string(value).into_owned()
}

/// First line of the documentation: the text itself, so that an editor shows it.
fn summary(key: &str, message: &Message, messages: &Messages) -> String {
    let text = plain(key, message, messages).unwrap_or_else(|| {
        message
            .elements
            .iter()
            .map(|element| match element {
                PatternElement::TextElement { value } => value.as_str(),
                PatternElement::Placeable { .. } => "…",
            })
            .collect()
    });
    format!("«{}»", text.replace('\n', " "))
}

/// `loyalty.qr_stale` and `QR_STALE` both find the key that ends in `qr-stale`.
fn lookup(out: &mut String, prefix: &str, name: &str, about: &str, otherwise: &str, messages: &Messages) {
    let _ = writeln!(out, "/// {about} Takes `area.code_name`, `code_name` or `CODE_NAME`; `None` for a code without text.");
    let _ = writeln!(out, "pub fn {name}(code: &str) -> Option<&'static str> {{");
    let _ = writeln!(out, "Some(match &*crate::locale::bare(code) {{");
    let closer = |key: &str| FAMILIES.iter().any(|(other, ..)| other.len() > prefix.len() && key.starts_with(other));
    for (key, message) in messages.iter().filter(|(key, _)| key.starts_with(prefix) && !closer(key)) {
        assert!(plain(key, message, messages).is_some(), "`{key}` is looked up by code: it takes no parameter");
        let _ = writeln!(out, "{:?} => {}(),", key[prefix.len()..].replace('-', "_"), key.replace('-', "_"));
    }
    let _ = writeln!(out, "_ => {otherwise},\n}})\n}}");
}
