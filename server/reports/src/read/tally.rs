//! Distinct people, by the numbers that a brand's buyers have.

/// Something of each buyer, as far as anything is known.
#[derive(Debug)]
pub(crate) struct Each<T>(Vec<Option<T>>);

impl<T> Default for Each<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Each<T> {
    pub fn of(&mut self, number: u32) -> &mut Option<T> {
        let place = number as usize;
        if place >= self.0.len() {
            self.0.resize_with(place + 1, || None);
        }
        &mut self.0[place]
    }
    /// In the order of the numbers.
    pub fn known(self) -> impl Iterator<Item = (u32, T)> {
        (0..).zip(self.0).filter_map(|(number, one)| Some((number, one?)))
    }
}

/// Pairs of a place of some list and a buyer, counted once. They are sorted now and then instead of looked up one by one.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    pairs: Vec<u64>,
    sorted: usize,
}

impl Pairs {
    /// Pairs that are added before they are sorted, at least.
    const UNSORTED: usize = 1 << 16;

    pub fn insert(&mut self, place: u32, buyer: u32) {
        self.pairs.push(u64::from(place) << 32 | u64::from(buyer));
        if self.pairs.len() >= self.sorted * 2 + Self::UNSORTED {
            self.sort();
        }
    }
    fn sort(&mut self) {
        self.pairs.sort_unstable();
        self.pairs.dedup();
        self.sorted = self.pairs.len();
    }
    /// How many buyers each place has.
    pub fn count(mut self) -> Vec<i64> {
        self.sort();
        let mut many = Vec::new();
        for pair in self.pairs {
            let place = (pair >> 32) as usize;
            if place >= many.len() {
                many.resize(place + 1, 0);
            }
            many[place] += 1;
        }
        many
    }
    /// The same buyers at other places.
    pub fn moved(self, to: impl Fn(u32) -> u32) -> Self {
        let mut moved = Self::default();
        for pair in self.pairs {
            moved.insert(to((pair >> 32) as u32), pair as u32);
        }
        moved
    }
}

/// A set of buyers.
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
        let mut set = Set::default();
        for buyer in [1, 200, 1, 7, 200] {
            set.insert(buyer);
        }

        assert_eq!(set.len(), 3);
        assert!(!set.insert(7) && set.insert(1_000) && set.len() == 4);
    }

    #[test]
    fn somebody_who_comes_twice_to_a_shop_is_one_there_and_one_more_elsewhere() {
        let mut pairs = Pairs::default();
        for n in 0..200_000 {
            pairs.insert(n % 3, n % 1_000);
        }
        assert_eq!(Pairs::default().count(), Vec::<i64>::new());
        let both = |place: u32| place / 2;

        // Three does not divide a thousand: everybody came to each of the three.
        assert_eq!(pairs.moved(both).count(), [1_000, 1_000]);
    }

    #[test]
    fn what_is_known_of_one_says_nothing_of_others() {
        let mut each: Each<i64> = Each::default();
        *each.of(3) = Some(7);
        each.of(5);
        *each.of(3).get_or_insert(1) += 1;

        assert_eq!(each.known().collect::<Vec<_>>(), [(3, 8)]);
    }
}
