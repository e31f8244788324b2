//! Which part of which frame the decoder gets, and how long it may think. Plain arithmetic.

/// The longest side of a picture for the decoder, in pixels.
const SIDE_MAX: f64 = 640.0;
/// How much more than the drawn frame is looked at: people hold labels over its edge.
const FRAME_SLACK: f64 = 1.25;

/// A rectangle; in CSS pixels on the page, in video pixels for a part of the video.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

/// The part of a `video_width` × `video_height` video that fills `shown` (`object-fit: cover`), or of that the part
/// under `frame` with some slack. Both rectangles in page coordinates. `None` before the video or the layout is there.
pub(crate) fn region(video_width: f64, video_height: f64, shown: Rect, frame: Option<Rect>) -> Option<Rect> {
    if video_width < 1.0 || video_height < 1.0 || shown.width < 1.0 || shown.height < 1.0 {
        return None;
    }
    let scale = (shown.width / video_width).max(shown.height / video_height);
    let part = match frame.filter(|frame| frame.width >= 1.0 && frame.height >= 1.0) {
        None => shown,
        Some(frame) => {
            let (width, height) = (frame.width * FRAME_SLACK, frame.height * FRAME_SLACK);
            Rect { x: frame.x + (frame.width - width) / 2.0, y: frame.y + (frame.height - height) / 2.0, width, height }
        }
    };
    // Only what can be seen: nobody expects a code beside the screen to be read.
    let (left, top) = (part.x.max(shown.x), part.y.max(shown.y));
    let (right, bottom) = ((part.x + part.width).min(shown.x + shown.width), (part.y + part.height).min(shown.y + shown.height));
    if right - left < 1.0 || bottom - top < 1.0 {
        return None;
    }
    // The video is centred in its box and its overhang is cut off on both sides.
    let (cut_x, cut_y) = ((video_width * scale - shown.width) / 2.0, (video_height * scale - shown.height) / 2.0);
    Some(Rect {
        x: (left - shown.x + cut_x) / scale,
        y: (top - shown.y + cut_y) / scale,
        width: (right - left) / scale,
        height: (bottom - top) / scale,
    })
}

/// The size that the decoder gets for a part of the video: never enlarged, at least one pixel.
pub(crate) fn size(part: Rect) -> (u32, u32) {
    let scale = (SIDE_MAX / part.width.max(part.height)).min(1.0);
    let side = |length: f64| ((length * scale).round() as u32).max(1);
    (side(part.width), side(part.height))
}

/// What to do with the next frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// Only the part under the drawn frame, in full detail, instead of all that is seen.
    pub(crate) framed: bool,
    pub(crate) thorough: bool,
}

/// Alternates parts and effort so that a slow phone still looks at ten frames a second.
#[derive(Default)]
pub(crate) struct Plan {
    frame: u32,
    /// How long a thorough look took lately, in milliseconds.
    thorough_ms: f64,
}

impl Plan {
    pub(crate) fn next(&mut self) -> Step {
        let every = match self.thorough_ms {
            ms if ms < 40.0 => 2,
            ms if ms < 120.0 => 4,
            _ => 8,
        };
        let frame = self.frame;
        self.frame = self.frame.wrapping_add(1);
        Step { framed: frame % 3 != 2, thorough: frame % every == every - 1 }
    }

    /// Learns from a look that took `ms`.
    pub(crate) fn took(&mut self, step: Step, ms: f64) {
        if step.thorough {
            self.thorough_ms = if self.thorough_ms == 0.0 { ms } else { self.thorough_ms * 0.75 + ms * 0.25 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn rect(x: f64, y: f64, width: f64, height: f64) -> Rect {
        Rect { x, y, width, height }
    }

    #[test]
    fn all_that_is_seen_is_the_middle_of_the_video() {
        let upright = region(720.0, 1280.0, rect(0.0, 0.0, 360.0, 240.0), None);

        assert_eq!(upright, Some(rect(0.0, 400.0, 720.0, 480.0)));
        assert_eq!(size(upright.unwrap()), (640, 427));
    }

    #[test]
    fn the_frame_is_looked_at_with_some_slack_and_in_full_detail() {
        let part = region(720.0, 1280.0, rect(0.0, 100.0, 360.0, 240.0), Some(rect(62.0, 160.0, 236.0, 156.0))).unwrap();

        assert_eq!((part.width, part.x + part.width / 2.0), (590.0, 360.0));
        assert_eq!(size(part), (590, 390));
    }

    #[test]
    fn nothing_outside_the_seen_part_is_looked_at() {
        let shown = rect(0.0, 0.0, 300.0, 150.0);
        let part = region(1280.0, 720.0, shown, Some(rect(-50.0, 100.0, 400.0, 200.0))).unwrap();

        assert!(part.x >= 0.0 && part.y >= 0.0 && part.x + part.width <= 1280.0 && part.y + part.height <= 720.0);
        assert_eq!(region(1280.0, 720.0, shown, Some(rect(900.0, 900.0, 10.0, 10.0))), None);
    }

    #[test]
    fn before_video_and_layout_there_is_nothing_to_look_at() {
        assert_eq!(region(0.0, 0.0, rect(0.0, 0.0, 360.0, 240.0), None), None);
        assert_eq!(region(1280.0, 720.0, rect(0.0, 0.0, 0.0, 0.0), None), None);
        assert!(region(1280.0, 720.0, rect(0.0, 0.0, 360.0, 240.0), Some(rect(0.0, 0.0, 0.0, 0.0))).is_some(), "frame hidden");
    }

    #[test]
    fn a_small_part_is_never_enlarged() {
        assert_eq!(size(rect(0.0, 0.0, 200.0, 100.0)), (200, 100));
        assert_eq!(size(rect(0.0, 0.0, 4000.0, 1.0)), (640, 1));
    }

    #[test]
    fn a_slow_phone_thinks_hard_less_often() {
        let thorough_of = |ms: f64| {
            let mut plan = Plan::default();
            (0..240)
                .filter(|_| {
                    let step = plan.next();
                    plan.took(step, ms);
                    step.thorough
                })
                .count()
        };

        assert!((115..=120).contains(&thorough_of(10.0)));
        assert!((58..=62).contains(&thorough_of(80.0)));
        assert!((29..=32).contains(&thorough_of(400.0)));
    }

    #[test]
    fn every_part_gets_both_efforts() {
        for ms in [10.0, 80.0, 400.0] {
            let mut plan = Plan::default();
            let steps: Vec<Step> = (0..48)
                .map(|_| {
                    let step = plan.next();
                    plan.took(step, ms);
                    step
                })
                .collect();
            for framed in [true, false] {
                for thorough in [true, false] {
                    assert!(steps.contains(&Step { framed, thorough }), "{ms} ms: {framed} {thorough}");
                }
            }
        }
    }
}
