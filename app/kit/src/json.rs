//! JSON on a phone.
//!
//! serde_json tells in words what it did not understand and where, reads fractions, and takes a list where a structure
//! stands; derived code carries all three for every type, and that was a sixth of a phone's code. Here a text is
//! understood or it is not: [`read`] has no words for errors, whole numbers only, and a structure is an object.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::{Deserialize, Serialize, forward_to_deserialize_any};

/// Objects and lists inside each other, at most: nothing of ours comes near, and no text may exhaust the stack.
const DEPTH_MAX: u8 = 32;

/// The value that a text writes; nothing when it writes none of that type.
pub fn read<'de, T: Deserialize<'de>>(text: &'de str) -> Option<T> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = T::deserialize(&mut reader).ok()?;
    (reader.peek() == END).then_some(value)
}

/// The text of a value of ours, which can always be written.
pub fn written<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// The text is not of that type, or no JSON at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unread;

impl std::fmt::Display for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("unreadable JSON")
    }
}
impl std::error::Error for Unread {}
impl Error for Unread {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
    fn invalid_type(_: serde::de::Unexpected<'_>, _: &dyn serde::de::Expected) -> Self {
        Self
    }
    fn invalid_value(_: serde::de::Unexpected<'_>, _: &dyn serde::de::Expected) -> Self {
        Self
    }
    fn invalid_length(_: usize, _: &dyn serde::de::Expected) -> Self {
        Self
    }
    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
    fn missing_field(_: &'static str) -> Self {
        Self
    }
    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}

type Read<T> = Result<T, Unread>;

/// What [`Reader::peek`] sees behind the last character; no JSON has it outside of a text.
const END: u8 = 0;

struct Reader<'de> {
    text: &'de str,
    /// The next byte.
    at: usize,
    depth: u8,
}

