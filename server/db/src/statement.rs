//! Statements as constants that a test can list, and the few texts whose length depends on a number of rows.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock},
};

/// One statement: normally the same text for both engines, with `$1…$n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sql {
    /// What SQLite is given.
    pub sqlite: &'static str,
    /// What PostgreSQL is given.
    pub postgres: &'static str,
}

impl Sql {
    /// One text for both.
    pub const fn same(text: &'static str) -> Self {
        Self { sqlite: text, postgres: text }
    }
    /// Two texts: add a line to the head of this crate that says why.
    pub const fn each(sqlite: &'static str, postgres: &'static str) -> Self {
        Self { sqlite, postgres }
    }
    /// This text with `($1, …, $columns), (…)` for so many rows after it.
    ///
    /// For multi-row inserts: the text ends in `VALUES`. Rows are bounded by 500; each number of rows is made once for
    /// the life of the process, so the statement stays prepared.
    pub fn with_rows(self, columns: usize, rows: usize) -> Self {
        self.with_rows_then(columns, rows, "")
    }
    /// The same, with a text after the rows: `ON CONFLICT …`.
    pub fn with_rows_then(self, columns: usize, rows: usize, then: &'static str) -> Self {
        type Known = HashMap<(&'static str, usize, &'static str), &'static str>;
        static KNOWN: OnceLock<Mutex<Known>> = OnceLock::new();
        assert!((1..=500).contains(&rows), "a bounded number of rows");
        let Ok(mut known) = KNOWN.get_or_init(Mutex::default).lock() else {
            return self;
        };
        let text = known.entry((self.sqlite, rows, then)).or_insert_with(|| {
            let mut text = String::from(self.sqlite);
            for row in 0..rows {
                text.push_str(if row == 0 { " (" } else { ", (" });
                for column in 0..columns {
                    if column > 0 {
                        text.push_str(", ");
                    }
                    text.push('$');
                    text.push_str(&(row * columns + column + 1).to_string());
                }
                text.push(')');
            }
            if !then.is_empty() {
                text.push(' ');
                text.push_str(then);
            }
            Box::leak(text.into_boxed_str())
        });
        Self::same(text)
    }
}

/// Declares statements as constants and lists them in `STATEMENTS`, so that one test prepares them all on both engines.
///
/// Once for each module. A statement with two texts is written `NAME: { sqlite: "…", postgres: "…" };`.
#[macro_export]
macro_rules! sql {
    (@text { sqlite: $sqlite:literal, postgres: $postgres:literal }) => { $crate::Sql::each($sqlite, $postgres) };
    (@text $text:literal) => { $crate::Sql::same($text) };
    ($($(#[$doc:meta])* $name:ident : $text:tt);+ $(;)?) => {
        $($(#[$doc])* pub(crate) const $name: $crate::Sql = $crate::sql!(@text $text);)+
        /// Every statement of this module.
        pub(crate) const STATEMENTS: &[$crate::Sql] = &[$($name),+];
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_numbered_through() {
        const INSERT: Sql = Sql::same("INSERT INTO t (a, b) VALUES");

        assert_eq!(INSERT.with_rows(2, 2).postgres, "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4)");
        assert_eq!(
            INSERT.with_rows_then(2, 1, "ON CONFLICT DO NOTHING").postgres,
            "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT DO NOTHING"
        );
    }
}
