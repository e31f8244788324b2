//! Distinct people, by the numbers that a brand's buyers have.

/// Something of each buyer, as far as anything is known.
///
/// In parts of [`PART`]: one list for half a million people would be copied whenever it grows, and hold twice what it needs.
/// A few buyers with numbers far apart take a part each.
#[derive(Debug)]
pub(crate) struct Each<T>(Vec<Vec<Option<T>>>);

/// Buyers whose numbers follow each other.
const PART: usize = 1 << 12;

impl<T> Default for Each<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Each<T> {
    pub fn of(&mut self, number: u32) -> &mut Option<T> {
        let (part, place) = (number as usize / PART, number as usize % PART);
        if part >= self.0.len() {
            self.0.resize_with(part + 1, Vec::new);
        }
        let part = &mut self.0[part];
        if part.is_empty() {
            part.resize_with(PART, || None);
        }
        &mut part[place]
    }
    /// Of how many anything is known.
    pub fn many(&self) -> usize {
        self.0.iter().flatten().flatten().count()
    }
    /// In the order of the numbers.
    pub fn known(self) -> impl Iterator<Item = (u32, T)> {
        let parts = (0..).step_by(PART).zip(self.0);
        parts.flat_map(|(first, part)| (first..).zip(part)).filter_map(|(number, one)| Some((number, one?)))
    }
}

/// Pairs of a place of some list and a buyer, counted once. Most buyers have one place, which is kept with them; the pairs of
/// the others are sorted now and then instead of looked up one by one.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    first: Each<u32>,
    /// Never a buyer's first place.
    others: Vec<u64>,
    sorted: usize,
}

impl Pairs {
    /// Pairs that are added before they are sorted, at least.
    const UNSORTED: usize = 1 << 16;

    pub fn insert(&mut self, place: u32, buyer: u32) {
        if *self.first.of(buyer).get_or_insert(place) == place {
            return;
        }
        self.others.push(u64::from(place) << 32 | u64::from(buyer));
        if self.others.len() >= self.sorted * 2 + Self::UNSORTED {
            self.sort();
        }
    }
    fn sort(&mut self) {
        self.others.sort_unstable();
        self.others.dedup();
        self.sorted = self.others.len();
    }
    /// How many buyers each place has.
    pub fn count(mut self) -> Vec<i64> {
        self.sort();
        let mut many = Vec::new();
        for (place, _) in self.each() {
            let place = place as usize;
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
        self.each().for_each(|(place, buyer)| moved.insert(to(place), buyer));
        moved
    }
    fn each(self) -> impl Iterator<Item = (u32, u32)> {
        let others = self.others.into_iter().map(|pair| ((pair >> 32) as u32, pair as u32));
        self.first.known().map(|(buyer, place)| (place, buyer)).chain(others)
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
        *each.of(3 * PART as u32 + 1) = Some(2);

        assert_eq!(each.many(), 2);
        assert_eq!(each.known().collect::<Vec<_>>(), [(3, 8), (3 * PART as u32 + 1, 2)]);
    }
}
