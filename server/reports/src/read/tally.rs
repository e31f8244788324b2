//! Distinct people, counted without keeping their ids more than once.

use rustc_hash::FxHashMap;
use shared::ConsumerId;

/// A number for each consumer of one report.
#[derive(Debug, Default)]
pub(crate) struct People(FxHashMap<ConsumerId, u32>);

impl People {
    pub fn number(&mut self, consumer: ConsumerId) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry(consumer).or_insert(next)
    }
}

/// A set of such numbers.
#[derive(Debug, Default, Clone)]
pub(crate) struct Set {
    words: Vec<u64>,
    many: i64,
}

impl Set {
    /// `true`: it was not in yet.
    pub fn insert(&mut self, number: u32) -> bool {
        let (word, bit) = (number as usize / 64, 1_u64 << (number % 64));
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.many += i64::from(new);
        new
    }
    pub const fn len(&self) -> i64 {
        self.many
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_who_comes_twice_is_one() {
        let (mut people, mut set) = (People::default(), Set::default());
        for consumer in [1, 200, 1, 7, 200] {
            set.insert(people.number(ConsumerId::fixed(consumer)));
        }

        assert_eq!(set.len(), 3);
        assert!(!set.insert(0) && set.insert(1_000) && set.len() == 4);
    }
}