impl<'de> Reader<'de> {
    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(END)
    }

    /// The next byte that is no blank.
    fn peek(&mut self) -> u8 {
        while matches!(self.byte(), b' ' | b'\n' | b'\r' | b'\t') {
            self.at += 1;
        }
        self.byte()
    }

    fn take(&mut self, expected: u8) -> Read<()> {
        if self.peek() != expected {
            return Err(Unread);
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &str) -> Read<()> {
        self.peek();
        let here = self.text.get(self.at..).is_some_and(|rest| rest.starts_with(word));
        self.at += word.len();
        here.then_some(()).ok_or(Unread)
    }

    fn flag(&mut self) -> Read<bool> {
        let yes = self.peek() == b't';
        self.word(if yes { "true" } else { "false" }).map(|()| yes)
    }

    fn whole(&mut self) -> Read<i64> {
        self.peek();
        let from = self.at;
        while matches!(self.byte(), b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9') {
            self.at += 1;
        }
        self.text.get(from..self.at).and_then(|digits| digits.parse().ok()).ok_or(Unread)
    }

    fn string(&mut self) -> Read<Cow<'de, str>> {
        self.take(b'"')?;
        let mut from = self.at;
        let mut before = String::new();
        loop {
            let ends = self.byte();
            if !matches!(ends, b'"' | b'\\') {
                if ends < b' ' {
                    return Err(Unread);
                }
                self.at += 1;
                continue;
            }
            let part = self.text.get(from..self.at).ok_or(Unread)?;
            self.at += 1;
            if ends == b'"' {
                return Ok(if before.is_empty() { Cow::Borrowed(part) } else { Cow::Owned(before + part) });
            }
            before.push_str(part);
            before.push(self.escaped()?);
            from = self.at;
        }
    }

    /// What a backslash stands for.
    fn escaped(&mut self) -> Read<char> {
        let sign = self.byte();
        self.at += 1;
        Ok(match sign {
            b'"' | b'\\' | b'/' => char::from(sign),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.unit()?;
                let both = if matches!(first, 0xD800..0xDC00) {
                    // Two of UTF-16 make one.
                    self.word("\\u")?;
                    let second = self.unit()?.checked_sub(0xDC00).filter(|second| *second < 0x400).ok_or(Unread)?;
                    0x1_0000 + ((first - 0xD800) << 10) + second
                } else {
                    first
                };
                char::from_u32(both).ok_or(Unread)?
            }
            _ => return Err(Unread),
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Read<u32> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        self.at += 4;
        digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or(Unread)
    }

    fn open(&mut self, bracket: u8) -> Read<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Unread);
        }
        self.take(bracket)
    }

    fn close(&mut self, bracket: u8) -> Read<()> {
        self.depth -= 1;
        self.take(bracket)
    }

    /// Is there one more before the bracket? Takes the comma between two.
    fn more(&mut self, first: &mut bool, bracket: u8) -> Read<bool> {
        if self.peek() == bracket {
            return Ok(false);
        }
        if !std::mem::replace(first, false) {
            self.take(b',')?;
        }
        Ok(true)
    }

    /// Goes past a value of any kind.
    fn skip(&mut self) -> Read<()> {
        let (open, close) = match self.peek() {
            b'"' => return self.string().map(drop),
            b'n' => return self.word("null"),
            b't' | b'f' => return self.flag().map(drop),
            b'[' => (b'[', b']'),
            b'{' => (b'{', b'}'),
            _ => {
                let from = self.at;
                // Fractions, too: a later build may write what this one has no use for.
                let _ = self.whole();
                return if self.at > from { Ok(()) } else { Err(Unread) };
            }
        };
        self.open(open)?;
        let mut first = true;
        while self.more(&mut first, close)? {
            if open == b'{' {
                self.string()?;
                self.take(b':')?;
            }
            self.skip()?;
        }
        self.close(close)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Unread;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.peek() {
            b'"' => self.deserialize_str(visitor),
            b'n' => self.deserialize_unit(visitor),
            b't' | b'f' => self.deserialize_bool(visitor),
            b'[' => self.deserialize_seq(visitor),
            b'{' => self.deserialize_map(visitor),
            _ => self.deserialize_i64(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_bool(self.flag()?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        visitor.visit_i64(self.whole()?)
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        // Never borrowed: every type of ours keeps its own, and a second way in would double the code.
        visitor.visit_str(&self.string()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.deserialize_str(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.word("null")?;
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        if self.peek() == b'n' {
            self.word("null")?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.open(b'[')?;
        let value = visitor.visit_seq(Inside { reader: self, first: true })?;
        self.close(b']')?;
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Read<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.open(b'{')?;
        let value = visitor.visit_map(Inside { reader: self, first: true })?;
        self.close(b'}')?;
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _name: &'static str, _fields: &'static [&'static str], visitor: V) -> Read<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _name: &'static str, _variants: &'static [&'static str], visitor: V) -> Read<V::Value> {
        if self.peek() == b'"' {
            return visitor.visit_enum(Variant { reader: self, alone: true });
        }
        self.open(b'{')?;
        let value = visitor.visit_enum(Variant { reader: self, alone: false })?;
        self.close(b'}')?;
        Ok(value)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { i128 u128 f32 f64 char bytes byte_buf unit_struct tuple_struct }
}

/// A list or an object, from behind its bracket.
struct Inside<'a, 'de> {
    reader: &'a mut Reader<'de>,
    first: bool,
}

impl<'de> SeqAccess<'de> for Inside<'_, 'de> {
    type Error = Unread;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Read<Option<T::Value>> {
        if !self.reader.more(&mut self.first, b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'de> MapAccess<'de> for Inside<'_, 'de> {
    type Error = Unread;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Read<Option<K::Value>> {
        if !self.reader.more(&mut self.first, b'}')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Read<V::Value> {
        self.reader.take(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}

/// A variant: its name alone, or `{"name": what it holds}` from behind the bracket.
struct Variant<'a, 'de> {
    reader: &'a mut Reader<'de>,
    alone: bool,
}

impl<'a, 'de> Variant<'a, 'de> {
    fn inside(self) -> Read<&'a mut Reader<'de>> {
        if self.alone {
            return Err(Unread);
        }
        self.reader.take(b':')?;
        Ok(self.reader)
    }
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Unread;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Read<(V::Value, Self)> {
        let name = seed.deserialize(&mut *self.reader)?;
        Ok((name, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Unread;

    fn unit_variant(self) -> Read<()> {
        if self.alone { Ok(()) } else { self.inside()?.word("null") }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Read<T::Value> {
        seed.deserialize(self.inside()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Read<V::Value> {
        self.inside()?.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _fields: &'static [&'static str], visitor: V) -> Read<V::Value> {
        self.inside()?.deserialize_map(visitor)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use shared::{
        Gtin, Problem, Timestamp,
        loyalty::{
            CampaignRules, Rule, RuleKind,
            queue::{Gain, Verdict},
        },
    };

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Point,
        Around(i64),
        Between(i64, i64),
        Named { name: String },
    }

    /// What serde_json writes is read as it was.
    fn round<T: Serialize + for<'de> Deserialize<'de> + PartialEq + std::fmt::Debug>(value: T) {
        assert_eq!(read::<T>(&serde_json::to_string(&value).unwrap()).as_ref(), Some(&value));
        assert_eq!(read::<T>(&serde_json::to_string_pretty(&value).unwrap()), Some(value));
    }

    #[test]
    fn what_is_written_is_read() {
        round((Some(1_u8), None::<String>, i64::MIN, true, ()));
        round(vec![Shape::Point, Shape::Around(-1), Shape::Between(1, 2), Shape::Named { name: "«\"\\\n\u{1}é🛒»".into() }]);
        round(BTreeMap::from([("a".to_owned(), vec![1, 2]), (String::new(), vec![])]));
        round(Some(Ok::<Gain, Problem>(Gain { points: 1, stamps: 2 })));
        round(Err::<(), Problem>(Problem::new(422, "loyalty.qr_stale", "")));
        round((Timestamp(1_773_154_800_000), Verdict::Held, "7702004003508".parse::<Gtin>().unwrap()));
    }

    #[test]
    fn rules_that_stand_beside_their_kind_are_read() {
        let rule = |kind| Rule { kind, min_amount_minor: Some(5), min_units: None };
        let product = shared::ProductId::fixed(1);
        let table = BTreeMap::from([(product, 3)]);
        let rules = vec![rule(RuleKind::PerUnit { units: 1, points: 2 }), rule(RuleKind::PerSku { table })];
        let rules = CampaignRules::new(
            shared::loyalty::campaign::Unit::Stamps,
            "2026-03-01".parse().unwrap(),
            "2026-03-31".parse().unwrap(),
            vec![product],
            rules,
        );

        round(rules);
    }

    #[test]
    fn signs_of_two_units_are_one() {
        assert_eq!(read::<String>(r#""\ud83d\uded2 \u00e9\/""#).as_deref(), Some("🛒 é/"));
        assert_eq!(read::<String>(r#""\ud83d""#), None);
        assert_eq!(read::<String>(r#""\ud83d\u0041""#), None);
    }

    #[test]
    fn what_a_later_build_adds_is_passed_over() {
        assert_eq!(
            read::<Gain>(r#"{"points":1,"new":[1.5,{"a":null,"b":[[],{}]},"\u00e9",-2e9,true],"stamps":2}"#),
            Some(Gain { points: 1, stamps: 2 })
        );
    }

    #[test]
    fn everything_else_is_not_read() {
        for text in [
            "",
            "{",
            "{}",
            "[1,2]",
            "{\"points\":1}",
            "{\"points\":1,\"stamps\":2}x",
            "{\"points\":1.5,\"stamps\":2}",
            "{\"points\":1 \"stamps\":2}",
            "{,\"points\":1,\"stamps\":2}",
            "null",
            "\"",
            "{\"points\":99999999999999999999,\"stamps\":2}",
        ] {
            assert_eq!(read::<Gain>(text), None, "{text}");
        }
        assert_eq!(read::<Vec<i64>>("[1,]"), None);
        assert!(read::<serde::de::IgnoredAny>(&"[".repeat(100_000)).is_none());
        assert_eq!(read::<Verdict>("\"unheard\""), None);
        assert_eq!(read::<u8>("256"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = read::<Vec<Shape>>(&text);
            let _ = read::<serde::de::IgnoredAny>(&text);
        }

        #[test]
        fn every_text_is_read_as_it_was_written(text: String) {
            proptest::prop_assert_eq!(read::<String>(&serde_json::to_string(&text).unwrap()), Some(text));
        }
    }
}
