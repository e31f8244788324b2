use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap()
}

/// `--name: value;` lines of the block that begins with `selector`, up to the brace that closes it.
fn block(css: &str, selector: &str) -> BTreeMap<String, String> {
    let start = css.find(selector).unwrap_or_else(|| panic!("no block {selector}"));
    let body = &css[start + css[start..].find('{').unwrap() + 1..];
    let body = &body[..body.find('}').unwrap()];
    body.split(';')
        .filter_map(|line| line.split("--").nth(1).map(|_| line[line.find("--").unwrap()..].trim()))
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim_start_matches("--").trim().to_owned(), value.trim().to_owned()))
        .collect()
}

fn light() -> BTreeMap<String, String> {
    block(&read("style/tokens.css"), "[data-theme=\"light\"]")
}

fn dark() -> BTreeMap<String, String> {
    block(&read("style/tokens.css"), "\n[data-theme=\"dark\"]")
}

/// WCAG 2.2, relative luminance.
fn luminance(hex: &str) -> f64 {
    let value = u32::from_str_radix(hex.strip_prefix('#').unwrap(), 16).unwrap();
    let part = |shift: u32| {
        let level = f64::from((value >> shift) & 255) / 255.0;
        if level <= 0.04045 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// Text over its ground: at least 4.5.
const TEXT: &[(&str, &str)] = &[
    ("ink", "surface"),
    ("ink", "canvas"),
    ("ink", "sunken"),
    ("ink-2", "surface"),
    ("ink-2", "canvas"),
    ("ink-2", "sunken"),
    ("ink-3", "surface"),
    ("ink-3", "canvas"),
    ("ink-3", "sunken"),
    ("on-primary", "primary"),
    ("on-primary", "primary-press"),
    ("primary-text", "surface"),
    ("primary-text", "canvas"),
    ("primary-text", "sunken"),
    ("on-primary-soft", "primary-soft"),
    ("on-info", "info"),
    ("info-text", "surface"),
    ("info-text", "canvas"),
    ("on-info-soft", "info-soft"),
    ("on-success", "success"),
    ("success-text", "surface"),
    ("success-text", "canvas"),
    ("on-success-soft", "success-soft"),
    ("ink", "success-tint"),
    ("ink-2", "success-tint"),
    ("on-warning", "warning"),
    ("warning-text", "surface"),
    ("on-warning-soft", "warning-soft"),
    ("on-danger", "danger"),
    ("danger-text", "surface"),
    ("danger-text", "canvas"),
    ("on-danger-soft", "danger-soft"),
    ("on-heat-low", "heat-1"),
    ("on-heat-low", "heat-2"),
    ("on-heat-low", "heat-3"),
    ("on-heat-high", "heat-5"),
    ("on-heat-high", "heat-6"),
];

/// What must be seen without being read: at least 3.
const MARKS: &[(&str, &str)] = &[
    ("border-strong", "surface"),
    ("border-strong", "sunken"),
    ("focus", "surface"),
    ("focus", "canvas"),
    ("switch-on", "surface"),
    ("chart-1", "surface"),
    ("chart-2", "surface"),
    ("chart-3", "surface"),
    ("chart-4", "surface"),
    ("chart-5", "surface"),
    ("chart-control", "surface"),
];

#[test]
fn every_pair_of_roles_can_be_read_in_both_themes() {
    let mut low = Vec::new();
    for (theme, roles) in [("light", light()), ("dark", dark())] {
        for (pairs, least) in [(TEXT, 4.5), (MARKS, 3.0)] {
            for (over, ground) in pairs {
                let value = contrast(&roles[*over], &roles[*ground]);
                if value < least {
                    low.push(format!("{theme}: {over} on {ground} is {value:.2}, needs {least}"));
                }
            }
        }
    }
    // Orange is too light for white: in light its edge must draw the key's boundary instead.
    let edge = contrast(&light()["primary-edge"], &light()["surface"]);
    if edge < 3.0 {
        low.push(format!("light: primary-edge on surface is {edge:.2}, needs 3"));
    }

    assert!(low.is_empty(), "{low:#?}");
}

#[test]
fn white_reads_on_every_stop_of_the_deep_gradient() {
    let css = read("style/tokens.css");
    let deep = css.lines().find(|line| line.trim_start().starts_with("--deep:")).unwrap();
    let stops: Vec<&str> = deep.match_indices('#').map(|(at, _)| &deep[at..at + 7]).collect();

    assert_eq!(stops.len(), 3);
    for stop in stops {
        assert!(contrast("#FFFFFF", stop) >= 4.5, "white on {stop}");
    }
}

#[test]
fn the_automatic_theme_is_the_dark_one() {
    let automatic = block(&read("style/tokens.css"), ":root:not([data-theme])");

    assert_eq!(automatic, dark());
}

#[test]
fn both_themes_name_the_same_roles() {
    let names = |roles: BTreeMap<String, String>| roles.into_keys().collect::<Vec<_>>();

    assert_eq!(names(light()), names(dark()));
}

fn files(folder: &Path, ending: &str, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, into);
        } else if path.extension().is_some_and(|found| found == ending) {
            into.push(path);
        }
    }
}

