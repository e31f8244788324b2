//! How a phone is called on screens.

/// What the phone runs and what shows its pages, of the words its browser says about itself: `Android · Chrome`.
///
/// A name that somebody gave stays. Browsers no longer tell the model, and their whole sentence tells a person nothing.
pub fn phone_name(told: &str) -> String {
    if !told.starts_with("Mozilla/") {
        return told.chars().take(40).collect();
    }
    // The more particular word comes first: every Android says Linux, and nearly every browser says Safari.
    let first = |words: &[(&str, &'static str)]| words.iter().find(|(mark, _)| told.contains(mark)).map(|(_, name)| *name);
    let system = first(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Macintosh", "Mac"),
        ("Linux", "Linux"),
    ]);
    let browser = first(&[
        ("SamsungBrowser", "Samsung Internet"),
        ("EdgA/", "Edge"),
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox", "Firefox"),
        ("CriOS", "Chrome"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ]);
    [system, browser].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_called_by_its_system_and_browser() {
        let android = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36";
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";

        assert_eq!(phone_name(android), "Android · Chrome");
        assert_eq!(phone_name(iphone), "iPhone · Safari");
    }

    #[test]
    fn a_given_name_stays() {
        assert_eq!(phone_name("Celular de la caja"), "Celular de la caja");
    }
}