/// A colour written as hexadecimal digits: `#` and 3, 4, 6 or 8 of them, not the start of a longer word.
fn has_hex_colour(line: &str) -> bool {
    line.match_indices('#').any(|(at, _)| {
        let word: String = line[at + 1..].chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect();
        matches!(word.len(), 3 | 4 | 6 | 8) && word.chars().all(|c| c.is_ascii_hexdigit())
    })
}

#[test]
fn colours_stand_in_the_token_file_only() {
    let mut found = Vec::new();
    let mut sheets = Vec::new();
    files(&repository().join("style"), "css", &mut sheets);
    let mut components = Vec::new();
    files(&repository().join("app/kit/src"), "rs", &mut components);
    for path in sheets.iter().filter(|path| !path.ends_with("tokens.css")) {
        let css = fs::read_to_string(path).unwrap();
        found.extend(
            css.lines()
                .filter(|line| has_hex_colour(line) || line.contains("rgb(") || line.contains("hsl("))
                .map(|line| format!("{}: {line}", path.display())),
        );
    }
    for path in components {
        let source = fs::read_to_string(&path).unwrap();
        // Tests may name a brand's colour: that is data.
        let source = source.split("#[cfg(test)]").next().unwrap();
        found.extend(source.lines().filter(|line| has_hex_colour(line)).map(|line| format!("{}: {line}", path.display())));
    }

    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_role_that_is_used_exists() {
    let mut sheets = Vec::new();
    files(&repository().join("style"), "css", &mut sheets);
    let all: String = sheets.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let missing: Vec<&str> = all
        .match_indices("var(--")
        .map(|(at, _)| {
            let rest = &all[at + 4..];
            &rest[..rest.find([')', ',']).unwrap()]
        })
        .filter(|name| !all.contains(&format!("{name}:")))
        .collect();

    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn entry_sheets_are_made_of_imports_that_exist() {
    for entry in ["consumer", "tendero", "console", "main"] {
        let css = read(&format!("style/{entry}.css"));
        for line in css.lines().filter(|line| !line.trim().is_empty()) {
            let file = line.strip_prefix("@import \"").and_then(|rest| rest.strip_suffix("\";"));
            let file = file.unwrap_or_else(|| panic!("{entry}.css: {line}"));
            assert!(repository().join("style").join(file).exists(), "{entry}.css imports {file}");
        }
    }
}

#[test]
fn no_component_sets_an_inline_style() {
    let mut sources = Vec::new();
    files(&repository().join("app/kit/src"), "rs", &mut sources);
    let found: Vec<_> = sources.iter().filter(|path| fs::read_to_string(path).unwrap().contains(" style=")).collect();

    assert!(found.is_empty(), "the content policy ignores them: {found:?}");
}
